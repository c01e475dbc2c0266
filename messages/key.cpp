#include "messages/key.hpp"

#include "messages/model_name.hpp"

#include <algorithm>

namespace conductor {

const char* to_string(scope s) noexcept {
  switch (s) {
  case scope::inference:
    return "inference";
  case scope::sessions:
    return "sessions";
  case scope::models:
    return "models";
  case scope::admin:
    return "admin";
  }
  return "unknown";
}

std::optional<scope> scope_named(std::string_view name) noexcept {
  for (const auto s : all_scopes)
    if (name == to_string(s))
      return s;
  return std::nullopt;
}

bool grant::may_use(std::string_view model) const {
  if (key.models.empty())
    return true;
  const auto asked = canonical_model(model);
  return !asked.empty() &&
         std::any_of(key.models.begin(), key.models.end(), [&](const std::string& m) {
           return m.ends_with('*')
                      ? asked.starts_with(std::string_view{m}.substr(0, m.size() - 1))
                      : asked == m;
         });
}

grant_ptr key_table::find(std::string_view id) const {
  const auto i = by_id.find(id);
  return i == by_id.end() ? nullptr : i->second;
}

bool key_table::lets_in(std::int64_t now) const {
  return std::any_of(by_id.begin(), by_id.end(),
                     [&](const auto& k) { return k.second->key.valid(now); });
}

key_table_ptr table_of(const std::vector<api_key>& all, const key_table* before) {
  auto table = std::make_shared<key_table>();
  for (const auto& k : all) {
    auto g = std::make_shared<grant>();
    g->key = k;
    const auto known = before != nullptr ? before->find(k.id) : nullptr;
    g->meter = known ? known->meter : std::make_shared<key_meter>();
    // What ended by a key stays so where its life is made longer afterwards.
    if (known && (k.revoked || !*known->ended))
      g->ended = known->ended;
    const grant_ptr made = std::move(g);
    table->by_id[k.id] = made;
    if (k.revoked) {
      *made->ended = true;
      continue;
    }
    if (!k.public_key.empty())
      table->by_public_key[k.public_key] = made;
    if (k.uid)
      table->by_uid[*k.uid] = made;
  }
  if (before != nullptr)
    for (const auto& [id, g] : before->by_id)
      if (!table->by_id.contains(id))
        *g->ended = true;
  return table;
}

std::int64_t end_expired(const key_table& table, std::int64_t now) {
  std::int64_t next = 0;
  for (const auto& [id, g] : table.by_id) {
    const auto expires = g->key.expires;
    if (g->key.revoked || expires == 0)
      continue;
    if (expires <= now)
      *g->ended = true;
    else if (next == 0 || expires < next)
      next = expires;
  }
  return next;
}

std::string owner_of(const grant_ptr& by) {
  return by ? by->key.id : std::string{};
}

bool is_held_to_models(const grant_ptr& by) noexcept {
  return by && !by->key.models.empty();
}

bool is_admin(const grant_ptr& by) noexcept {
  return !by || by->has(scope::admin);
}

bool may_see(const grant_ptr& by, std::string_view owner) noexcept {
  return is_admin(by) || owner == by->key.id;
}

std::string key_of_owner(const grant_ptr& by, std::string_view idempotency_key) {
  if (!by || idempotency_key.empty())
    return std::string{idempotency_key};
  return by->key.id + "\n" + std::string{idempotency_key};
}

priority_class class_for(const grant_ptr& by, std::optional<priority_class> wanted,
                         priority_class usual) noexcept {
  if (!by)
    return wanted.value_or(usual);
  return std::max(wanted.value_or(by->key.usual.value_or(usual)), by->key.highest);
}

} // namespace conductor

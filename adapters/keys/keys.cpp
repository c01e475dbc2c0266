#include "adapters/keys/keys.hpp"

#include "adapters/keys/key_file.hpp"
#include "adapters/keys/key_text.hpp"
#include "adapters/keys/signature.hpp"
#include "messages/errors.hpp"
#include "messages/model_name.hpp"

#include <caf/send.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <optional>
#include <tuple>
#include <utility>

namespace conductor {
namespace {

using self_ptr = file_keys_actor::stateful_pointer<keys_state>;
using change = std::function<void(key_list&)>;

constexpr std::size_t most_keys = 10'000;
/// Who makes a key for each job revokes as many.
constexpr std::ptrdiff_t most_revoked = 1'000;
constexpr std::size_t longest_name = 64;
/// The clock on the wall may be set meanwhile.
constexpr std::chrono::milliseconds longest_rest = std::chrono::minutes(1);

/// Ends what has expired, and looks again when the next key does.
void check(self_ptr self) {
  auto& st = self->state;
  const auto now = st.links.clock();
  ++st.checks;
  const auto next = end_expired(*st.links.present(), now);
  for (const auto& d : st.links.desks())
    self->send(d, keys_ended{});
  if (next != 0)
    self->delayed_send(self,
                       std::min(std::chrono::milliseconds(next - now), longest_rest),
                       keys_check{st.checks});
}

/// Changes the file on its thread; `then` gets what it holds, or why not, here.
void change_file(self_ptr self, change what,
                 std::function<void(const caf::error&)> then) {
  auto home = caf::actor_cast<file_keys_actor>(self);
  self->state.links.files->post([self, home, file = self->state.links.file,
                                 what = std::move(what), then = std::move(then)] {
    key_list all;
    caf::error failed;
    try {
      all = what ? change_keys(file, what) : read_keys(file);
    } catch (const caf::error& refused) {
      failed = refused;
    } catch (const std::exception& e) {
      failed = make_error(errc::store_failed, e.what());
    }
    caf::anon_send(home, keys_changed{[self, all = std::move(all), failed, then] {
                     const auto& links = self->state.links;
                     if (!failed) {
                       links.publish(table_of(all, links.present().get()));
                       check(self);
                     }
                     then(failed);
                   }});
  });
}

/// What a change tells who asked for it: filled on the file's thread.
template <class Answer>
caf::result<Answer> answer_with(self_ptr self, std::function<Answer(key_list&)> what) {
  auto promise = self->make_response_promise<Answer>();
  auto answer = std::make_shared<std::optional<Answer>>();
  change_file(
      self, [answer, what = std::move(what)](key_list& all) { *answer = what(all); },
      [promise, answer](const caf::error& failed) mutable {
        if (failed)
          promise.deliver(failed);
        else
          promise.deliver(std::move(**answer));
      });
  return promise;
}

[[noreturn]] void refuse(const std::string& why) {
  throw make_error(errc::bad_request, why);
}

bool is_name(const std::string& name) {
  return !name.empty() && name.size() <= longest_name &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                  (c >= 'a' && c <= 'z') || c == '.' || c == '_' || c == '-';
         });
}

/// One spelling of what it names; and nothing that another key has.
void settle(api_key& k, const key_list& all) {
  for (auto& m : k.models) {
    const bool open = m.ends_with('*');
    if (m.empty() || m.find('*') < m.size() - 1)
      refuse("\"" + m + "\" names no model; allowed: NAME[:TAG], with * at the end");
    if (!open) {
      m = canonical_model(m);
      continue;
    }
    // No tag is added to the beginning of a name.
    std::transform(m.begin(), m.end(), m.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
  }
  if (!k.public_key.empty()) {
    const auto known = public_key_of(k.public_key);
    if (!known)
      refuse("\"public_key\" must be an Ed25519 key as OpenSSH writes it");
    k.public_key = *known;
  }
  for (const auto& other : all) {
    if (other.revoked || other.id == k.id)
      continue;
    if (other.name == k.name)
      refuse("there is a key of the name " + k.name);
    if (!k.public_key.empty() && other.public_key == k.public_key)
      refuse("the key " + other.name + " has that public key");
    if (k.uid && other.uid == k.uid)
      refuse("the key " + other.name + " has that uid");
  }
}

api_key& find(key_list& all, const std::string& id) {
  const auto k =
      std::find_if(all.begin(), all.end(), [&](const auto& k) { return k.id == id; });
  if (k == all.end())
    throw make_error(errc::not_found, "there is no key of the id " + id);
  if (k->revoked)
    refuse("the key " + k->name + " was revoked, which is for good");
  return *k;
}

bool is_revoked(const api_key& k) {
  return k.revoked;
}

/// Makes room by a key that counts no more: the one that ended first.
bool forget_one(key_list& all, std::int64_t now) {
  auto old = std::find_if(all.begin(), all.end(), is_revoked);
  if (old == all.end())
    old = std::min_element(all.begin(), all.end(), [now](auto& a, auto& b) {
      return std::tuple(a.valid(now), a.expires) < std::tuple(b.valid(now), b.expires);
    });
  if (old == all.end() || old->valid(now))
    return false;
  all.erase(old);
  return true;
}

/// It goes behind those that were revoked before it, of which the first are forgotten.
api_key revoke(key_list& all, api_key& k) {
  k.revoked = true;
  const auto at = all.begin() + (&k - all.data());
  std::rotate(at, at + 1, all.end());
  auto too_many = std::count_if(all.begin(), all.end(), is_revoked) - most_revoked;
  std::erase_if(all, [&](const auto& k) { return k.revoked && too_many-- > 0; });
  return all.back();
}

made_key with_secret(api_key& k) {
  const auto secret = new_secret();
  set_secret(k, secret);
  return {k, std::string{key_mark} + k.id + "_" + secret};
}

} // namespace

file_keys_actor::behavior_type keys(self_ptr self, keys_links links) {
  self->state.links = std::move(links);
  check(self);
  return {
      [self](create_key& c) -> caf::result<made_key> {
        if (!is_name(c.wish.name))
          return make_error(errc::bad_request,
                            "\"name\" must be 1 to 64 letters, digits, '.', '_', '-'");
        return answer_with<made_key>(
            self, [wish = std::move(c.wish),
                   now = self->state.links.clock()](key_list& all) mutable {
              if (all.size() >= most_keys && !forget_one(all, now))
                refuse("there are " + std::to_string(most_keys) + " keys already");
              wish.id = new_key_id();
              wish.created = now;
              settle(wish, all);
              auto made = with_secret(wish);
              all.push_back(wish);
              return made;
            });
      },
      [self](const rotate_key& r) -> caf::result<made_key> {
        return answer_with<made_key>(
            self, [id = r.id](key_list& all) { return with_secret(find(all, id)); });
      },
      [self](change_key& c) -> caf::result<api_key> {
        return answer_with<api_key>(self, [c = std::move(c)](key_list& all) {
          auto& k = find(all, c.id);
          c.change(k);
          settle(k, all);
          return k;
        });
      },
      [self](const revoke_key& r) -> caf::result<api_key> {
        return answer_with<api_key>(
            self, [id = r.id](key_list& all) { return revoke(all, find(all, id)); });
      },
      [self](reread_keys) {
        change_file(self, nullptr, [](const caf::error& failed) {
          if (failed)
            spdlog::error("the keys stay as they were: {}", to_failure(failed).detail);
        });
      },
      [](const keys_changed& c) { c.take(); },
      [self](keys_check c) {
        if (c.number == self->state.checks)
          check(self);
      },
  };
}

} // namespace conductor

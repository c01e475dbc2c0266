#include "adapters/native/key_json.hpp"

#include "adapters/native/time_text.hpp"

#include <limits>
#include <string>
#include <vector>

namespace conductor {
namespace {

using json_input::bad_request;
using json = json_input::json;

constexpr std::uint64_t longest_life_s = 100ull * 365 * 24 * 3600;
constexpr std::uint64_t largest_limit = 1'000'000'000'000;
constexpr std::size_t most_models = 1000;

struct limit {
  const char* name;
  std::uint64_t* (*of)(key_limits&);
};
constexpr limit limits[] = {
    {"requests_per_minute", [](key_limits& l) { return &l.minute.requests; }},
    {"requests_per_day", [](key_limits& l) { return &l.day.requests; }},
    {"tokens_per_minute", [](key_limits& l) { return &l.minute.tokens; }},
    {"tokens_per_day", [](key_limits& l) { return &l.day.tokens; }},
    {"gpu_seconds_per_minute", [](key_limits& l) { return &l.minute.gpu_seconds; }},
    {"gpu_seconds_per_day", [](key_limits& l) { return &l.day.gpu_seconds; }},
    {"parallel", [](key_limits& l) { return &l.parallel; }},
};

std::vector<std::string> texts(const json& from, const std::string& name) {
  std::vector<std::string> all;
  if (!from.is_array() || from.size() > most_models)
    throw bad_request("\"" + name + "\" must be an array of texts");
  for (const auto& one : from) {
    if (!one.is_string())
      throw bad_request("\"" + name + "\" must be an array of texts");
    all.push_back(one);
  }
  return all;
}

scope_set scopes_of(const json& from) {
  scope_set all = 0;
  for (const auto& name : texts(from, "scopes")) {
    const auto one = scope_named(name);
    if (!one)
      throw bad_request("\"scopes\" may have inference, sessions, models and admin");
    all |= set_of(*one);
  }
  if (all == 0)
    throw bad_request("\"scopes\" must have one or more");
  return all;
}

priority_class class_of(const json& from, const std::string& name) {
  const auto one = from.is_string() ? class_named(from.get<std::string>()) : std::nullopt;
  if (!one)
    throw bad_request("\"" + name + "\" must be interactive, normal or batch");
  return *one;
}

std::uint64_t number_of(const json& from, const std::string& name, std::uint64_t most) {
  if (!from.is_number_unsigned() || from.get<std::uint64_t>() > most)
    throw bad_request("\"" + name + "\" must be a whole number up to " +
                      std::to_string(most));
  return from.get<std::uint64_t>();
}

/// Sets what one member says; `usual` is what null stands for.
void set(api_key& k, const std::string& name, const json& value, const api_key& usual,
         std::int64_t now) {
  const bool none = value.is_null();
  if (name == "scopes") {
    k.scopes = none ? usual.scopes : scopes_of(value);
  } else if (name == "models") {
    k.models = none ? usual.models : texts(value, name);
  } else if (name == "class") {
    k.highest = none ? usual.highest : class_of(value, name);
  } else if (name == "default_class") {
    k.usual = none ? usual.usual : class_of(value, name);
  } else if (name == "ttl_seconds") {
    const auto seconds = none ? 0 : number_of(value, name, longest_life_s);
    k.expires = seconds == 0 ? 0 : now + static_cast<std::int64_t>(seconds) * 1000;
  } else if (name == "public_key") {
    if (!none && !value.is_string())
      throw bad_request("\"public_key\" must be a text");
    k.public_key = none ? std::string{} : value.get<std::string>();
  } else if (name == "uid") {
    k.uid = std::nullopt;
    if (!none)
      k.uid = static_cast<std::uint32_t>(
          number_of(value, name, std::numeric_limits<std::uint32_t>::max()));
  } else if (name == "trusted") {
    if (!none && !value.is_boolean())
      throw bad_request("\"trusted\" must be true or false");
    k.trusted = !none && value.get<bool>();
  } else {
    for (const auto& l : limits)
      if (name == l.name) {
        *l.of(k.limits) = none ? 0 : number_of(value, name, largest_limit);
        return;
      }
    throw bad_request("unknown member \"" + name + "\"");
  }
}

} // namespace

json to_json(const api_key& k) {
  json scopes = json::array();
  for (const auto s : all_scopes)
    if ((k.scopes & set_of(s)) != 0)
      scopes.push_back(to_string(s));
  json j{{"id", k.id},
         {"name", k.name},
         {"scopes", std::move(scopes)},
         {"models", k.models},
         {"class", to_string(k.highest)}};
  if (k.usual)
    j["default_class"] = to_string(*k.usual);
  auto all = k.limits;
  for (const auto& l : limits)
    if (const auto value = *l.of(all); value != 0)
      j[l.name] = value;
  j["created_at"] = time_text(k.created);
  if (k.expires != 0)
    j["expires_at"] = time_text(k.expires);
  if (!k.public_key.empty())
    j["public_key"] = "ssh-ed25519 " + k.public_key;
  if (k.uid)
    j["uid"] = *k.uid;
  j["trusted"] = k.trusted;
  j["revoked"] = k.revoked;
  return j;
}

json to_json(const grant& g) {
  auto j = to_json(g.key);
  const auto& seen = g.meter->seen;
  j["used"] = {{"requests", seen.admitted.load()},
               {"limited", seen.limited.load()},
               {"forbidden", seen.forbidden.load()},
               {"tokens", seen.tokens.load()},
               {"gpu_seconds", static_cast<double>(seen.gpu_ns.load()) * 1e-9}};
  return j;
}

api_key parse_key_wish(std::string_view body, std::int64_t now) {
  const auto j = json_input::object_of(body);
  api_key k;
  k.name = json_input::needed_text(j, "name");
  for (const auto& [name, value] : j.items())
    if (name != "name")
      set(k, name, value, api_key{}, now);
  return k;
}

std::function<void(api_key&)> parse_key_change(std::string_view body, std::int64_t now) {
  const auto j = json_input::object_of(body);
  if (api_key tried; true) // what is wrong is told before it is on its way
    for (const auto& [name, value] : j.items())
      set(tried, name, value, api_key{}, now);
  return [j, now](api_key& k) {
    for (const auto& [name, value] : j.items())
      set(k, name, value, api_key{}, now);
  };
}

} // namespace conductor

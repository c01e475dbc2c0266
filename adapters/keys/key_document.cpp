#include "adapters/keys/key_file.hpp"

#include "adapters/keys/signature.hpp"

#include <nlohmann/json.hpp>

#include <set>
#include <stdexcept>
#include <utility>

namespace conductor {
namespace {

using json = nlohmann::ordered_json;

constexpr int version = 1;

json written(const allowance& a) {
  return {{"requests", a.requests}, {"tokens", a.tokens}, {"gpu_seconds", a.gpu_seconds}};
}

json written(const api_key& k) {
  json scopes = json::array();
  for (const auto s : all_scopes)
    if ((k.scopes & set_of(s)) != 0)
      scopes.push_back(to_string(s));
  json j{{"id", k.id},
         {"name", k.name},
         {"salt", k.salt},
         {"digest", k.digest},
         {"scopes", std::move(scopes)},
         {"models", k.models},
         {"class", to_string(k.highest)},
         {"minute", written(k.limits.minute)},
         {"day", written(k.limits.day)},
         {"parallel", k.limits.parallel},
         {"created", k.created},
         {"expires", k.expires},
         {"trusted", k.trusted},
         {"revoked", k.revoked}};
  if (k.usual)
    j["default_class"] = to_string(*k.usual);
  if (!k.public_key.empty())
    j["public_key"] = k.public_key;
  if (k.uid)
    j["uid"] = *k.uid;
  return j;
}

[[noreturn]] void refuse(const std::string& why) {
  throw std::runtime_error(why);
}

/// Any member is needed but those that `written` leaves out; none is unknown.
const json& member(const json& from, const char* name) {
  const auto i = from.find(name);
  if (i == from.end())
    refuse("\"" + std::string{name} + "\" is missing");
  return *i;
}

/// A whole number that fits into `Number`: a larger one would become another.
template <class Number>
Number number(const json& from, const char* name) {
  const auto& j = member(from, name);
  if (!j.is_number_unsigned())
    refuse("\"" + std::string{name} + "\" is no whole number");
  const auto value = j.get<std::uint64_t>();
  if (!std::in_range<Number>(value))
    refuse("\"" + std::string{name} + "\" is too large");
  return static_cast<Number>(value);
}

std::string text(const json& from, const char* name) {
  const auto& j = member(from, name);
  if (!j.is_string() || j.get_ref<const std::string&>().empty())
    refuse("\"" + std::string{name} + "\" is no text");
  return j;
}

priority_class class_of(const json& from, const char* name) {
  const auto c = class_named(text(from, name));
  if (!c)
    refuse("\"" + std::string{name} + "\" is no class");
  return *c;
}

bool flag(const json& from, const char* name) {
  const auto& j = member(from, name);
  if (!j.is_boolean())
    refuse("\"" + std::string{name} + "\" is neither true nor false");
  return j;
}

allowance allowance_of(const json& from) {
  if (!from.is_object())
    refuse("limits are no object");
  return {number<std::uint64_t>(from, "requests"), number<std::uint64_t>(from, "tokens"),
          number<std::uint64_t>(from, "gpu_seconds")};
}

api_key key_of(const json& from) {
  static const std::set<std::string_view> known{
      "id",      "name",    "salt", "digest",     "scopes",       "models",
      "class",   "minute",  "day",  "parallel",   "created",      "expires",
      "trusted", "revoked", "uid",  "public_key", "default_class"};
  if (!from.is_object())
    refuse("a key is no object");
  for (const auto& [name, value] : from.items())
    if (!known.contains(name))
      refuse("\"" + name + "\" is not known to this program");
  api_key k;
  k.id = text(from, "id");
  k.name = text(from, "name");
  k.salt = text(from, "salt");
  k.digest = text(from, "digest");
  k.scopes = 0;
  const auto& scopes = member(from, "scopes");
  const auto& models = member(from, "models");
  if (!scopes.is_array() || !models.is_array())
    refuse("\"scopes\" or \"models\" is no array");
  for (const auto& s : scopes) {
    const auto one = s.is_string() ? scope_named(s.get<std::string>()) : std::nullopt;
    if (!one)
      refuse("a scope is not known to this program");
    k.scopes |= set_of(*one);
  }
  for (const auto& m : models) {
    if (!m.is_string())
      refuse("a model is no text");
    k.models.push_back(m);
  }
  k.highest = class_of(from, "class");
  k.limits = {allowance_of(member(from, "minute")), allowance_of(member(from, "day")),
              number<std::uint64_t>(from, "parallel")};
  k.created = number<std::int64_t>(from, "created");
  k.expires = number<std::int64_t>(from, "expires");
  k.trusted = flag(from, "trusted");
  k.revoked = flag(from, "revoked");
  if (from.contains("default_class"))
    k.usual = class_of(from, "default_class");
  if (from.contains("public_key")) {
    k.public_key = text(from, "public_key");
    if (public_key_of(k.public_key) != k.public_key)
      refuse("\"public_key\" is no Ed25519 key");
  }
  if (from.contains("uid"))
    k.uid = number<std::uint32_t>(from, "uid");
  return k;
}

} // namespace

std::string keys_document(const std::vector<api_key>& all) {
  json keys = json::array();
  for (const auto& k : all)
    keys.push_back(written(k));
  return json{{"version", version}, {"keys", std::move(keys)}}.dump(
             2, ' ', false, json::error_handler_t::replace) +
         "\n";
}

std::vector<api_key> parse_keys(std::string_view text) {
  const auto j = json::parse(text, nullptr, false);
  if (!j.is_object())
    refuse("it is no JSON object");
  if (number<int>(j, "version") != version)
    refuse("its version is not " + std::to_string(version));
  const auto& keys = member(j, "keys");
  if (!keys.is_array())
    refuse("\"keys\" is no array");
  std::vector<api_key> all;
  std::set<std::string> ids;
  for (const auto& k : keys)
    if (!ids.insert(all.emplace_back(key_of(k)).id).second)
      refuse("the id " + all.back().id + " is there twice");
  return all;
}

} // namespace conductor

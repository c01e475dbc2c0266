#include "adapters/native/json_input.hpp"

#include <algorithm>
#include <charconv>

namespace conductor::json_input {
namespace {

/// What nests deeper would exhaust the stack when it is written again, and SQLite's JSON
/// functions refuse it.
constexpr int most_nested = 256;

} // namespace

json object_of(std::string_view body) {
  if (body.empty())
    return json::object();
  bool too_deep = false;
  const auto judge = [&](int depth, json::parse_event_t, const json&) {
    too_deep |= depth > most_nested;
    return !too_deep;
  };
  auto j = json::parse(body, judge, false);
  if (too_deep)
    throw bad_request("the body nests deeper than " + std::to_string(most_nested));
  if (!j.is_object())
    throw bad_request("the body must be a JSON object");
  return j;
}

void allow(const json& object, std::initializer_list<std::string_view> allowed) {
  for (const auto& [key, value] : object.items())
    if (std::find(allowed.begin(), allowed.end(), key) == allowed.end()) {
      std::string names;
      for (const auto a : allowed)
        names += (names.empty() ? "" : ", ") + std::string{a};
      throw bad_request("unknown key \"" + key + "\"; allowed are " + names);
    }
}

std::string needed_text(const json& object, const char* key) {
  if (!object.contains(key))
    throw bad_request(std::string{"\""} + key + "\" is missing");
  auto found = text(object, key);
  if (found.empty())
    throw bad_request(std::string{"\""} + key + "\" must not be empty");
  return found;
}

std::string text(const json& object, const char* key) {
  const auto i = object.find(key);
  if (i == object.end() || i->is_null())
    return {};
  if (!i->is_string())
    throw bad_request(std::string{"\""} + key + "\" must be a string");
  return i->get<std::string>();
}

std::uint64_t number(const json& object, const char* key, std::uint64_t fallback) {
  const auto i = object.find(key);
  if (i == object.end())
    return fallback;
  if (!i->is_number_unsigned())
    throw bad_request(std::string{"\""} + key + "\" must be a whole number, 0 or more");
  return i->get<std::uint64_t>();
}

std::optional<std::uint64_t> whole_number(std::string_view text) noexcept {
  std::uint64_t n = 0;
  const auto end = text.data() + text.size();
  const auto [at, ec] = std::from_chars(text.data(), end, n);
  return ec == std::errc{} && at == end ? std::optional{n} : std::nullopt;
}

std::string text_or_empty(const json& object, const char* key) {
  const auto i = object.find(key);
  return i != object.end() && i->is_string() ? i->get<std::string>() : std::string{};
}

std::string dump(const json& j) {
  return j.dump(-1, ' ', false, json::error_handler_t::replace);
}

} // namespace conductor::json_input

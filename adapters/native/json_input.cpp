#include "adapters/native/json_input.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <utility>
#include <vector>

namespace conductor::json_input {
namespace {

/// What nests deeper would exhaust the stack when it is written again, and SQLite's JSON
/// functions refuse it.
constexpr std::size_t most_nested = 256;
/// Members are found one after the other: ordered_json keeps them as they came.
constexpr std::size_t most_members = 256;
/// Each takes some hundred bytes, however few its text has.
constexpr std::size_t most_values = 200'000;
/// So short a text keeps within all of these but the first, and cannot exceed that much.
constexpr std::size_t short_text = 1024;

/// Reads JSON and keeps nothing of it but how large it would be.
class judge {
public:
  std::string objection; ///< empty: there is none

  bool null() { return one_more(); }
  bool boolean(bool) { return one_more(); }
  bool number_integer(json::number_integer_t) { return one_more(); }
  bool number_unsigned(json::number_unsigned_t) { return one_more(); }
  bool number_float(json::number_float_t, const std::string&) { return one_more(); }
  bool string(std::string&) { return one_more(); }
  bool binary(json::binary_t&) { return one_more(); }
  bool start_object(std::size_t) { return deeper(); }
  bool start_array(std::size_t) { return deeper(); }
  bool key(std::string&) {
    return ++members_.back() <= most_members ||
           refuse("has an object of more than " + std::to_string(most_members) +
                  " members");
  }
  bool end_object() { return higher(); }
  bool end_array() { return higher(); }
  template <class Error>
  bool parse_error(std::size_t, const std::string&, const Error&) {
    return refuse("is no JSON");
  }

private:
  bool refuse(std::string why) {
    objection = std::move(why);
    return false;
  }
  bool one_more() {
    return ++values_ <= most_values ||
           refuse("has more than " + std::to_string(most_values) + " values");
  }
  bool deeper() {
    members_.push_back(0);
    if (members_.size() > most_nested)
      return refuse("nests deeper than " + std::to_string(most_nested));
    return one_more();
  }
  bool higher() {
    members_.pop_back();
    return true;
  }

  std::size_t values_ = 0;
  std::vector<std::size_t> members_; ///< of each object and array that is open
};

} // namespace

std::string too_large(std::string_view text) {
  judge j;
  json::sax_parse(text, &j);
  return j.objection;
}

json parse_bounded(std::string_view text) {
  if (text.size() > short_text && !too_large(text).empty())
    return json(json::value_t::discarded);
  return json::parse(text, nullptr, false);
}

json object_of(std::string_view body) {
  if (body.empty())
    return json::object();
  if (const auto why = too_large(body); !why.empty())
    throw bad_request("the body " + why);
  auto j = json::parse(body, nullptr, false);
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

#pragma once

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

/// JSON that a client sent, read strictly: what is wrong is named.
namespace conductor::json_input {

using json = nlohmann::ordered_json;

/// What a client sent cannot be used; says why and what is allowed.
struct bad_request : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Bytes of a text that a lane reads; what is longer is read on a worker, for a lane has
/// others to serve.
inline constexpr std::size_t longest_on_lane = 64 * 1024;

/// Why that text is refused before it is read: its size in memory, the time that it takes
/// or the stack that it needs are out of proportion to it, or it is no JSON. Empty: it is
/// not refused.
std::string too_large(std::string_view text);
/// Any JSON; discarded where it is none, or too large.
json parse_bounded(std::string_view text);
/// An empty body counts as `{}`. Throws bad_request, as all here.
json object_of(std::string_view body);
/// Refuses keys that are not `allowed`.
void allow(const json& object, std::initializer_list<std::string_view> allowed);
/// A string that must be there and not be empty.
std::string needed_text(const json& object, const char* key);
/// A string; empty: not there, or null.
std::string text(const json& object, const char* key);
/// A whole number, `fallback` where it is not there.
std::uint64_t number(const json& object, const char* key, std::uint64_t fallback);
/// A text that is a whole number and nothing else; empty: it is not.
std::optional<std::uint64_t> whole_number(std::string_view text) noexcept;
/// A string in what nobody needs to be told of; empty: it is none, or not there.
std::string text_or_empty(const json& object, const char* key);
/// One line; what is no UTF-8 becomes U+FFFD.
std::string dump(const json& j);

} // namespace conductor::json_input

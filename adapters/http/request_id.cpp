#include "adapters/http/request_id.hpp"

#include "messages/key_mark.hpp"

#include <algorithm>
#include <cstdint>
#include <random>

namespace conductor {
namespace {

bool usable(std::string_view id) {
  return !id.empty() && id.size() <= 128 && id.find(key_mark) == std::string_view::npos &&
         std::all_of(id.begin(), id.end(), [](char c) {
           return is_key_letter(c) || c == '.' || c == '_' || c == '-';
         });
}

} // namespace

std::string choose_request_id(std::string_view from_client) {
  if (usable(from_client))
    return std::string{from_client};
  thread_local std::mt19937_64 random{std::random_device{}()};
  constexpr auto digits = "0123456789abcdef";
  std::string id(16, '0');
  auto bits = random();
  for (auto& c : id) {
    c = digits[bits & 15];
    bits >>= 4;
  }
  return id;
}

} // namespace conductor

#include "config/network.hpp"

#include "config/value.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <stdexcept>

namespace conductor {
namespace {

using address = std::array<std::uint8_t, 16>;
constexpr unsigned mapped_bits = 96; // before an IPv4 address in an IPv6 one

bool is_mapped(const address& a) {
  return std::all_of(a.begin(), a.begin() + 10, [](auto b) { return b == 0; }) &&
         a[10] == 0xFF && a[11] == 0xFF;
}

std::optional<address> address_of(std::string_view text) {
  const std::string copy{text};
  address a{};
  if (::inet_pton(AF_INET6, copy.c_str(), a.data()) == 1)
    return a;
  a = {};
  a[10] = a[11] = 0xFF;
  if (::inet_pton(AF_INET, copy.c_str(), a.data() + mapped_bits / 8) == 1)
    return a;
  return std::nullopt;
}

network range_of(const address& from, unsigned bits) {
  network n{from, bits};
  for (unsigned i = n.bits; i < 128; ++i)
    n.prefix[i / 8] &= static_cast<std::uint8_t>(~(0x80u >> (i % 8)));
  return n;
}

bool same_bits(const address& a, const address& b, unsigned bits) {
  const auto whole = bits / 8;
  if (!std::equal(a.begin(), a.begin() + whole, b.begin()))
    return false;
  const auto rest = bits % 8;
  return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

} // namespace

network parse_network(std::string_view text) {
  const auto slash = text.find('/');
  const auto found = address_of(text.substr(0, slash));
  if (found) {
    const unsigned most = is_mapped(*found) ? 32 : 128;
    unsigned bits = most;
    const auto digits =
        slash == std::string_view::npos ? std::string_view{} : text.substr(slash + 1);
    const auto [end, ec] =
        std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    const bool good = slash == std::string_view::npos ||
                      (ec == std::errc{} && end == digits.data() + digits.size());
    if (good && bits <= most)
      return range_of(*found, bits + 128 - most);
  }
  throw std::invalid_argument(quoted(text) + " is no network; allowed: an IP address, "
                                             "or one with its bits as 10.0.0.0/8");
}

std::string to_string(const network& n) {
  char text[INET6_ADDRSTRLEN] = {};
  const bool v4 = n.bits >= mapped_bits && is_mapped(n.prefix);
  ::inet_ntop(v4 ? AF_INET : AF_INET6, n.prefix.data() + (v4 ? mapped_bits / 8 : 0), text,
              sizeof text);
  const auto bits = v4 ? n.bits - mapped_bits : n.bits;
  return bits == (v4 ? 32u : 128u) ? text : text + ("/" + std::to_string(bits));
}

std::string neighbourhood(std::string_view text) {
  constexpr unsigned customer = 64; // bits
  const auto found = address_of(text.substr(0, text.find('%')));
  return found ? to_string(range_of(*found, is_mapped(*found) ? 128 : customer))
               : std::string{text};
}

bool contains(const network& n, std::string_view text) {
  const auto found = address_of(text);
  return found && same_bits(*found, n.prefix, n.bits);
}

bool contains(const std::vector<network>& all, std::string_view text) {
  return std::any_of(all.begin(), all.end(),
                     [&](const network& n) { return contains(n, text); });
}

} // namespace conductor

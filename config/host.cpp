#include "config/host.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

namespace conductor {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 253 && text.front() != '.' &&
         text.find("..") == std::string_view::npos &&
         std::all_of(text.begin(), text.end(), [](char c) {
           const auto l = lower(c);
           return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
                  c == '_' || c == '.';
         });
}

} // namespace

std::optional<std::string> parse_ip(std::string_view text) {
  if (text.find('\0') != std::string_view::npos)
    return {};
  const std::string literal(text);
  in_addr v4{};
  if (inet_pton(AF_INET, literal.c_str(), &v4) == 1)
    return literal;
  in6_addr v6{};
  if (inet_pton(AF_INET6, literal.c_str(), &v6) != 1)
    return {};
  std::array<char, INET6_ADDRSTRLEN> out{};
  if (IN6_IS_ADDR_V4MAPPED(&v6))
    return inet_ntop(AF_INET, &v6.s6_addr[12], out.data(), out.size());
  return inet_ntop(AF_INET6, &v6, out.data(), out.size());
}

std::optional<std::string> parse_host(std::string_view text) {
  if (auto ip = parse_ip(text))
    return ip;
  const auto percent = text.find('%');
  if (percent == std::string_view::npos)
    return is_name(text) ? std::optional(std::string(text)) : std::nullopt;
  const auto ip = parse_ip(text.substr(0, percent));
  const auto zone = text.substr(percent + 1);
  if (!ip || ip->find(':') == std::string::npos || !is_name(zone))
    return {};
  return *ip + '%' + std::string(zone);
}

bool is_loopback(std::string_view host) {
  if (const auto ip = parse_ip(host))
    return *ip == "::1" || ip->starts_with("127.");
  std::string name(host);
  std::transform(name.begin(), name.end(), name.begin(), lower);
  return name == "localhost" || name == "localhost.";
}

} // namespace conductor

#include "config/endpoint.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <stdexcept>

namespace conductor {
namespace {

constexpr std::string_view blank_or_quote = " \t\r\n\"'";

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(blank_or_quote);
  if (begin == std::string_view::npos)
    return {};
  return text.substr(begin, text.find_last_not_of(blank_or_quote) - begin + 1);
}

std::optional<std::uint16_t> port_of(std::string_view digits) {
  std::uint16_t port = 0;
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (ec != std::errc{} || end != digits.data() + digits.size())
    return {};
  return port;
}

/// Host and the text after its colon; no colon: no text.
struct host_and_port {
  std::string host;
  std::optional<std::string_view> port;
};

/// More than one colon outside brackets is an IPv6 literal without a port.
host_and_port split(std::string_view text) {
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos)
      throw std::invalid_argument("a '[' without its ']'");
    host_and_port r{std::string{text.substr(1, end - 1)}, {}};
    const auto rest = text.substr(end + 1);
    if (rest.starts_with(':'))
      r.port = rest.substr(1);
    else if (!rest.empty())
      throw std::invalid_argument("only ':port' may follow ']'");
    return r;
  }
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || text.find(':', colon + 1) != std::string_view::npos)
    return {std::string{text}, {}};
  return {std::string{text.substr(0, colon)}, text.substr(colon + 1)};
}

[[noreturn]] void refuse(std::string_view text, const std::string& why,
                         std::string_view allowed) {
  throw std::invalid_argument("\"" + std::string{text} + "\": " + why + "; allowed: "
                              + std::string{allowed});
}

constexpr std::string_view listen_forms = "host:port, :port, [ipv6]:port, unix:/path";
constexpr std::string_view backend_forms
  = "host, host:port, :port, [ipv6]:port, http://host:port/prefix";

std::string bracketed(const std::string& host) {
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

/// An address that only makes sense for listening is reached over loopback.
std::string reachable(std::string host) {
  if (host.empty() || host == "0.0.0.0")
    return "127.0.0.1";
  return host == "::" ? "::1" : host;
}

} // namespace

std::string to_string(const endpoint& e) {
  if (e.type == endpoint::kind::unix_socket)
    return "unix:" + e.path;
  return bracketed(e.host) + ":" + std::to_string(e.port);
}

std::string to_url(const endpoint& e) {
  if (e.type == endpoint::kind::unix_socket)
    return "unix:" + e.path;
  return "http://" + to_string(e) + e.path;
}

bool is_local(const endpoint& e) {
  return e.type == endpoint::kind::unix_socket || e.host == "localhost" || e.host == "::1"
         || e.host.starts_with("127.");
}

endpoint parse_listen(std::string_view text) {
  const auto value = trimmed(text);
  endpoint e;
  if (value.starts_with("unix:")) {
    e.type = endpoint::kind::unix_socket;
    e.path = value.substr(5);
    if (!e.path.starts_with('/'))
      refuse(text, "the socket's path must be absolute", listen_forms);
    return e;
  }
  if (value.find('/') != std::string_view::npos)
    refuse(text, "an address to listen on has no '/'", listen_forms);
  host_and_port parts;
  try {
    parts = split(value);
  } catch (const std::invalid_argument& bad) {
    refuse(text, bad.what(), listen_forms);
  }
  if (!parts.port)
    refuse(text, "no port", listen_forms);
  const auto port = port_of(*parts.port);
  if (!port)
    refuse(text, "the port is no number from 0 to 65535", listen_forms);
  e.host = parts.host.empty() ? "0.0.0.0" : parts.host;
  e.port = *port;
  return e;
}

endpoint parse_backend(std::string_view text) {
  auto value = trimmed(text);
  std::uint16_t default_port = 11434;
  if (const auto scheme_end = value.find("://"); scheme_end != std::string_view::npos) {
    const auto scheme = value.substr(0, scheme_end);
    if (scheme == "https")
      refuse(text, "TLS towards a backend is not supported yet", backend_forms);
    if (scheme != "http")
      refuse(text, "unknown scheme " + std::string{scheme}, backend_forms);
    default_port = 80;
    value = value.substr(scheme_end + 3);
  }
  endpoint e;
  const auto slash = value.find('/');
  if (slash != std::string_view::npos) {
    e.path = value.substr(slash);
    while (e.path.ends_with('/'))
      e.path.pop_back();
    value = value.substr(0, slash);
  }
  host_and_port parts;
  try {
    parts = split(value);
  } catch (const std::invalid_argument& bad) {
    refuse(text, bad.what(), backend_forms);
  }
  if (parts.host.find_first_of(" \t@?#\\\r\n") != std::string::npos)
    refuse(text, "a host has no such character", backend_forms);
  e.host = reachable(std::move(parts.host));
  e.port = default_port;
  if (parts.port && !parts.port->empty()) {
    const auto port = port_of(*parts.port);
    if (!port)
      refuse(text, "the port is no number from 0 to 65535", backend_forms);
    e.port = *port;
  }
  return e;
}

} // namespace conductor

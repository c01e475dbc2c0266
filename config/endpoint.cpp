#include "config/endpoint.hpp"

#include "config/host.hpp"
#include "config/value.hpp"

#include <sys/un.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <stdexcept>

namespace conductor {
namespace {

constexpr std::string_view blank_or_quote = " \t\v\f\r\n\"'";

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(blank_or_quote);
  if (begin == std::string_view::npos)
    return {};
  return text.substr(begin, text.find_last_not_of(blank_or_quote) - begin + 1);
}

/// Go's strconv allows a sign.
std::optional<std::uint16_t> port_of(std::string_view digits) {
  if (digits.starts_with('+'))
    digits.remove_prefix(1);
  std::uint16_t port = 0;
  const auto [end, ec] =
      std::from_chars(digits.data(), digits.data() + digits.size(), port);
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
  if (colon == std::string_view::npos ||
      text.find(':', colon + 1) != std::string_view::npos)
    return {std::string{text}, {}};
  return {std::string{text.substr(0, colon)}, text.substr(colon + 1)};
}

[[noreturn]] void refuse(std::string_view text, const std::string& why,
                         std::string_view allowed) {
  throw std::invalid_argument(quoted(text) + ": " + why +
                              "; allowed: " + std::string{allowed});
}

constexpr std::string_view listen_forms =
    "host:port, :port, [ipv6]:port, https://host:port, unix:/path";
constexpr std::string_view backend_forms =
    "host, host:port, :port, [ipv6]:port, http://host:port/prefix, https://host/prefix";

constexpr std::string_view collector_forms =
    "http://host:4318, https://host:4318, http://host:4318/prefix";
constexpr std::string_view https = "https://";

std::string bracketed(const std::string& host) {
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

/// The host in its canonical spelling.
std::string valid_host(std::string_view text, const std::string& host,
                       std::string_view allowed) {
  const auto valid = parse_host(host);
  if (!valid)
    refuse(text, quoted(host) + " is no host", allowed);
  return *valid;
}

/// An address that only makes sense for listening is reached over loopback.
std::string reachable(std::string host) {
  if (host == "0.0.0.0")
    return "127.0.0.1";
  return host == "::" ? "::1" : host;
}

/// What goes into a request line has no blank and no control character.
std::string parse_prefix(std::string_view text, std::string_view path) {
  while (path.ends_with('/'))
    path.remove_suffix(1);
  while (path.starts_with("//"))
    path.remove_prefix(1);
  const auto odd = [](unsigned char c) {
    return c <= ' ' || c >= 0x7f ||
           std::string_view{"?#\\\"<>"}.find(static_cast<char>(c)) !=
               std::string_view::npos;
  };
  if (std::any_of(path.begin(), path.end(), odd))
    refuse(text, "a path has no blanks, quotes, '?', '#' or letters beyond ASCII",
           backend_forms);
  return std::string{path};
}

/// Ollama takes brackets for decoration where no port follows.
host_and_port split_backend(std::string_view value) {
  auto bare = value;
  bare.remove_prefix(std::min(bare.find_first_not_of("[]"), bare.size()));
  bare = bare.substr(0, bare.find_last_not_of("[]") + 1);
  if (const auto ip = parse_ip(bare))
    return {*ip, {}};
  return split(value);
}

/// Takes the scheme off; what it says of port and TLS.
void take_scheme(std::string_view text, std::string_view& value, endpoint& e) {
  e.port = 11434;
  const auto end = value.find("://");
  if (end == std::string_view::npos) {
    if (value == "ollama.com") {
      e.port = 443;
      e.tls = true;
    }
    return;
  }
  std::string scheme{value.substr(0, end)};
  for (auto& c : scheme)
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  e.tls = scheme == "https";
  if (!e.tls && scheme != "http")
    refuse(text, "unknown scheme " + quoted(scheme), backend_forms);
  value.remove_prefix(end + 3);
  e.port = e.tls ? 443 : 80;
}

/// `strict`: an invalid port is refused, else it is the default's and a warning says so.
ollama_host parse(std::string_view text, bool strict) {
  auto value = trimmed(text);
  ollama_host result;
  auto& e = result.at;
  take_scheme(text, value, e);
  const auto slash = value.find('/');
  if (slash != std::string_view::npos)
    e.path = parse_prefix(text, value.substr(slash));
  value = value.substr(0, slash);
  if (const auto at = value.rfind('@'); at != std::string_view::npos)
    refuse("..." + std::string{value.substr(at)}, // without the password
           "credentials in an address are not supported", backend_forms);
  host_and_port parts;
  try {
    parts = split_backend(value);
  } catch (const std::invalid_argument& bad) {
    refuse(text, bad.what(), backend_forms);
  }
  e.host = parts.host.empty() ? "127.0.0.1"
                              : reachable(valid_host(text, parts.host, backend_forms));
  if (!parts.port)
    return result;
  if (const auto port = port_of(*parts.port); port && (*port != 0 || !strict))
    e.port = *port;
  else if (strict)
    refuse(text, "the port is no number from 1 to 65535", backend_forms);
  else
    result.warning = quoted(text) + " has an invalid port; " + std::to_string(e.port) +
                     " is used, as Ollama does";
  return result;
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
  return (e.tls ? "https://" : "http://") + to_string(e) + e.path;
}

std::string to_listen(const endpoint& e) {
  return e.tls ? to_url(e) : to_string(e);
}

bool is_local(const endpoint& e) {
  return e.type == endpoint::kind::unix_socket || is_loopback(e.host);
}

endpoint parse_listen(std::string_view text) {
  auto value = trimmed(text);
  endpoint e;
  e.tls = value.starts_with(https);
  if (e.tls)
    value.remove_prefix(https.size());
  if (e.tls && value.starts_with("unix:"))
    refuse(text, "a Unix socket needs no TLS", listen_forms);
  if (value.starts_with("unix:")) {
    e.type = endpoint::kind::unix_socket;
    e.path = value.substr(5);
    if (e.path.starts_with("//"))
      e.path.erase(0, 2);
    if (!e.path.starts_with('/') || e.path.ends_with('/'))
      refuse(text, "the socket's path must be absolute", listen_forms);
    if (e.path.find('\0') != std::string::npos ||
        e.path.size() >= sizeof(sockaddr_un::sun_path))
      refuse(text, "a socket's path has 1 to 107 bytes", listen_forms);
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
  e.host = parts.host.empty() ? "0.0.0.0" : valid_host(text, parts.host, listen_forms);
  e.port = *port;
  return e;
}

endpoint parse_backend(std::string_view text) {
  return parse(text, true).at;
}

endpoint parse_collector(std::string_view text) {
  const auto value = trimmed(text);
  if (!value.starts_with("http://") && !value.starts_with(https))
    refuse(text, "a collector is named by its URL", collector_forms);
  return parse(text, true).at;
}

ollama_host parse_ollama_host(std::string_view text) {
  return parse(text, false);
}

} // namespace conductor

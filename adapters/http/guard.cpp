#include "adapters/http/guard.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <unistd.h>

namespace conductor {
namespace {

constexpr std::array<std::string_view, 17> default_origins{
    "http://localhost", "https://localhost", "http://localhost:*", "https://localhost:*",
    "http://127.0.0.1", "https://127.0.0.1", "http://127.0.0.1:*", "https://127.0.0.1:*",
    "http://0.0.0.0",   "https://0.0.0.0",   "http://0.0.0.0:*",   "https://0.0.0.0:*",
    "app://*",          "file://*",          "tauri://*",          "vscode-webview://*",
    "vscode-file://*"};

/// At most one `*`, which stands for any text.
bool matches(std::string_view pattern, std::string_view text) {
  const auto star = pattern.find('*');
  if (star == std::string_view::npos)
    return pattern == text;
  return text.size() + 1 >= pattern.size() && text.starts_with(pattern.substr(0, star)) &&
         text.ends_with(pattern.substr(star + 1));
}

bool allowed_origin(std::string_view origin, const guard_rules& rules) {
  const auto fits = [&](std::string_view pattern) { return matches(pattern, origin); };
  return std::any_of(default_origins.begin(), default_origins.end(), fits) ||
         std::any_of(rules.origins.begin(), rules.origins.end(), fits);
}

std::string host_without_port(std::string_view host) {
  if (host.starts_with('['))
    return std::string{host.substr(1, host.find(']') - 1)};
  const auto colon = host.rfind(':');
  if (colon != std::string_view::npos && host.find(':') == colon)
    host = host.substr(0, colon);
  return std::string{host};
}

const std::string& own_name() {
  static const std::string name = [] {
    char buffer[256] = {};
    gethostname(buffer, sizeof buffer - 1);
    return std::string{buffer};
  }();
  return name;
}

bool is_private(const boost::asio::ip::address& a) {
  if (a.is_v6()) {
    const auto b = a.to_v6().to_bytes();
    return a.to_v6().is_link_local() || (b[0] & 0xFE) == 0xFC;
  }
  const auto b = a.to_v4().to_bytes();
  return b[0] == 10 || (b[0] == 172 && (b[1] & 0xF0) == 16) ||
         (b[0] == 192 && b[1] == 168) || (b[0] == 169 && b[1] == 254);
}

enum class host_kind { refused, name, address };

host_kind judge_host(std::string_view header) {
  auto host = host_without_port(header);
  boost::system::error_code ec;
  const auto address = boost::asio::ip::make_address(host, ec);
  if (!ec)
    return address.is_loopback() || address.is_unspecified() || is_private(address)
               ? host_kind::address
               : host_kind::refused;
  std::transform(host.begin(), host.end(), host.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (host.empty() || host == "localhost" || host == own_name() ||
      host.ends_with(".localhost") || host.ends_with(".local") ||
      host.ends_with(".internal"))
    return host_kind::name;
  return host_kind::refused;
}

constexpr const char* allowed_headers =
    "Authorization,Content-Type,User-Agent,Accept,X-Requested-With,OpenAI-Beta,"
    "X-Stainless-Arch,X-Stainless-Async,X-Stainless-Custom-Poll-Interval,"
    "X-Stainless-Helper-Method,X-Stainless-Lang,X-Stainless-Os,X-Stainless-Package-"
    "Version,"
    "X-Stainless-Poll-Helper,X-Stainless-Retry-Count,X-Stainless-Runtime,"
    "X-Stainless-Runtime-Version,X-Stainless-Timeout,X-Api-Key";

} // namespace

verdict judge(const request_head& head, const guard_rules& rules) {
  verdict v;
  const auto origin = head.find("Origin");
  const auto host = head.find("Host");
  const auto own = [&] {
    return origin == "http://" + std::string{host} ||
           origin == "https://" + std::string{host};
  };
  if (!origin.empty() && !own()) {
    const bool any =
        std::find(rules.origins.begin(), rules.origins.end(), "*") != rules.origins.end();
    if (!any && !allowed_origin(origin, rules)) {
      v.status = 403;
      return v;
    }
    v.headers.push_back({"Access-Control-Allow-Origin", any ? "*" : std::string{origin}});
    if (!any)
      v.headers.push_back({"Vary", "Origin"});
    if (head.method == "OPTIONS") {
      v.headers.push_back(
          {"Access-Control-Allow-Methods", "GET,POST,PUT,PATCH,DELETE,HEAD"});
      v.headers.push_back({"Access-Control-Allow-Headers", allowed_headers});
      v.headers.push_back({"Access-Control-Max-Age", "43200"});
      v.status = 204;
      return v;
    }
  }
  if (!rules.local_listener)
    return v;
  switch (judge_host(host)) {
  case host_kind::refused:
    v.status = 403;
    break;
  case host_kind::name:
    if (head.method == "OPTIONS")
      v.status = 204;
    break;
  case host_kind::address:
    break;
  }
  return v;
}

} // namespace conductor

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace conductor {

/// An address that one can listen on or connect to: TCP `host:port`, or a Unix
/// socket's path.
struct endpoint {
  enum class kind { tcp, unix_socket };
  kind type = kind::tcp;
  std::string host; ///< name or IP literal without brackets; empty for a Unix socket
  std::uint16_t port = 0; ///< 0: the system chooses (listening only)
  std::string path; ///< socket path, or the URL's path prefix without a trailing '/'
  bool tls = false; ///< spoken under TLS; never a Unix socket

  bool operator==(const endpoint&) const = default;
};

/// `host:port` with brackets round IPv6, or `unix:/path`.
std::string to_string(const endpoint& e);

/// `http://host:port/prefix`, as Ollama's clients spell it; `https` under TLS.
std::string to_url(const endpoint& e);

/// What parse_listen() reads: `host:port`, `https://host:port`, `unix:/path`.
std::string to_listen(const endpoint& e);

/// Only this machine can reach it: a loopback IP literal, `localhost`, a Unix socket.
bool is_local(const endpoint& e);

/// Parses a listening address: `host:port`, `:port` (every IPv4 interface), `[::1]:port`,
/// `unix:/path`; TCP under TLS with `https://` before it. Throws std::invalid_argument
/// that names what was wrong and what is allowed.
endpoint parse_listen(std::string_view text);

/// Parses a backend's address in every form that OLLAMA_HOST may have: host, host:port,
/// :port, IPv6 with and without brackets, http:// or https:// with optional path;
/// defaults 127.0.0.1 and 11434 (80 after http://, 443 after https://), quotes and spaces
/// trimmed, as Ollama's envconfig.Host; `ollama.com` is https://ollama.com. A listening
/// form such as 0.0.0.0 becomes the loopback address that reaches it. Throws
/// std::invalid_argument for what cannot be reached: an invalid port or host,
/// credentials, other schemes.
endpoint parse_backend(std::string_view text);

/// Parses the address of an OpenTelemetry collector, `http://host:port` (or `https://`)
/// with an optional path before `/v1/traces`. Throws std::invalid_argument.
endpoint parse_collector(std::string_view text);

/// What OLLAMA_HOST stands for.
struct ollama_host {
  endpoint at;
  std::string warning; ///< empty, or what was wrong with the port that was not used
};

/// As parse_backend, but an invalid port is replaced by the default with a warning, and
/// port 0 is kept, as Ollama does.
ollama_host parse_ollama_host(std::string_view text);

} // namespace conductor

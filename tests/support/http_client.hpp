#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace conductor::test {

/// One answer as it came.
struct http_answer {
  int status = 0;
  std::map<std::string, std::string> headers; ///< names in lower case
  std::string body;
  std::vector<std::string> chunks;             ///< of a chunked body
  std::map<std::string, std::string> trailers; ///< behind it; names in lower case
  bool whole = false;                          ///< ended as its framing says
  std::string problem;                         ///< why not, in words
};

/// A blocking HTTP client over a raw socket, for tests: sends exactly the bytes it is
/// given, and waits for nothing longer than its deadline. Every failure is a text, no
/// hang.
class http_client {
public:
  using milliseconds = std::chrono::milliseconds;

  /// Connects to 127.0.0.1, or to a Unix socket. Throws std::runtime_error.
  explicit http_client(std::uint16_t port);
  explicit http_client(const std::string& socket_path);
  ~http_client();
  http_client(http_client&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  http_client(const http_client&) = delete;

  /// Sends bytes; false when the peer does not take them all.
  bool send(std::string_view bytes);
  /// `METHOD target` with a Host and, for a body, a Content-Length; no keep-alive is
  /// undone.
  bool ask(std::string_view method, std::string_view target, std::string_view body = {},
           std::string_view more_headers = {});

  /// Reads one answer, of a HEAD request if `to_head`.
  http_answer read_answer(bool to_head = false, milliseconds most = milliseconds(10'000));
  /// Reads head and the first chunk only.
  http_answer read_first_chunk(milliseconds most = milliseconds(10'000));
  /// Reads the next chunk; empty at the end or on failure.
  std::string read_chunk(milliseconds most = milliseconds(10'000));
  /// True when the peer closes within `most`; what came before is thrown away.
  bool closed_by_peer(milliseconds most = milliseconds(10'000));

  /// Closes at once; half-closes the sending side.
  void close();
  void half_close();

private:
  bool fill();
  std::optional<std::string> line();
  bool read_fields(std::map<std::string, std::string>& into);
  bool read_head(http_answer& a);
  std::optional<std::string> chunk();

  int fd_ = -1;
  std::string in_;
  std::map<std::string, std::string> trailers_; ///< of the last chunked body
  std::chrono::steady_clock::time_point until_{};
};

/// One request over a connection of its own.
http_answer fetch(std::uint16_t port, std::string_view method, std::string_view target,
                  std::string_view body = {}, std::string_view more_headers = {});

} // namespace conductor::test

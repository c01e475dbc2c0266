#pragma once

#include "tests/support/ollama/connection.hpp"
#include "tests/support/ollama/http_request.hpp"

#include <cstdint>
#include <string>

namespace conductor::test {

/// Takes one request's body from its connection, piece by piece. A request that expects
/// `100 Continue` gets it with the first read, as from Go's server.
class body_reader {
public:
  body_reader(connection& from, const http_request& head);

  /// All of the body was taken.
  bool at_end() const { return phase_ == phase::end; }

  /// Appends what there is of the body, at least a byte or the end. False: the client is
  /// gone or the framing is broken.
  boost::asio::awaitable<bool> read(std::string& out);

  /// Appends the rest. False as above.
  boost::asio::awaitable<bool> read_all(std::string& out);

private:
  enum class phase { length, chunk_size, chunk_data, chunk_end, trailer, end };

  bool step(std::string& out, bool& progress);
  bool take_line(std::string& line);

  connection& from_;
  phase phase_;
  std::uint64_t left_ = 0;
  bool expects_continue_ = false;
};

} // namespace conductor::test

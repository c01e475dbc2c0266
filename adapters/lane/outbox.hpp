#pragma once

#include "messages/bytes.hpp"

#include <boost/asio/buffer.hpp>

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace conductor {

/// Bytes on their way into one socket: text of ours and shared bodies, in order, written
/// by gathering. Copies no body.
class outbox {
public:
  /// Text: heads, chunk sizes, error records.
  void text(std::string t) {
    if (!t.empty())
      push({std::move(t), {}, false});
  }

  /// A body, as it is, or as one chunk of the chunked coding.
  void body(bytes data, bool chunked);

  bool empty() const noexcept { return items_.empty(); }

  /// What to write next, at most `most` buffers; valid until `consume`.
  const std::vector<boost::asio::const_buffer>& gather(std::size_t most = 60);

  /// The socket took `n` bytes of the last gathered. Returns how many were of bodies.
  std::uint64_t consume(std::size_t n);

private:
  struct item {
    std::string head; ///< text, or a chunk's size line
    bytes data;
    bool tail = false; ///< a chunk's CRLF follows
    std::size_t done = 0;
    std::size_t size() const { return head.size() + data.size() + (tail ? 2 : 0); }
  };
  void push(item i) { items_.push_back(std::move(i)); }

  std::deque<item> items_;
  std::vector<boost::asio::const_buffer> buffers_;
};

} // namespace conductor

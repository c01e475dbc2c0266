#pragma once

#include "adapters/tls/certificates.hpp"

#include <boost/system/error_code.hpp>

#include <cstddef>
#include <memory>
#include <string>

struct ssl_st;

namespace conductor {

/// TLS over one non-blocking socket. Every call does what can be done now; where the
/// socket has to be waited for it says would_block, and which direction. The same call is
/// then made again: a write with the same bytes, or more behind them. One thread.
class tls_session {
public:
  /// Which end of the connection this is.
  enum class end { accepting, connecting };

  /// `host` is whom a connecting end wants to reach: it is told, and its certificate must
  /// name it. Throws std::bad_alloc.
  tls_session(const tls_context& context, end which, int descriptor,
              const std::string& host = {});
  tls_session(tls_session&&) = delete;

  /// True: done. Reading and writing do it as well.
  bool shake_hands(boost::system::error_code& ec);
  /// What the peer ended in order is eof; an end without its word is an error.
  std::size_t read(void* to, std::size_t most, boost::system::error_code& ec);
  std::size_t write(const void* from, std::size_t size, boost::system::error_code& ec);
  /// Tells the peer that nothing follows.
  void end_sending();

  /// After would_block: the socket must become writable, else readable.
  bool reading_waits_for_room() const noexcept { return reading_waits_for_room_; }
  bool writing_waits_for_room() const noexcept { return writing_waits_for_room_; }
  /// Bytes are here already that no socket will announce.
  bool has_unread() const noexcept;

private:
  struct free_session {
    void operator()(ssl_st* s) const noexcept;
  };
  boost::system::error_code outcome(int result, bool& waits_for_room);

  std::unique_ptr<ssl_st, free_session> ssl_;
  bool reading_waits_for_room_ = false;
  bool writing_waits_for_room_ = true;
  bool starved_ = false;  ///< what is here is less than a record
  unsigned messages_ = 0; ///< of TLS itself, since the last data
};

} // namespace conductor

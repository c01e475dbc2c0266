#pragma once

#include "adapters/lane/lane.hpp"
#include "adapters/lane/outbox.hpp"
#include "adapters/tls/peer_socket.hpp"

#include <caf/actor_control_block.hpp>

#include <cstdint>
#include <string_view>

namespace conductor {

/// One socket of one actor, plain or under TLS. Its lane only.
///
/// It is settled once a turn, after the actors that the turn woke have run: everything
/// they queued goes out in one write, and only then the next bytes are waited for. Bytes
/// are read into the lane's one buffer, so a connection that waits holds none.
class channel {
public:
  /// What becomes of the socket, told to its actor inside a turn.
  class owner {
  public:
    /// Bytes came after `read()`; they are gone when this returns.
    virtual void received(std::string_view text) = 0;
    /// No more bytes will come; `eof` where the peer ended in order.
    virtual void read_failed(const boost::system::error_code& why) = 0;
    /// The socket took that many bytes of bodies.
    virtual void took(std::uint64_t body_bytes) = 0;
    /// The socket is full; the rest follows when there is room.
    virtual void full() = 0;
    /// All that was queued is written.
    virtual void emptied() = 0;
    virtual void write_failed(const boost::system::error_code& why) = 0;

  protected:
    ~owner() = default;
  };

  /// `actor`, whose member this is, lives on while an operation is under way.
  channel(lane& home, caf::actor_control_block* actor, owner& told)
      : home_(home), actor_(actor), told_(told), socket_(home.io()) {}

  /// For connecting, its options and TLS; reading and writing are this class's alone.
  peer_socket& socket() noexcept { return socket_; }

  /// Asks for the next bytes, once.
  void read();
  bool reading() const noexcept { return want_read_ || reading_; }

  void text(std::string t);
  void body(bytes data, bool chunked);
  /// Calls `emptied` at the end of the turn also when nothing was queued; under TLS not
  /// before both ends agree.
  void flush();
  bool empty() const noexcept { return out_.empty(); }
  /// Forgets what is not written yet.
  void drop_output() { out_ = {}; }

  void shutdown_send();
  void close();
  /// Gives the socket away; this channel is closed. Nothing may wait to be written.
  peer_socket release();

  /// For the lane: writes, then waits for bytes.
  void settle();

private:
  void settle_later();
  void write();
  void await_room();
  void await_bytes();
  void look_for_bytes(boost::system::error_code ec);

  lane& home_;
  caf::actor_control_block* actor_;
  owner& told_;
  peer_socket socket_;
  outbox out_;
  bool closed_ = false;
  bool settling_ = false; ///< the lane knows
  bool want_write_ = false;
  bool want_read_ = false;
  bool reading_ = false; ///< bytes are awaited
  bool writing_ = false; ///< room is awaited
};

} // namespace conductor

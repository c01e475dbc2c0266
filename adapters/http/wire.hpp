#pragma once

#include "adapters/http/dialects.hpp"
#include "adapters/http/guard.hpp"
#include "adapters/http/outbox.hpp"
#include "adapters/http/parser.hpp"
#include "adapters/http/router.hpp"
#include "adapters/lane/deadline.hpp"
#include "adapters/lane/hosted.hpp"
#include "config/settings.hpp"
#include "messages/actors.hpp"

#include <boost/asio/generic/stream_protocol.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace conductor {

using client_socket = boost::asio::generic::stream_protocol::socket;

/// What every WIRE of one listener shares.
struct wire_context {
  server_settings server;
  stream_settings stream;
  guard_rules guard;
  /// Starts the CLIENT of a new connection on its lane.
  std::function<client_actor(lane&, const wire_actor&)> make_client;
};

/// WIRE: one client's HTTP/1.1 socket. Parses requests and passes each to CLIENT; writes
/// the answer that CLIENT passes back, in the client's framing and dialect; publishes the
/// body of an upload. Watches for the peer's end even while an answer is awaited.
///
/// What breaks HTTP is refused here with 400 and a closed connection. An answer whose
/// head went out ends with an error record if it fails, or else with a cut connection.
class wire final : public hosted<wire_actor::base> {
public:
  wire(caf::actor_config& cfg, int descriptor, int family, std::string peer,
       std::shared_ptr<const wire_context> context);

  behavior_type make_behavior() override;
  void on_exit() override;
  const char* name() const override { return "wire"; }

private:
  enum class phase { head, body, answering, closing };

  // reading (wire_read.cpp)
  void read();
  void on_read(const boost::system::error_code& ec, std::size_t n);
  bool wants_bytes() const;
  void parse();
  bool feed();
  void begin_request();
  void on_head();
  void on_body();
  void ask();
  void begin_answer();
  void publish_upload();
  void refuse(int status, std::string_view text);

  // writing (wire_write.cpp)
  void answer(const conductor::response& r);
  void begin(const response_head& head);
  void body(bytes data);
  void end();
  void fail(const failed& f);
  void send_head(std::string text);
  void flush();
  void await_room();
  void answered();
  void lost();
  void expired();

  std::shared_ptr<const wire_context> context_;
  on_lane<client_socket> socket_;
  on_lane<deadline> deadline_;
  std::string peer_;
  client_actor client_;

  phase phase_ = phase::head;
  bool reading_ = false;
  bool writing_ = false; ///< room in the socket is awaited
  bool parsing_ = false;
  bool closed_ = false;   ///< the socket is gone
  bool draining_ = false; ///< no further request
  bool keep_ = true;      ///< the connection outlives this answer

  std::string in_;         ///< room for what is read
  std::size_t filled_ = 0; ///< bytes of it that were read
  std::size_t parsed_ = 0; ///< bytes of it that were parsed
  std::optional<request_parser> parser_;
  route route_;
  verdict guard_;
  std::string request_id_;
  int version_ = 11;
  bool asked_head_ = false;    ///< method HEAD: the answer has no body
  bool must_continue_ = false; ///< the peer awaits 100 before it sends its body

  bool uploading_ = false; ///< the request's body is still being published
  subscriber_actor upload_to_;
  std::uint64_t upload_demand_ = 0;

  outbox out_;
  bool head_sent_ = false;
  bool chunked_ = false;
  bool ended_ = false; ///< the answer's last byte is in the outbox
  framing framing_ = framing::opaque;
  std::uint64_t unreported_ = 0;
};

} // namespace conductor

#pragma once

#include "adapters/http/credentials.hpp"
#include "adapters/http/dialects.hpp"
#include "adapters/http/guard.hpp"
#include "adapters/http/parser.hpp"
#include "adapters/http/peer_book.hpp"
#include "adapters/http/router.hpp"
#include "adapters/lane/channel.hpp"
#include "adapters/lane/deadline.hpp"
#include "adapters/lane/hosted.hpp"
#include "config/settings.hpp"
#include "messages/actors.hpp"
#include "messages/admission.hpp"
#include "messages/session.hpp"

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>

#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace conductor {

/// A request to become a WebSocket.
using upgrade_request = boost::beast::http::request<boost::beast::http::empty_body>;

struct wire_context;

/// A connection that a listener accepted for a lane.
struct arrival {
  int descriptor = -1;
  int family = 0;
  std::string peer; ///< `address:port`, or `unix:uid=N`
  peer_book::seat seat;
  std::shared_ptr<const wire_context> context;
};

/// What every WIRE of one listener shares.
struct wire_context {
  server_settings server;
  stream_settings stream;
  trace_settings trace;
  guard_rules guard;
  priority_class default_class = priority_class::normal;
  std::shared_ptr<const conductor::gate> gate; ///< null: everybody may do everything
  std::shared_ptr<refusal_counts> refusals;    ///< null: nobody counts
  std::function<tls_context()> tls;            ///< as it is now; null: none is spoken
  budget_ptr budget;                           ///< of memory; null: there is none
  std::shared_ptr<peer_book> peers;            ///< null: nobody is counted
  /// Starts the CLIENT of a new connection on its lane.
  std::function<client_actor(lane&, const wire_actor&)> make_client;
  /// Starts the TALK that takes a connection over which asked to become a WebSocket.
  std::function<talk_actor(lane&, peer_socket, upgrade_request, std::string request_id,
                           holder peer)>
      make_talk;
};

/// WIRE: one client's HTTP/1.1 socket. Parses requests and passes each to CLIENT; writes
/// the answer that CLIENT passes back, in the client's framing and dialect; publishes the
/// body of an upload. Watches for the peer's end even while an answer is awaited.
///
/// What breaks HTTP is refused here with 400 and a closed connection. An answer whose
/// head went out ends with an error record if it fails, or else with a cut connection. A
/// connection that becomes a WebSocket is a TALK's; WIRE stays until that ends.
class wire final : public hosted<wire_actor::base>, private channel::owner {
public:
  wire(caf::actor_config& cfg, arrival accepted);

  behavior_type make_behavior() override;
  void on_exit() override;
  const char* name() const override { return "wire"; }

private:
  enum class phase { head, body, answering, closing };

  // reading (wire_read.cpp)
  void received(std::string_view text) override;
  void read_failed(const boost::system::error_code& why) override;
  bool wants_bytes() const;
  void parse();
  void keep_unparsed();
  bool feed();
  void begin_request();
  void on_head();
  void on_body();
  void ask();
  void upgrade();
  void begin_answer();
  void publish_upload();
  void watch_body();
  void refuse(int status, std::string_view text);

  // who may ask (wire_access.cpp)
  holder as_holder() const;
  bool may_hold(std::uint64_t size);
  bool may_keep(const conductor::response& r);
  bool let_in(const request_head& head, std::string_view path, std::string key);
  bool may_ask(conductor::request& asked);
  void turn_away(errc code, const std::string& text, unsigned retry_after_s = 0);
  void turn_away(const caf::error& why);
  void note_refusal(errc code, std::string_view text);
  void note_status(int status);

  // writing (wire_write.cpp)
  void answer(const conductor::response& r);
  void begin(const response_head& head);
  void body(bytes data, request_clock::time_point read);
  void offered();
  void end(std::string trailers = {});
  std::string timing_trailer(const answer_course& course, const usage& used) const;
  void fail(const failed& f);
  void send_head(std::string text);
  void took(std::uint64_t body_bytes) override;
  void full() override;
  void emptied() override;
  void write_failed(const boost::system::error_code& why) override;
  void answered();
  void leave_if_idle();
  void lost();
  void expired();

  // telling that the answer is awaited (wire_waiting.cpp)
  void begin_waiting(const conductor::request& asked);
  void say_waiting();
  bool takes_late_head(const response_head& head);

  std::shared_ptr<const wire_context> context_;
  on_lane<channel> socket_;
  on_lane<deadline> deadline_;
  std::string peer_;
  peer_book::seat seat_;
  client_actor client_;
  talk_actor talk_; ///< that has the socket; null: WIRE has it

  phase phase_ = phase::head;
  bool closed_ = false;   ///< the socket is gone
  bool draining_ = false; ///< no further request
  bool keep_ = true;      ///< the connection outlives this answer
  bool served_ = false;   ///< a request was answered

  std::string_view
      unparsed_; ///< what came and waits: in `in_` or, in its turn, the lane's
  std::string in_;
  std::optional<request_parser> parser_;
  route route_;
  verdict guard_;
  std::string request_id_;
  std::string method_, path_;   ///< for the audit: without query and key
  asker asker_;                 ///< for whom the peer asks
  std::shared_ptr<share> held_; ///< the body's or the answer's part of the node's memory
  grant_ptr by_;                ///< whose key it came with; null: needs none
  bool noted_ = false;          ///< the audit has it
  bool trusted_ = false;        ///< its headers that name users count
  int version_ = 11;
  bool asked_head_ = false;     ///< method HEAD: the answer has no body
  bool takes_trailers_ = false; ///< the peer said `TE: trailers`
  bool traced_ = false;         ///< CLIENT is told when the peer took the last byte
  request_clock::time_point received_{};
  bool must_continue_ = false; ///< the peer awaits 100 before it sends its body

  bool uploading_ = false; ///< the request's body is still being published
  subscriber_actor upload_to_;
  std::uint64_t upload_demand_ = 0;

  bool head_sent_ = false;
  bool chunked_ = false;
  bool ended_ = false; ///< the answer's last byte is queued
  framing framing_ = framing::opaque;
  std::uint64_t unreported_ = 0;
  // Of the blame ledger: pieces queued, and offered to the socket; since when it is full.
  std::vector<request_clock::time_point> handing_over_;
  std::size_t offered_ = 0;
  request_clock::time_point full_since_{};

  /// Of a stream that says that it waits, where that is configured.
  struct waiting {
    std::string model;
    bool chat = false;
    std::uint64_t spoken = 0; ///< bytes of the body that are the node's own
    int late_status = 0;      ///< of an answer that came after status 200 was said
    std::string late_body;    ///< of an error
  };
  std::optional<waiting> waiting_;
  on_lane<deadline> waiting_deadline_; ///< null: nothing is said
};

} // namespace conductor

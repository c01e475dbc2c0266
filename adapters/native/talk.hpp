#pragma once

#include "adapters/lane/channel.hpp"
#include "adapters/lane/hosted.hpp"
#include "adapters/native/followed.hpp"
#include "adapters/native/json_input.hpp"
#include "adapters/native/overview.hpp"
#include "adapters/native/talk_command.hpp"
#include "messages/actors.hpp"
#include "messages/admission.hpp"
#include "messages/monitored.hpp"
#include "messages/session.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>

namespace conductor {

/// What a TALK may use, and what it needs of its node.
struct talk_links {
  std::function<sessions_actor()> sessions; ///< the present one
  std::function<gpu_monitor_actor()> gpus;  ///< the present one
  std::function<overview_actor()> overview; ///< the present one
  std::string request_id;                   ///< of the upgrade, and of every turn
  std::string protocol;                     ///< that was agreed on; empty: none
  holder peer; ///< by whose key it came, and whose memory takes what comes and waits
  std::function<key_table_ptr()> keys; ///< as they are now; used where there is one
  std::function<trace_ptr()> trace;    ///< begins that of a turn
  std::size_t max_message_bytes = 16 * 1024 * 1024;
  std::size_t max_subscriptions = 256;
  std::size_t max_operations = 64;      ///< that wait for their acknowledgement
  std::size_t max_waiting = 256 * 1024; ///< bytes for the socket, before it is waited for
};

/// TALK owns one WebSocket of `/conductor/v1/ws`: follows many sessions at once, gives
/// them messages, cancels their turns; follows the GPUs, and the whole node.
///
/// It takes no operation and no event more than its socket takes: SESSION keeps what is
/// told meanwhile, and a socket that falls too far behind resumes with a snapshot. What
/// is asked behind a subscription waits for its acknowledgement. What is long is read on
/// a worker. A session that leaves
/// memory is followed on where it comes back. A peer for whom the node has no memory is
/// told to come again later. A ping goes out when nothing else does; a
/// peer that does not answer it is given up. Lane, adapter.
class talk final : public hosted<talk_actor::base> {
public:
  using upgrade = boost::beast::http::request<boost::beast::http::empty_body>;

  talk(caf::actor_config& cfg, peer_socket socket, upgrade asked, talk_links links);

  behavior_type make_behavior() override;
  void on_exit() override;
  const char* name() const override { return "talk"; }

private:
  /// One session that the peer follows.
  struct subscription {
    monitored<session_actor> session; ///< none: it is being found
    std::uint64_t next = 0;
    std::uint64_t number = 0; ///< of all subscriptions that the peer began
    std::size_t owed = 0;     ///< events written, for which no more were asked yet
    std::set<std::uint64_t> under_way; ///< answers to come
  };

  // who may ask (talk_operations.cpp)
  bool may_go_on();

  // the socket, and what the peer is told (talk.cpp)
  void accept();
  void read();
  std::string next_text();
  bool may_hold();
  void pass_on(const session_event& e);
  void ask_for_more();
  void acknowledge(const std::string& ref, json_input::json more);
  void refuse(const std::string& ref, const std::string& code, const std::string& detail);
  void refuse(const std::string& ref, const caf::error& e);
  void write(std::string text);
  void write_next();
  void close(boost::beast::websocket::close_code code, const char* reason);
  void close_if_drained();
  void gone();

  // what the peer asks (talk_operations.cpp)
  void take(std::string text);
  void obey(talk_question& asked);
  void obey(const std::string& ref, const subscribe_session& command);
  void go_on();
  void follow_on(const std::string& id, const session_actor& session);
  void find_again(const std::string& id, std::uint64_t number,
                  const caf::actor_addr& but);
  void obey(const std::string& ref, const unsubscribe_session& command);
  void obey(const std::string& ref, send_to_session& command);
  void obey(const std::string& ref, const cancel_in_session& command);

  // what is told of the node (talk_topics.cpp)
  void obey(const std::string& ref, const ask_topic& command);
  caf::error check_admin() const;
  template <class Event>
  bool may_be_told(followed<Event>& what, const char* topic);
  void ask_topics();
  void ask_gpus();
  void tell_gpus(const gpu_report_ptr& now);
  void ask_overview();
  void fail_topic(const char* topic, const caf::error& e);

  talk_links links_;
  upgrade asked_;
  using websocket = boost::beast::websocket::stream<peer_socket>;
  on_lane<websocket> socket_;
  boost::beast::flat_buffer in_;
  std::deque<std::string> out_;
  std::size_t waiting_ = 0;    ///< bytes in `out_`
  std::size_t being_read_ = 0; ///< bytes of the operation that a worker reads; 0: none
  share held_;                 ///< of the node's memory, for both
  std::size_t operations_ = 0; ///< under way
  std::map<std::string, subscription> subscriptions_; ///< by the session's id
  std::uint64_t begun_ = 0;                           ///< subscriptions
  bool subscribing_ = false;                          ///< one is being found
  followed<gpu_report> gpus_;
  followed<overview_text> overview_;
  bool reading_ = false;
  bool writing_ = false;
  bool closing_ = false;
  bool draining_ = false;
};

} // namespace conductor

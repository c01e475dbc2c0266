#include "adapters/native/talk.hpp"

#include "adapters/native/session_json.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/buffers_to_string.hpp>

#include <algorithm>
#include <utility>

namespace conductor {
namespace {

namespace asio = boost::asio;
namespace ws = boost::beast::websocket;
using json_input::json;

constexpr std::size_t part_of_message = 64 * 1024; ///< bytes read at once

ws::stream_base::timeout timing() {
  ws::stream_base::timeout t;
  t.handshake_timeout = std::chrono::seconds(10);
  t.idle_timeout = std::chrono::seconds(60);
  t.keep_alive_pings = true;
  return t;
}

/// Small windows: a connection that compresses costs some 40 KiB, not 300.
ws::permessage_deflate compression() {
  ws::permessage_deflate d;
  d.server_enable = true;
  d.server_max_window_bits = 12;
  d.client_max_window_bits = 12;
  d.compLevel = 3;
  d.memLevel = 4;
  d.msg_size_threshold = 256;
  return d;
}

/// Which answers are to come, by what is told of a session.
void note_turns(std::set<std::uint64_t>& under_way, const session_event& e) {
  if (e.type == event_type::message) { // its answer, or another message, is the next
    under_way.erase(e.message);
    under_way.insert(e.message + 1);
  } else if (is_terminal(e.type)) {
    under_way.erase(e.message);
  } else if (e.type == event_type::queued || e.type == event_type::loading ||
             e.type == event_type::started || e.type == event_type::delta) {
    under_way.insert(e.message);
  }
}

} // namespace

talk::talk(caf::actor_config& cfg, peer_socket socket, upgrade asked, talk_links links)
    : hosted(cfg)
    , links_(std::move(links))
    , asked_(std::move(asked))
    , socket_(new websocket(std::move(socket)), destroy_on_lane{&home()}) {
  socket_->set_option(timing());
  socket_->set_option(compression());
  socket_->set_option(ws::stream_base::decorator(
      [id = links_.request_id, protocol = links_.protocol](ws::response_type& r) {
        r.set("X-Request-Id", id);
        if (!protocol.empty())
          r.set(boost::beast::http::field::sec_websocket_protocol, protocol);
      }));
  socket_->read_message_max(links_.max_message_bytes);
  socket_->text(true);
  held_ = links_.peer.open();
}

talk::behavior_type talk::make_behavior() {
  set_down_handler([this](const caf::down_msg& down) {
    for (auto& [id, s] : subscriptions_)
      if (s.session.is(down.source)) {
        s.session = {};
        find_again(id, s.number, down.source);
        return;
      }
  });
  accept();
  return {
      [this](const event_ptr& e) { pass_on(*e); },
      [this](drain) {
        draining_ = true;
        close_if_drained();
      },
      [this](expel) {
        if (closing_)
          gone(); // the peer was told, and does not answer
        else
          close(ws::close_code::going_away, "the node is stopping");
      },
  };
}

void talk::on_exit() {
  closing_ = true;
  socket_->next_layer().close();
  subscriptions_.clear();
}

// ---- the socket

void talk::accept() {
  socket_->async_accept(asked_, [this, alive = caf::strong_actor_ptr{ctrl()}](
                                    boost::system::error_code ec) {
    lane::turn scope{home(), "talk"};
    if (ec)
      gone();
    else
      read();
  });
}

/// Reads the next operation, when there is room for its answer.
void talk::read() {
  if (reading_ || closing_ || subscribing_ || being_read_ > 0 ||
      operations_ >= links_.max_operations || waiting_ >= links_.max_waiting)
    return;
  reading_ = true;
  socket_->async_read_some(
      in_, part_of_message,
      [this, alive = caf::strong_actor_ptr{ctrl()}](boost::system::error_code ec,
                                                    std::size_t) {
        lane::turn scope{home(), "talk"};
        reading_ = false;
        if (ec)
          gone(); // Beast has answered a close, and closed for what was wrong
        else if (!socket_->is_message_done())
          may_hold();
        else if (socket_->got_text())
          take(next_text());
        else
          close(ws::close_code::unknown_data, "operations are JSON texts");
        read();
      });
}

std::string talk::next_text() {
  auto text = boost::beast::buffers_to_string(in_.data());
  in_.clear();
  if (in_.capacity() > links_.max_waiting)
    in_.shrink_to_fit();
  may_hold();
  return text;
}

/// What has come of a message, and what waits for the socket, takes the node's memory;
/// false: there is no more of it.
bool talk::may_hold() {
  const auto now = in_.capacity() + waiting_ + being_read_;
  const auto more = now - std::min<std::size_t>(now, held_.value());
  if (now > links_.max_waiting &&
      links_.peer.check(class_for(links_.peer.by, std::nullopt, priority_class::normal),
                        more)) {
    close(ws::close_code::try_again_later, "the node has no memory for more");
    if (!reading_) {
      in_.clear();
      in_.shrink_to_fit();
    }
    out_.resize(std::min<std::size_t>(out_.size(), writing_ ? 1 : 0));
    held_.set(0);
    return false;
  }
  held_.set(now);
  return true;
}

void talk::write(std::string text) {
  if (closing_)
    return;
  waiting_ += text.size();
  out_.push_back(std::move(text));
  if (may_hold())
    write_next();
}

void talk::write_next() {
  if (writing_ || closing_ || out_.empty())
    return;
  writing_ = true;
  socket_->async_write(asio::buffer(out_.front()),
                       [this, alive = caf::strong_actor_ptr{ctrl()}](
                           boost::system::error_code ec, std::size_t) {
                         lane::turn scope{home(), "talk"};
                         writing_ = false;
                         if (ec) {
                           gone();
                           return;
                         }
                         waiting_ -= out_.front().size();
                         out_.pop_front();
                         may_hold();
                         write_next();
                         ask_for_more();
                         close_if_drained();
                         read();
                       });
}

void talk::close(ws::close_code code, const char* reason) {
  if (std::exchange(closing_, true))
    return;
  socket_->async_close({code, reason}, [this, alive = caf::strong_actor_ptr{ctrl()}](
                                           boost::system::error_code) {
    lane::turn scope{home(), "talk"};
    gone();
  });
}

void talk::gone() {
  closing_ = true;
  socket_->next_layer().close();
  caf::anon_send_exit(caf::actor_cast<caf::actor>(caf::strong_actor_ptr{ctrl()}),
                      caf::exit_reason::user_shutdown);
}

/// Once all that was under way is told, and written.
void talk::close_if_drained() {
  if (!draining_ || operations_ > 0 || !out_.empty())
    return;
  for (const auto& [id, s] : subscriptions_)
    if (!s.under_way.empty())
      return;
  close(ws::close_code::going_away, "the node is stopping");
}

// ---- what the peer is told

void talk::pass_on(const session_event& e) {
  const auto who = current_sender();
  if (!may_go_on())
    return;
  for (auto& [id, s] : subscriptions_) {
    if (!s.session.is(who))
      continue;
    ++s.owed;
    // Told before the session knew that the peer left, and has come back since.
    if (e.type != event_type::snapshot && e.seq != s.next) {
      ask_for_more();
      return;
    }
    s.next = e.seq + 1;
    note_turns(s.under_way, e);
    write("{\"session\":\"" + id + "\"," + to_json(e).substr(1));
    ask_for_more();
    close_if_drained();
    return;
  }
}

/// Events are asked for as the socket takes them.
void talk::ask_for_more() {
  if (waiting_ >= links_.max_waiting)
    return;
  for (auto& [id, s] : subscriptions_)
    if (s.session && s.owed > 0)
      send(*s.session, more{std::exchange(s.owed, 0)});
  ask_topics();
}

void talk::acknowledge(const std::string& ref, json more) {
  json j{{"type", "ack"}, {"ref", ref}};
  j.update(more);
  write(json_input::dump(j));
}

void talk::refuse(const std::string& ref, const std::string& code,
                  const std::string& detail) {
  write(json_input::dump(
      {{"type", "error"}, {"ref", ref}, {"code", code}, {"detail", detail}}));
}

void talk::refuse(const std::string& ref, const caf::error& e) {
  const auto f = to_failure(e);
  refuse(ref, to_string(f.code), f.detail);
}

} // namespace conductor

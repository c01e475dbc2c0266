#include "adapters/http/wire.hpp"

#include "adapters/http/head_text.hpp"
#include "messages/timing.hpp"

#include <algorithm>
#include <utility>

namespace conductor {
namespace {

constexpr auto linger = std::chrono::seconds(1);
/// Bytes of it that are told.
constexpr std::size_t longest_late_error = 64 * 1024;

} // namespace

/// Completes a head with what belongs to this connection, and queues it.
void wire::send_head(std::string text) {
  for (const auto& h : guard_.headers)
    add_header(text, h.name, h.value);
  add_header(text, "X-Request-Id", request_id_);
  if (!keep_ || uploading_)
    add_header(text, "Connection", "close");
  else if (version_ < 11)
    add_header(text, "Connection", "keep-alive");
  text += "\r\n";
  socket_->text(std::move(text));
  head_sent_ = true;
}

void wire::answer(const conductor::response& r) {
  if (!may_keep(r))
    return;
  note_status(r.status);
  auto text = head_text(r.status, r.headers);
  if (route_.speaks == dialect::native && received_ != request_clock::time_point{})
    add_header(text, "Server-Timing", total_timing(request_clock::now() - received_));
  if (!r.content_type.empty())
    add_header(text, "Content-Type", r.content_type);
  if (r.status != 204)
    add_header(text, "Content-Length", std::to_string(r.body.size()));
  send_head(std::move(text));
  if (!asked_head_)
    socket_->text(r.body);
  ended_ = true;
  socket_->flush();
}

void wire::begin(const response_head& head) {
  if (takes_late_head(head))
    return;
  note_status(head.status);
  auto text = head_text(head.status, head.headers);
  framing_ = framing_of(header_value(head.headers, "Content-Type"));
  if (framing_ != framing::opaque) {
    if (header_value(head.headers, "X-Accel-Buffering").empty())
      add_header(text, "X-Accel-Buffering", "no");
    if (header_value(head.headers, "Cache-Control").empty())
      add_header(text, "Cache-Control", "no-cache");
  }
  if (!head.backend.empty())
    add_header(text, "X-Conductor-Backend", head.backend);
  if (head.length) {
    add_header(text, "Content-Length", std::to_string(*head.length));
  } else if (!head.bodiless) {
    chunked_ = version_ >= 11;
    if (chunked_)
      add_header(text, "Transfer-Encoding", "chunked");
    if (chunked_ && takes_trailers_ && route_.speaks != dialect::native)
      add_header(text, "Trailer", "Server-Timing");
    if (!chunked_)
      keep_ = false; // the end of the connection is the end of the body
  }
  send_head(std::move(text));
  // Written with the first bytes of the body, which follow in this turn.
}

void wire::body(bytes data, request_clock::time_point read) {
  if (waiting_ && waiting_->late_status >= 400) {
    if (waiting_->late_body.size() < longest_late_error)
      waiting_->late_body += data.view();
    send(client_, wrote{data.size()});
    return;
  }
  socket_->body(std::move(data), chunked_);
  if (read != request_clock::time_point{})
    handing_over_.push_back(read);
}

/// For a peer that said that it reads trailers: nobody else sees another byte.
std::string wire::timing_trailer(const answer_course& course, const usage& used) const {
  if (!takes_trailers_ || !chunked_)
    return {};
  std::string text;
  const auto now = request_clock::now();
  if (const auto t = server_timing(timing_of(course, used, received_, now)); !t.empty())
    add_header(text, "Server-Timing", t);
  return text;
}

void wire::end(std::string trailers) {
  if (waiting_ && waiting_->late_status >= 400) {
    const auto said = std::exchange(waiting_->late_status, 0);
    socket_->body(bytes::adopt(error_record(route_.speaks, framing_,
                                            error_text(waiting_->late_body),
                                            "upstream_" + std::to_string(said))),
                  true);
  }
  if (chunked_)
    socket_->text("0\r\n" + std::move(trailers) + "\r\n");
  ended_ = true;
  socket_->flush();
}

void wire::fail(const failed& f) {
  if (waiting_deadline_)
    waiting_deadline_->clear();
  const auto message = message_of(f.code, f.detail);
  note_refusal(f.code, message);
  if (!head_sent_) {
    answer(error_response(route_.speaks, status_of(f.code), message, to_string(f.code),
                          request_id_, f.retry_after_s));
    return;
  }
  auto record = error_record(route_.speaks, framing_, message, to_string(f.code));
  if (record.empty() || !chunked_) {
    keep_ = false; // a body cut short can only be told by cutting the connection
    ended_ = true;
    socket_->flush();
    return;
  }
  socket_->body(bytes::adopt(std::move(record)), true);
  end(timing_trailer(f.course, {}));
}

/// The socket was offered what is queued: the node's part of the delay ends here, and the
/// client's begins.
void wire::offered() {
  if (handing_over_.empty())
    return;
  const auto now = request_clock::now();
  auto& ledger = home().relay;
  for (const auto read : handing_over_)
    ledger.conductor.observe(std::chrono::duration<double>(now - read).count());
  offered_ += handing_over_.size();
  handing_over_.clear();
}

void wire::took(std::uint64_t body_bytes) {
  offered();
  if (waiting_) { // CLIENT knows nothing of what the node said itself
    const auto own = std::min(body_bytes, waiting_->spoken);
    waiting_->spoken -= own;
    body_bytes -= own;
  }
  unreported_ += body_bytes;
  // Reported in steps that never exhaust CLIENT's window.
  if (unreported_ * 8 >= context_->stream.window_bytes)
    send(client_, wrote{std::exchange(unreported_, 0)});
}

void wire::full() {
  offered();
  if (full_since_ == request_clock::time_point{})
    full_since_ = request_clock::now();
  deadline_->set(context_->stream.write_timeout);
}

void wire::emptied() {
  const auto since = std::exchange(full_since_, {});
  const auto waited =
      since == request_clock::time_point{}
          ? 0.0
          : std::chrono::duration<double>(request_clock::now() - since).count();
  for (; offered_ > 0; --offered_)
    home().relay.client.observe(waited);
  if (uploading_)
    watch_body();
  else if (phase_ == phase::answering)
    deadline_->clear();
  if (ended_)
    answered();
}

void wire::write_failed(const boost::system::error_code&) {
  lost();
}

void wire::answered() {
  ended_ = false;
  held_ = nullptr;
  if (std::exchange(traced_, false))
    send(client_, answer_taken{});
  served_ = true;
  unreported_ = 0;
  if (keep_ && !uploading_) {
    phase_ = phase::head;
    deadline_->set(context_->server.keep_alive);
    parse();
    return;
  }
  // Closing at once could reset the connection under bytes that the peer still has to
  // read.
  phase_ = phase::closing;
  uploading_ = false;
  socket_->shutdown_send();
  deadline_->set(linger);
  socket_->read();
}

} // namespace conductor

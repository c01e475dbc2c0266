#include "adapters/http/wire.hpp"

#include <caf/send.hpp>

#include <utility>

namespace conductor {
namespace {

constexpr const char* body_stopped =
    "the request's body stopped for longer than server.body_timeout";

} // namespace

wire::wire(caf::actor_config& cfg, arrival accepted)
    : hosted(cfg)
    , context_(std::move(accepted.context))
    , socket_(new channel(home(), ctrl(), *this), destroy_on_lane{&home()})
    , deadline_(new deadline(home().io(), ctrl(), [this] { expired(); }),
                destroy_on_lane{&home()})
    , peer_(std::move(accepted.peer))
    , seat_(std::move(accepted.seat)) {
  const bool tcp = accepted.family != AF_UNIX;
  auto& socket = socket_->socket();
  boost::system::error_code ignored;
  socket.plain().assign({accepted.family, tcp ? IPPROTO_TCP : 0}, accepted.descriptor,
                        ignored);
  socket.connected(tcp);
  if (context_->tls)
    socket.accept_tls(context_->tls());
}

wire::behavior_type wire::make_behavior() {
  set_down_handler([this](const caf::down_msg&) { quit(); }); // TALK's end
  client_ = context_->make_client(home(), caf::actor_cast<wire_actor>(this));
  // Under TLS the first request must not be far: until it comes, the ends may still have
  // to agree.
  deadline_->set(context_->tls ? context_->server.head_timeout
                               : context_->server.keep_alive);
  socket_->read();
  return {
      // SUBSCRIBER: the answer.
      [this](const started& s) { begin(*s.head); },
      [this](next& n) { body(std::move(n.data), n.read); },
      [this](const complete& c) { end(timing_trailer(c.course, c.used)); },
      [this](const failed& f) { fail(f); },
      // PUBLISHER: the body of an upload.
      [this](subscribe& s) {
        upload_to_ = std::move(s.reader);
        publish_upload();
      },
      [this](demand d) {
        upload_demand_ += d.bytes;
        publish_upload();
        parse();
      },
      [this](cancel) { // nobody takes the rest: it is not read
        upload_to_ = nullptr;
        upload_demand_ = 0;
        if (uploading_)
          watch_body();
      },
      [this](const conductor::response& r) { answer(r); },
      [this](drain d) {
        if (talk_)
          send(talk_, d);
        else
          send(client_, d);
        draining_ = true;
        keep_ = false;
        leave_if_idle();
      },
      [this](expel e) {
        if (talk_) {
          send(talk_, e);
          return;
        }
        send(client_, e);
        if (phase_ == phase::head || phase_ == phase::body)
          lost();
      },
      [this](gone) { quit(); },
  };
}

void wire::on_exit() {
  if ((talk_ || !std::exchange(closed_, true)) && client_)
    caf::anon_send(client_, gone{}); // TALK's end, or ended from outside
  if (talk_)
    caf::anon_send_exit(std::exchange(talk_, nullptr), caf::exit_reason::user_shutdown);
  deadline_->stop();
  if (waiting_deadline_)
    waiting_deadline_->stop();
  socket_->close();
  client_ = nullptr;
  upload_to_ = nullptr;
  seat_ = {};
  held_ = nullptr;
}

/// While the node drains. A newcomer's first request may be on its way still: a
/// connection that was accepted is not refused, so it is given a moment.
void wire::leave_if_idle() {
  constexpr auto moment = std::chrono::milliseconds(1000);
  boost::system::error_code ec;
  if (closed_ || phase_ != phase::head || !unparsed_.empty() ||
      socket_->socket().plain().available(ec) > 0)
    return;
  if (served_)
    lost();
  else
    deadline_->set(moment);
}

void wire::lost() {
  if (std::exchange(closed_, true))
    return;
  if (phase_ == phase::answering)
    note_status(0);
  socket_->close();
  deadline_->stop();
  if (waiting_deadline_)
    waiting_deadline_->stop();
  if (upload_to_)
    send(std::exchange(upload_to_, nullptr),
         failed{errc::body_aborted, "the client left inside its request body"});
  send(client_, gone{});
  send(caf::actor_cast<wire_actor>(this), gone{});
}

void wire::expired() {
  lane::turn scope{home(), "wire"};
  switch (phase_) {
  case phase::head:
    if (!unparsed_.empty())
      refuse(408, "the request's head did not arrive in server.head_timeout");
    else
      lost();
    break;
  case phase::body:
    refuse(408, body_stopped);
    break;
  case phase::answering:
    if (uploading_ && !head_sent_) {
      refuse(408, body_stopped);
      break;
    }
    [[fallthrough]]; // the peer takes nothing
  case phase::closing:
    lost();
    break;
  }
}

} // namespace conductor

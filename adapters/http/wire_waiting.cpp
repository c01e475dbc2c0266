#include "adapters/http/wire.hpp"

#include <ctime>
#include <utility>

namespace conductor {
namespace {

std::string time_text() {
  const auto now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

} // namespace

/// Only streams of HTTP/1.1 can begin before they have something to say.
void wire::begin_waiting(const conductor::request& asked) {
  waiting_.reset();
  const auto every = context_->stream.keep_alive;
  if (every.count() == 0 || asked.kind != request_kind::inference || !asked.streams ||
      version_ < 11 || asked_head_)
    return;
  waiting_ = waiting{asked.model, asked.target.starts_with("/api/chat"), 0, 0, {}};
  if (!waiting_deadline_)
    waiting_deadline_ =
        on_lane<deadline>(new deadline(home().io(), ctrl(), [this] { say_waiting(); }),
                          destroy_on_lane{&home()});
  waiting_deadline_->set(every);
}

void wire::say_waiting() {
  lane::turn scope{home(), "wire"};
  if (closed_ || phase_ != phase::answering || !waiting_ || ended_)
    return;
  const auto frames = stream_framing(route_.speaks);
  if (!head_sent_) {
    response_head head;
    head.headers = {{"Content-Type", std::string{stream_type(frames)}}};
    begin(head);
  }
  auto record = waiting_record(frames, waiting_->chat, waiting_->model, time_text());
  waiting_->spoken += record.size();
  socket_->body(bytes::adopt(std::move(record)), chunked_);
  socket_->flush();
  waiting_deadline_->set(context_->stream.keep_alive);
}

/// A head that comes after status 200 was said: a stream just goes on, an error has to be
/// told inside.
bool wire::takes_late_head(const response_head& head) {
  if (waiting_deadline_)
    waiting_deadline_->clear();
  if (!waiting_ || !head_sent_)
    return false;
  waiting_->late_status = head.status;
  return true;
}

} // namespace conductor

#include "tests/support/ollama/record_stream.hpp"

#include <algorithm>
#include <cstdio>

namespace conductor::test {

namespace asio = boost::asio;
using clock = connection::clock;

namespace {

// Streams without a pause let others have the thread after so many records.
constexpr std::size_t turn = 16;

} // namespace

record_stream::record_stream(exchange& x, dialect& spelling)
    : x_(x), spelling_(spelling), due_(clock::now() + x.how.first) {
  if (x_.head.version_1_0)
    x_.keep_alive = false;
}

asio::awaitable<bool> record_stream::ready() {
  const auto& how = x_.how;
  if (sent_ > 0 && how.gap.count() > 0)
    due_ = how.stamps ? due_ + how.gap : std::max(due_ + how.gap, clock::now());
  if (due_ > clock::now()) {
    if (!co_await x_.client.sleep_until(due_))
      co_return false;
  } else if (sent_ % turn == turn - 1) {
    co_await x_.client.yield();
  }
  co_return co_await misbehave();
}

// Plays the fault that is due before the next record, if any.
asio::awaitable<bool> record_stream::misbehave() {
  const auto& how = x_.how;
  if (how.hang_after == sent_) {
    co_await x_.hang();
    co_return false;
  }
  if (how.die_after == sent_ && !how.partial) {
    x_.die();
    co_return false;
  }
  if (how.error_after == sent_)
    co_return co_await fail();
  if (how.garbage_after == sent_) {
    std::string out;
    begin(out);
    if (how.garbage_frame)
      out += how.garbage;
    else
      frame(out, how.garbage);
    if (!co_await x_.client.write(out, x_.pieces()))
      co_return false;
    if (how.garbage_frame) {
      x_.die();
      co_return false;
    }
  }
  co_return true;
}

asio::awaitable<bool> record_stream::fail() {
  const auto& how = x_.how;
  if (!open_) {
    auto status = how.status != 0 ? how.status : 500;
    co_await x_.send({status, spelling_.error_body(status, how.error_text),
                      std::string(spelling_.error_type())});
    co_return false;
  }
  frames last;
  spelling_.error(last, how.error_text);
  std::string out;
  if (!last.bytes.empty())
    frame(out, last.bytes);
  if (out.empty() || co_await x_.client.write(out, x_.pieces()))
    co_await end();
  co_return false;
}

void record_stream::begin(std::string& out) {
  if (open_)
    return;
  open_.emplace(x_.at.seen, &counts::open_streams);
  out += x_.response_head(200, spelling_.content_type());
  out += spelling_.stream_head();
  out += x_.head.version_1_0 ? "\r\n" : "Transfer-Encoding: chunked\r\n\r\n";
}

void record_stream::frame(std::string& out, std::string_view bytes) const {
  if (x_.head.version_1_0) {
    out += bytes;
    return;
  }
  char size[20];
  out.append(size, std::snprintf(size, sizeof size, "%zx\r\n", bytes.size()));
  (out += bytes) += "\r\n";
}

asio::awaitable<bool> record_stream::send(const frames& record, bool last) {
  const auto& how = x_.how;
  std::string_view bytes = record.bytes;
  if (how.die_after == sent_ && how.partial) {
    out_.clear();
    begin(out_);
    frame(out_, bytes);
    co_await x_.client.write(
        std::string_view(out_).substr(0, out_.size() - bytes.size() / 2 - 2),
        x_.pieces());
    x_.die();
    co_return false;
  }
  std::size_t from = 0;
  for (auto until : record.ends) {
    out_.clear();
    begin(out_);
    frame(out_, bytes.substr(from, until - from));
    from = until;
    if (last && how.join_end && until == record.ends.back()) {
      out_ += x_.head.version_1_0 ? "" : "0\r\n\r\n";
      ended_ = x_.complete = true;
    }
    if (!co_await x_.client.write(out_, x_.pieces()))
      co_return false;
  }
  ++sent_;
  x_.at.seen.update([](counts& c) { ++c.records; });
  co_return true;
}

asio::awaitable<void> record_stream::end() {
  if (ended_)
    co_return;
  ended_ = true;
  if (x_.how.hang_after == sent_) {
    co_await x_.hang();
    co_return;
  }
  if (x_.how.die_after == sent_) {
    x_.die();
    co_return;
  }
  std::string out;
  begin(out);
  if (!x_.head.version_1_0)
    out += "0\r\n\r\n";
  if (co_await x_.client.write(out, x_.pieces()))
    x_.complete = true;
}

} // namespace conductor::test

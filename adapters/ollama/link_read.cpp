#include "adapters/ollama/link.hpp"

#include <boost/beast/http/error.hpp>

#include <utility>

namespace conductor {
namespace {

namespace http = boost::beast::http;

/// Before an answer; Ollama sends none.
constexpr unsigned most_interim_answers = 32;

} // namespace

/// Reads while there is demand; an idle connection reads to see its end.
void link::read() {
  if (socket_->reading() || closed_ || phase_ == phase::fresh ||
      phase_ == phase::connecting || phase_ == phase::securing)
    return;
  if (phase_ == phase::streaming && (demand_ == 0 || !ready_.empty())) {
    deadline_->clear(); // the reader pauses, not Ollama
    return;
  }
  if (phase_ == phase::streaming)
    deadline_->set(gap_limit());
  if (phase_ != phase::idle && waits_since_ == request_clock::time_point{})
    waits_since_ = request_clock::now();
  socket_->read();
}

void link::received(std::string_view text) {
  if (phase_ == phase::idle) {
    close(); // it speaks unasked
    return;
  }
  if (phase_ == phase::first_byte)
    phase_ = phase::streaming;
  read_at_ = request_clock::now();
  if (const auto since = std::exchange(waits_since_, {});
      since != request_clock::time_point{})
    home().relay.upstream.observe(
        std::chrono::duration<double>(read_at_ - since).count());
  if (!feed(text))
    return;
  publish();
  read();
}

void link::read_failed(const boost::system::error_code& ec) {
  if (phase_ == phase::idle) {
    close();
    return;
  }
  if (phase_ == phase::first_byte) {
    if (reused_)
      fail(errc::stale_connection, where() + " closed the connection");
    else
      fail(errc::upstream_lost,
           "Ollama at " + where() + " closed without an answer: " + ec.message());
    return;
  }
  // A body without length or chunks ends with its connection.
  boost::beast::error_code end;
  if (ec == boost::asio::error::eof && parser_->is_header_done() && parser_->need_eof()) {
    parser_->put_eof(end);
    if (!end) {
      body_over_ = true;
      publish();
      return;
    }
  }
  fail(errc::upstream_lost,
       "Ollama at " + where() +
           " ended the connection inside an answer: " + ec.message());
}

/// Gives the parser what was read; false when the exchange failed.
bool link::feed(std::string_view text) {
  if (!head_part_.empty()) {
    head_part_.append(text);
    text = head_part_;
  }
  while (!text.empty() && !body_over_) {
    const bool in_head = !parser_->is_header_done();
    boost::beast::error_code ec;
    const auto n = parser_->put(boost::asio::buffer(text.data(), text.size()), ec);
    text.remove_prefix(n);
    if (ec == http::error::need_more && n == 0) {
      // Behind the head only extensions of a chunk and trailers are not taken as they
      // come.
      if (text.size() <= answer_parser::max_head)
        break;
      fail(errc::upstream_invalid,
           "Ollama at " + where() +
               " sent extensions of a chunk, or trailers, without end");
      return false;
    }
    if (ec && ec != http::error::need_more) {
      fail(errc::upstream_invalid,
           "Ollama at " + where() + " does not speak HTTP/1.1: " + ec.message());
      return false;
    }
    if (in_head && parser_->is_header_done()) {
      if (parser_->status < 200) { // an interim answer; the real one follows
        if (++interim_ > most_interim_answers) {
          fail(errc::upstream_invalid,
               "Ollama at " + where() + " sent interim answers without end");
          return false;
        }
        parser_.emplace(now_.asked->method == "HEAD");
        continue;
      }
      tell_head();
    }
    body_over_ = parser_->is_done();
  }
  head_part_ = std::string{text};
  return true;
}

void link::tell_head() {
  auto head = std::make_shared<response_head>();
  head->status = parser_->status;
  head->backend = server_->name;
  head->bodiless =
      now_.asked->method == "HEAD" || head->status == 204 || head->status == 304;
  if (const auto length = parser_->content_length())
    head->length = *length;
  splitter_.emplace(parser_->content_type, head->status, now_.asked->speaks,
                    timing_.max_record_bytes);
  head->headers = std::move(parser_->headers);
  if (const auto& to = now_.at->changes; to && !to->model.empty()) {
    renames_.emplace(to->model, now_.asked->model);
    head->length.reset(); // another name has another length
  }
  send(*reader_, started{std::move(head)});
}

/// Passes on what demand allows, then the end.
void link::publish() {
  if (!splitter_)
    return;
  // A name can be replaced where the whole record is there.
  const bool waits = renames_ && splitter_->opaque() && !body_over_;
  bool too_long = waits && parser_->body.size() > timing_.max_record_bytes;
  if (!parser_->body.empty() && !waits) {
    const auto whole = splitter_->push(parser_->body);
    if (!whole.empty())
      ready_.push_back(renames_ ? bytes::adopt(renames_->apply(whole))
                                : bytes::copy_of(whole));
    parser_->body.clear();
    too_long = splitter_->too_long();
  }
  if (too_long) {
    fail(errc::record_too_long,
         "Ollama at " + where() + " sent a record larger than upstream.max_record");
    return;
  }
  if (body_over_ && !splitter_->rest().empty()) {
    ready_.push_back(bytes::copy_of(splitter_->rest()));
    splitter_->drop_rest();
  }
  while (demand_ > 0 && !ready_.empty()) {
    auto& front = ready_.front();
    const auto part = front.slice(0, demand_);
    demand_ -= part.size();
    if (part.size() == front.size())
      ready_.pop_front();
    else
      front = front.slice(part.size());
    send(*reader_, next{part, std::exchange(read_at_, {})});
  }
  if (body_over_ && ready_.empty())
    finish();
}

complete link::end_of_stream() const {
  const auto& end = splitter_->end();
  return {end.counters(), splitter_->ended_with_error(), end.reason(), {}};
}

void link::finish() {
  const auto reader = std::exchange(reader_, {});
  if (splitter_->finished())
    send(*reader, end_of_stream());
  else
    send(*reader,
         failed{errc::stream_truncated,
                "Ollama at " + where() + " ended a stream before its last record"});
  const bool reusable = parser_->keep_alive() && socket_->empty() && upload_over_ &&
                        head_part_.empty() && !parser_->need_eof();
  splitter_.reset();
  if (!reusable) {
    close();
    return;
  }
  now_ = {};
  phase_ = phase::idle;
  deadline_->clear();
  read();
  send(*pool_, link_idle{server_, caf::actor_cast<link_actor>(this)});
}

} // namespace conductor

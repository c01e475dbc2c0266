#include "adapters/trace/exporter.hpp"

#include "messages/header.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <string_view>
#include <utility>

namespace conductor {
namespace {

using self_ptr = exporting_actor::stateful_pointer<exporter_state>;
using std::chrono::seconds;

constexpr std::size_t batch_spans = 512;
constexpr std::size_t batch_bytes = 1u << 20;
constexpr std::size_t longest_answer = 64 * 1024;
constexpr std::uint64_t window = 64 * 1024;
constexpr unsigned most_tries = 5;
constexpr seconds longest_pause{30};

void send_next(self_ptr self);
void end_batch(self_ptr self, std::size_t lost, const std::string& why = {});

void ask(self_ptr self) {
  auto& st = self->state;
  ++st.tries;
  ++st.number;
  st.status = 0;
  st.retry_after_s = 0;
  st.answer.clear();
  auto asked = std::make_shared<request>();
  asked->id = "conductor";
  asked->method = "POST";
  asked->target = "/v1/traces";
  asked->headers = {{"User-Agent", "conductor"}, {"Content-Type", "application/json"}};
  asked->body = bytes::adopt(otlp::export_request(st.links.of, st.batch.text));
  auto at = std::make_shared<lease>();
  at->backend = st.collector->name;
  at->server = st.collector;
  self->request(st.links.upstreams, caf::infinite,
                open_exchange{std::move(asked), std::move(at),
                              caf::actor_cast<subscriber_actor>(self), window})
      .then(
          [self](publisher_actor exchange) {
            self->state.exchange = {self, std::move(exchange)};
          },
          [self](const caf::error&) {
            end_batch(self, self->state.batch.spans, "its connections failed");
          });
}

/// A tick comes when what waits has waited long enough.
void wait_for_more(self_ptr self) {
  auto& st = self->state;
  if (!st.waiting.empty() && !std::exchange(st.timing, true))
    self->delayed_send(self, st.how.interval, tick{});
}

void send_batch(self_ptr self) {
  auto& st = self->state;
  if (st.batch.spans > 0 || st.waiting.empty())
    return;
  st.batch = st.waiting.take(batch_spans, batch_bytes);
  st.tries = 0;
  ask(self);
}

/// At once where there is enough, or somebody waits for the end.
void send_next(self_ptr self) {
  auto& st = self->state;
  if (st.waiting.spans() >= batch_spans || st.waiting.bytes() >= batch_bytes ||
      !st.draining.empty())
    send_batch(self);
  else
    wait_for_more(self);
  if (st.batch.spans == 0 && st.waiting.empty())
    for (auto& promise : std::exchange(st.draining, {}))
      promise.deliver(drained{});
}

/// The batch is over; `lost`: how many of its spans were not taken.
void end_batch(self_ptr self, std::size_t lost, const std::string& why) {
  auto& st = self->state;
  auto& counts = *st.links.counts;
  lost = std::min(lost, st.batch.spans);
  counts.exported += st.batch.spans - lost;
  counts.dropped += lost;
  if (lost > 0 && !std::exchange(st.failing, true))
    spdlog::warn("the collector at {} does not take spans, which are dropped: {}",
                 to_url(st.collector->url), why);
  else if (lost == 0 && std::exchange(st.failing, false))
    spdlog::info("the collector at {} takes spans again", to_url(st.collector->url));
  st.batch = {};
  send_next(self);
}

/// The same batch once more, later; or never.
void send_again(self_ptr self, const std::string& why, seconds pause) {
  auto& st = self->state;
  if (st.tries >= most_tries || !st.draining.empty()) {
    end_batch(self, st.batch.spans, why);
    return;
  }
  st.pausing = true;
  self->delayed_send(self, std::min(pause, longest_pause), ask_again{st.number});
}

/// 1, 2, 4, 8 seconds.
seconds growing_pause(unsigned tries) {
  return seconds(1u << std::min(tries - 1, 5u));
}

void answered(self_ptr self) {
  auto& st = self->state;
  constexpr std::array later{429, 502, 503, 504};
  if (st.status >= 200 && st.status < 300) {
    const auto refused = otlp::rejected_in(st.answer);
    end_batch(self, refused, "it refused " + std::to_string(refused) + " of them");
    return;
  }
  const auto why = "it answered with status " + std::to_string(st.status);
  if (std::find(later.begin(), later.end(), st.status) == later.end())
    end_batch(self, st.batch.spans, why);
  else
    send_again(self, why,
               st.retry_after_s > 0 ? seconds(st.retry_after_s)
                                    : growing_pause(st.tries));
}

/// LINK, which carries it, takes everybody for Ollama.
std::string what_failed(const failed& f) {
  return f.code == errc::backend_unreachable ? "it cannot be reached"
         : f.code == errc::connect_timeout   ? "no connection in time"
                                             : std::string{to_string(f.code)};
}

/// What did not reach the collector may be sent again; what it may have taken, not.
void not_answered(self_ptr self, const failed& f) {
  auto& st = self->state;
  if (f.code == errc::stale_connection && st.tries == 1) {
    ask(self);
    return;
  }
  if (f.code == errc::backend_unreachable || f.code == errc::connect_timeout)
    send_again(self, what_failed(f), growing_pause(st.tries));
  else
    end_batch(self, st.batch.spans, what_failed(f));
}

/// Seconds of a Retry-After; 0: it is none, or a date.
unsigned retry_after(const response_head& head) {
  const auto value = header_value(head.headers, "Retry-After");
  unsigned s = 0;
  const auto end = value.data() + value.size();
  return std::from_chars(value.data(), end, s).ptr == end ? s : 0;
}

void take(self_ptr self, const ended_request& r) {
  auto& st = self->state;
  const auto spans = spans_of(r);
  if (st.waiting.full() || !st.waiting.add({otlp::write(spans), spans.size()}))
    st.links.counts->dropped += spans.size();
}

} // namespace

exporting_actor::behavior_type exporter(self_ptr self, trace_settings how,
                                        exporter_links links) {
  auto& st = self->state;
  st.how = std::move(how);
  st.links = std::move(links);
  st.waiting = span_buffer{st.how.buffer_bytes};
  auto collector = std::make_shared<backend_settings>();
  collector->name = "collector";
  collector->url = *st.how.collector;
  st.collector = std::move(collector);
  self->set_down_handler([self](const caf::down_msg& down) {
    auto& st = self->state;
    if (!st.exchange.is(down.source))
      return;
    st.exchange = {};
    end_batch(self, st.batch.spans, "the exchange with it failed");
  });
  return {
      [self](const traced_requests& ended) {
        for (const auto& r : ended.all)
          take(self, r);
        send_next(self);
      },
      [self](drain) -> caf::result<drained> {
        auto& st = self->state;
        auto promise = self->make_response_promise<drained>();
        st.draining.push_back(promise);
        if (std::exchange(st.pausing, false))
          ask(self); // the last time
        else
          send_next(self);
        return promise;
      },
      [self](const started& s) {
        self->state.status = s.head->status;
        self->state.retry_after_s = retry_after(*s.head);
      },
      [self](const next& n) {
        auto& st = self->state;
        if (st.answer.size() < longest_answer)
          st.answer.append(n.data.view());
        self->send(caf::actor_cast<publisher_actor>(self->current_sender()),
                   demand{n.data.size()});
      },
      [self](const complete&) {
        self->state.exchange = {};
        answered(self);
      },
      [self](const failed& f) {
        self->state.exchange = {};
        not_answered(self, f);
      },
      [self](tick) {
        self->state.timing = false;
        send_batch(self);
      },
      [self](ask_again a) {
        if (a.number == self->state.number && std::exchange(self->state.pausing, false))
          ask(self);
      },
  };
}

} // namespace conductor

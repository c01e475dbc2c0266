#include "tests/support/ollama/answer.hpp"

namespace conductor::test {

namespace asio = boost::asio;
using clock = connection::clock;
using phase = runners::phase;

place::place(exchange& x, const answer_request& r, bool answers)
    : x_(x)
    , ticket_(x.at.running.enter({r.model->blob, r.name, r.model->digest, r.options,
                                  r.context_length, r.keep_alive, answers},
                                 [client = x.client.weak_from_this()] {
                                   if (auto c = client.lock())
                                     c->poke();
                                 })) {}

place::~place() {
  x_.at.running.leave(ticket_);
}

asio::awaitable<bool> place::taken(dialect& spelling) {
  std::optional<counted> waiting;
  for (;;) {
    switch (ticket_->now.load()) {
    case phase::granted:
      if (load_ns_ == 0)
        load_ns_ = (clock::now() - x_.began).count();
      co_return true;
    case phase::refused:
      co_await x_.send({503, spelling.error_body(503, busy_text)});
      co_return false;
    case phase::loading: {
      waiting.reset();
      auto lasting = x_.how.load.value_or(x_.at.options.load);
      if (lasting.count() > 0 && !co_await x_.client.sleep_until(clock::now() + lasting))
        co_return false;
      if (!x_.how.load_error.empty()) {
        co_await x_.send({500, spelling.error_body(500, x_.how.load_error)});
        co_return false;
      }
      x_.at.running.loaded(ticket_);
      load_ns_ = (clock::now() - x_.began).count();
      break;
    }
    case phase::waiting:
      if (load_ns_ == 0)
        load_ns_ = (clock::now() - x_.began).count();
      [[fallthrough]];
    case phase::queued:
      if (!waiting)
        waiting.emplace(x_.at.seen, &counts::waiting, &counts::max_waiting);
      co_await x_.client.wait_for_poke();
      if (x_.client.gone())
        co_return false;
    }
  }
}

} // namespace conductor::test

#include "adapters/cli/client.hpp"

#include "adapters/cli/background_request.hpp"
#include "adapters/cli/failure.hpp"
#include "adapters/cli/line_splitter.hpp"
#include "adapters/cli/reach.hpp"
#include "adapters/cli/ticker.hpp"
#include "adapters/cli/version.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <array>
#include <chrono>
#include <exception>
#include <utility>

namespace conductor::cli {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

constexpr std::size_t error_body_limit = 1u << 20;

} // namespace

struct client::state {
  std::shared_ptr<asio::io_context> loop;
  std::vector<endpoint> candidates;
  std::string who;
  std::string hint;
  std::function<void(std::exception_ptr)> give_up = {}; // what is under way, if anything
  std::string key = {};

  asio::awaitable<void> exchange(const request& what, const stream_reader* reader,
                                 reply& answer);
  reply perform(const request& what, const stream_reader* reader);
};

asio::awaitable<void>
client::state::exchange(const request& what, const stream_reader* reader, reply& answer) {
  node_socket to(*loop);
  auto at = co_await reach(to, candidates, who, hint);
  answer.address = to_string(at);
  auto broken = [&at](const error_code& ec) {
    auto why = ec == http::error::end_of_stream || ec == http::error::partial_message
                   ? std::string("closed before the answer was complete")
                   : "broke: " + reason_of(ec);
    return disconnection("the connection to " + to_string(at) + " " + why);
  };

  bool tcp = at.type == endpoint::kind::tcp;
  http::request<http::string_body> head(http::string_to_verb(what.method),
                                        (tcp ? at.path : "") + what.target, 11);
  head.set(http::field::host, tcp ? to_string(at) : "localhost");
  head.set(http::field::user_agent, "conductor/" + std::string(version));
  head.set(http::field::accept, "application/x-ndjson, application/json");
  if (!key.empty())
    head.set(http::field::authorization, "Bearer " + key);
  for (const auto& [name, value] : what.headers)
    head.set(name, value);
  if (!what.body.empty()) {
    head.set(http::field::content_type, "application/json");
    head.body() = what.body;
  }
  if (!what.body.empty() || what.method == "POST")
    head.prepare_payload();
  error_code ec;
  co_await http::async_write(to, head, asio::redirect_error(asio::use_awaitable, ec));
  // A refusal may come before the body was taken: read it all the same.
  auto write_error = ec;

  boost::beast::flat_buffer buffer;
  http::response_parser<http::buffer_body> parser;
  parser.header_limit(64 * 1024);
  parser.body_limit(boost::none);
  co_await http::async_read_header(to, buffer, parser,
                                   asio::redirect_error(asio::use_awaitable, ec));
  if (ec)
    throw broken(write_error ? write_error : ec);
  answer.status = parser.get().result_int();
  answer.backend = std::string(parser.get()["X-Conductor-Backend"]);
  answer.date = std::string(parser.get()[http::field::date]);

  bool refused = answer.status >= 400;
  line_splitter lines;
  std::array<char, 64 * 1024> space;
  while (!parser.is_done()) {
    parser.get().body() = {space.data(), space.size(), true};
    co_await http::async_read_some(to, buffer, parser,
                                   asio::redirect_error(asio::use_awaitable, ec));
    if (ec && ec != http::error::need_buffer)
      break;
    std::string_view piece(space.data(), space.size() - parser.get().body().size);
    if (!refused && reader && reader->on_bytes)
      reader->on_bytes(piece);
    else if (!refused && reader)
      lines.feed(piece, reader->on_line);
    else if (!refused || answer.body.size() < error_body_limit)
      answer.body.append(piece);
    ec = {};
  }
  if (!ec && !refused && reader && !reader->on_bytes)
    lines.finish(reader->on_line);
  if (refused)
    throw refusal(answer.status, error_text(answer.status, answer.body));
  if (ec)
    throw broken(ec);
}

reply client::state::perform(const request& what, const stream_reader* reader) {
  reply answer;
  std::exception_ptr thrown, given_up;
  asio::cancellation_signal cancel;
  give_up = [&](std::exception_ptr why) {
    if (!std::exchange(given_up, why) && !loop->stopped())
      cancel.emit(asio::cancellation_type::terminal);
  };
  std::unique_ptr<ticker> ticks;
  if (reader && reader->on_tick)
    ticks = std::make_unique<ticker>(*loop, [&] {
      try {
        if (!given_up)
          reader->on_tick();
      } catch (...) {
        give_up(std::current_exception());
      }
    });
  auto over = [&](std::exception_ptr e) {
    thrown = e;
    loop->stop(); // whoever watches meanwhile goes on with the next request
  };
  asio::co_spawn(*loop, exchange(what, reader, answer),
                 asio::bind_cancellation_slot(cancel.slot(), over));
  loop->run();
  loop->restart();
  give_up = nullptr;
  if (given_up)
    std::rethrow_exception(given_up);
  if (thrown)
    std::rethrow_exception(thrown);
  return answer;
}

client::client(std::vector<endpoint> candidates, std::string who, std::string hint,
               std::shared_ptr<asio::io_context> loop)
    : state_(std::make_unique<state>()) {
  state_->loop = loop ? std::move(loop) : std::make_shared<asio::io_context>(1);
  state_->candidates = std::move(candidates);
  state_->who = std::move(who);
  state_->hint = std::move(hint);
}
client::~client() = default;
void client::show_key(std::string key) {
  state_->key = std::move(key);
}
client::client(client&&) noexcept = default;

reply client::fetch(const request& what) {
  return state_->perform(what, nullptr);
}

reply client::stream(const request& what, const stream_reader& reader) {
  return state_->perform(what, &reader);
}

void client::start(request what, std::function<void(std::exception_ptr, reply)> then) {
  auto both = std::make_shared<std::pair<request, reply>>(std::move(what), reply{});
  asio::co_spawn(*state_->loop, state_->exchange(both->first, nullptr, both->second),
                 [both, then = std::move(then)](std::exception_ptr e) {
                   then(e, std::move(both->second));
                 });
}

void client::idle(std::chrono::milliseconds span, const std::function<void()>& on_tick) {
  auto& loop = *state_->loop;
  std::exception_ptr thrown;
  asio::steady_timer timer(loop, span);
  state_->give_up = [&](std::exception_ptr why) {
    if (!std::exchange(thrown, why))
      timer.cancel();
  };
  ticker ticks(loop, [&] {
    try {
      if (!thrown)
        on_tick();
    } catch (...) {
      state_->give_up(std::current_exception());
    }
  });
  timer.async_wait([&loop](error_code) { loop.stop(); });
  loop.run();
  loop.restart();
  state_->give_up = nullptr;
  if (thrown)
    std::rethrow_exception(thrown);
}

void client::interrupt() {
  if (state_->give_up)
    state_->give_up(std::make_exception_ptr(interruption()));
}

const std::vector<endpoint>& client::candidates() const {
  return state_->candidates;
}

std::shared_ptr<asio::io_context> client::loop() const {
  return state_->loop;
}

// Outlives the request until its coroutine is gone.
struct background_request::state {
  client::state node;
  request what;
  stream_reader reader;
  std::function<void(std::exception_ptr)> over;
  reply answer = {};
  asio::cancellation_signal cancel = {};
  bool ended = false;
};

background_request::background_request(client& node, request what, stream_reader reader,
                                       std::function<void(std::exception_ptr)> over)
    : state_(new state{{node.state_->loop, node.state_->candidates, node.state_->who,
                        node.state_->hint},
                       std::move(what),
                       std::move(reader),
                       std::move(over)}) {
  auto ended = [s = state_](std::exception_ptr thrown) {
    s->ended = true;
    if (s->over)
      std::exchange(s->over, nullptr)(thrown);
  };
  asio::co_spawn(*state_->node.loop,
                 state_->node.exchange(state_->what, &state_->reader, state_->answer),
                 asio::bind_cancellation_slot(state_->cancel.slot(), ended));
}

background_request::~background_request() {
  state_->over = nullptr;
  state_->reader.on_line = [](std::string_view) {};
  // From outside the loop Asio would pass the signal on later, when the request may have
  // ended and with it what passes it on.
  asio::dispatch(*state_->node.loop, [weak = std::weak_ptr(state_)] {
    if (auto s = weak.lock(); s && !s->ended)
      s->cancel.emit(asio::cancellation_type::terminal);
  });
}

} // namespace conductor::cli

#include "tests/support/ollama/server.hpp"

#include "tests/support/ollama/routes.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <stdexcept>

namespace conductor::test {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

namespace {

constexpr std::size_t max_head = 1u << 20;

/// One connection's requests, one after the other.
asio::awaitable<void> serve(world& w, std::shared_ptr<connection> client) {
  w.seen.update([](counts& c) { ++c.connections_opened; });
  counted open(w.seen, &counts::connections_open);
  for (bool more = true; more && !client->gone();) {
    auto& input = client->input();
    auto end = input.find("\r\n\r\n");
    while (end == input.npos) {
      const bool filled = co_await client->fill();
      if (!filled || input.size() > max_head)
        co_return;
      end = input.find("\r\n\r\n");
    }
    exchange x(w, *client);
    const auto wrong = parse_head(std::string_view{input}.substr(0, end + 4), x.head);
    input.erase(0, end + 4);
    if (!wrong.empty()) {
      x.keep_alive = false;
      co_await x.send({400, "400 Bad Request: " + wrong, "text/plain; charset=utf-8"});
      break;
    }
    x.keep_alive = x.head.keep_alive();
    co_await handle(x);
    if (!x.complete)
      w.seen.update([](counts& c) { ++c.cancels; });
    more = x.complete && x.keep_alive;
  }
  client->close(false);
}

} // namespace

server::server(world& w)
    : world_(w)
    , acceptor_(
          (loops_.push_back(std::make_unique<asio::io_context>(1)), *loops_.front())) {
  const auto& o = w.options;
  while (loops_.size() < 1 + std::max(1u, o.threads))
    loops_.push_back(std::make_unique<asio::io_context>(1));
  try {
    const tcp::endpoint at{asio::ip::make_address(o.host), o.port};
    acceptor_.open(at.protocol());
    acceptor_.set_option(asio::socket_base::reuse_address(true));
    acceptor_.bind(at);
    acceptor_.listen(4096);
  } catch (const std::exception& bad) {
    throw std::runtime_error("the scripted Ollama cannot listen on " + o.host + ":" +
                             std::to_string(o.port) + ": " + bad.what());
  }
  port_ = acceptor_.local_endpoint().port();
  accept();
  for (auto& loop : loops_)
    threads_.emplace_back([&io = *loop] {
      const auto guard = asio::make_work_guard(io);
      io.run();
    });
}

void server::accept() {
  auto& loop = *loops_[1 + next_++ % (loops_.size() - 1)];
  acceptor_.async_accept(
      loop, [this, &loop](boost::system::error_code failed, tcp::socket s) {
        if (failed == asio::error::operation_aborted)
          return;
        if (!failed) {
          auto client = std::make_shared<connection>(std::move(s), ++connections_);
          asio::co_spawn(loop, serve(world_, std::move(client)), asio::detached);
        }
        accept();
      });
}

server::~server() {
  for (auto& loop : loops_)
    loop->stop();
  for (auto& t : threads_)
    t.join();
}

} // namespace conductor::test

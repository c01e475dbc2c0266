#include "adapters/cli/reach.hpp"

#include "adapters/cli/failure.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cctype>
#include <chrono>
#include <memory>
#include <utility>

namespace conductor::cli {

namespace asio = boost::asio;
using boost::system::error_code;
using peer = asio::generic::stream_protocol::endpoint;

namespace {

constexpr std::chrono::seconds connect_limit{5};

asio::awaitable<std::vector<peer>> peers_of(const endpoint& at, error_code& ec) {
  std::vector<peer> found;
  if (at.type == endpoint::kind::unix_socket) {
    found.emplace_back(asio::local::stream_protocol::endpoint(at.path));
    co_return found;
  }
  auto literal = asio::ip::make_address(at.host, ec);
  if (!ec) {
    found.emplace_back(asio::ip::tcp::endpoint(literal, at.port));
    co_return found;
  }
  asio::ip::tcp::resolver names(co_await asio::this_coro::executor);
  auto results = co_await names.async_resolve(
      at.host, std::to_string(at.port), asio::redirect_error(asio::use_awaitable, ec));
  for (const auto& r : results)
    found.emplace_back(r.endpoint());
  co_return found;
}

const tls_context& trust() {
  static const auto context = connecting_context({}, tls_version::v1_2);
  return context;
}

// Connects to one address of `at`, or leaves the reason in `ec`.
asio::awaitable<void> connect(node_socket& to, const endpoint& at, error_code& ec) {
  auto peers = co_await peers_of(at, ec);
  for (const auto& p : peers) {
    to.close();
    asio::steady_timer deadline(to.get_executor(), connect_limit);
    auto late = std::make_shared<bool>(false);
    deadline.async_wait([&to, late](error_code waited) {
      if (!waited && !*late) {
        *late = true;
        to.close();
      }
    });
    co_await to.plain().async_connect(p, asio::redirect_error(asio::use_awaitable, ec));
    if (!ec)
      to.connected(at.type == endpoint::kind::tcp);
    if (!ec && at.tls) {
      to.connect_tls(trust(), at.host);
      co_await to.async_shake_hands(asio::redirect_error(asio::use_awaitable, ec));
    }
    if (std::exchange(*late, true))
      ec = asio::error::timed_out;
    if (!ec)
      break;
  }
}

} // namespace

std::string reason_of(const error_code& ec) {
  auto text = ec.message();
  text = text.substr(0, text.find(" (")); // "Host not found (authoritative)"
  if (!text.empty())
    text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  return text;
}

asio::awaitable<endpoint> reach(node_socket& to, std::vector<endpoint> candidates,
                                std::string who, std::string hint) {
  error_code ec;
  std::string tried;
  for (const auto& at : candidates) {
    ec = {};
    co_await connect(to, at, ec);
    if (!ec)
      co_return at;
    tried += (tried.empty() ? "" : " or ") + to_string(at);
  }
  throw disconnection("no " + who + " answers at " + tried + " (" + reason_of(ec) + ")" +
                      hint);
}

} // namespace conductor::cli

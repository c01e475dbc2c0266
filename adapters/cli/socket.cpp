#include "adapters/cli/socket.hpp"

#include "adapters/cli/node.hpp"
#include "adapters/cli/reach.hpp"
#include "adapters/cli/version.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/websocket/error.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <algorithm>
#include <chrono>
#include <deque>
#include <exception>
#include <utility>

namespace conductor::cli {

namespace asio = boost::asio;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;

namespace {

using stream = websocket::stream<node_socket>;
constexpr std::chrono::milliseconds first_pause{250}, longest_pause{4000};
constexpr std::string_view route = "/conductor/v1/ws";
// A snapshot of a conversation of thousands of messages is one of them.
constexpr std::size_t largest_message = 512u << 20;

} // namespace

struct node_link::state : std::enable_shared_from_this<state> {
  state(asio::io_context& io, std::vector<endpoint> to, link_reader r)
      : loop(io), candidates(std::move(to)), reader(std::move(r)), pause(loop) {}

  asio::awaitable<void> open();
  asio::awaitable<void> live();
  void write_next();

  asio::io_context& loop;
  std::vector<endpoint> candidates;
  link_reader reader;
  asio::steady_timer pause;
  std::shared_ptr<stream> socket; // null: not open
  std::deque<std::string> out;
  bool writing = false, over = false;
};

// Connects, then reads until it is lost; throws why.
asio::awaitable<void> node_link::state::open() {
  node_socket raw(loop);
  // GCC 12 destroys temporaries of an awaited call twice: they get names.
  const std::string who = "Conductor node", hint;
  auto at = co_await reach(raw, candidates, who, hint);
  bool tcp = at.type == endpoint::kind::tcp;
  const auto host = tcp ? to_string(at) : "localhost";
  const auto target = (tcp ? at.path : "") + std::string(route);
  auto fresh = std::make_shared<stream>(std::move(raw));
  fresh->read_message_max(largest_message);
  fresh->set_option(websocket::stream_base::decorator(
      [key = node_key()](websocket::request_type& head) {
        using boost::beast::http::field;
        head.set(field::user_agent, "conductor/" + std::string(version));
        if (!key.empty())
          head.set(field::authorization, "Bearer " + key);
      }));
  // The node pings a silent peer; one that went away without a word is noticed as well.
  auto deadlines =
      websocket::stream_base::timeout::suggested(boost::beast::role_type::client);
  deadlines.idle_timeout = std::chrono::minutes(2);
  deadlines.keep_alive_pings = true;
  fresh->set_option(deadlines);
  co_await fresh->async_handshake(host, target, asio::use_awaitable);
  if (over)
    co_return;
  socket = fresh;
  reader.on_open();
  boost::beast::flat_buffer in;
  while (!over) {
    co_await fresh->async_read(in, asio::use_awaitable);
    if (!over)
      reader.on_message({static_cast<const char*>(in.data().data()), in.size()});
    in.consume(in.size());
  }
}

asio::awaitable<void> node_link::state::live() {
  auto self = shared_from_this();
  auto next_pause = first_pause;
  while (!over) {
    std::string why;
    try {
      co_await open();
    } catch (const boost::system::system_error& e) {
      why = e.code() == websocket::error::upgrade_declined
                ? "the node takes no WebSocket"
                : "the connection broke: " + reason_of(e.code());
    } catch (const std::exception& e) {
      why = e.what();
    }
    bool was_open = std::exchange(socket, nullptr) != nullptr;
    out.clear();
    writing = false;
    if (over)
      break;
    reader.on_loss(why);
    next_pause = was_open ? first_pause : std::min(next_pause * 2, longest_pause);
    pause.expires_after(next_pause);
    error_code hurried;
    co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, hurried));
  }
}

void node_link::state::write_next() {
  if (writing || out.empty() || !socket)
    return;
  writing = true;
  auto text = std::make_shared<std::string>(std::move(out.front()));
  out.pop_front();
  socket->text(true);
  socket->async_write(asio::buffer(*text), [self = shared_from_this(), with = socket,
                                            text](error_code ec, std::size_t) {
    if (with != self->socket || ec)
      return; // its reader says that it is lost
    self->writing = false;
    self->write_next();
  });
}

node_link::node_link(asio::io_context& loop, std::vector<endpoint> candidates,
                     link_reader reader)
    : state_(std::make_shared<state>(loop, std::move(candidates), std::move(reader))) {
  asio::co_spawn(state_->loop, state_->live(), asio::detached);
}

node_link::~node_link() {
  state_->over = true;
  state_->pause.cancel();
  if (state_->socket)
    state_->socket->next_layer().close();
}

bool node_link::send(std::string text) {
  if (!state_->socket)
    return false;
  state_->out.push_back(std::move(text));
  state_->write_next();
  return true;
}

void node_link::hurry() {
  state_->pause.cancel();
}

} // namespace conductor::cli

#include "adapters/http/listener.hpp"

#include "adapters/http/dialects.hpp"
#include "adapters/http/forwarded_for.hpp"
#include "adapters/http/head_text.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <caf/send.hpp>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace conductor {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using local = asio::local::stream_protocol;

constexpr auto pause_without_descriptors = std::chrono::milliseconds(100);
constexpr int backlog = 4096;

[[noreturn]] void fail(const endpoint& at, const std::string& why) {
  throw std::runtime_error("cannot listen on " + to_listen(at) + ": " + why);
}

tcp::endpoint resolve(asio::io_context& io, const endpoint& at) {
  boost::system::error_code ec;
  const auto address = asio::ip::make_address(at.host.empty() ? "0.0.0.0" : at.host, ec);
  if (!ec)
    return {address, at.port};
  // A name, once, at start-up.
  const auto found = tcp::resolver(io).resolve(at.host, std::to_string(at.port), ec);
  if (ec || found.empty())
    fail(at, "unknown host");
  return found.begin()->endpoint();
}

/// Whether a node answers on that socket file; a file nobody answers on is removed.
bool answers(asio::io_context& io, const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0)
    return false;
  if (!S_ISSOCK(info.st_mode))
    throw std::runtime_error("cannot listen on unix:" + path + ": the file is no socket");
  boost::system::error_code ec;
  local::socket probe{io};
  probe.connect(local::endpoint{path}, ec);
  if (!ec)
    return true;
  ::unlink(path.c_str());
  return false;
}

std::string peer_of(const tcp::socket& socket) {
  boost::system::error_code ec;
  const auto peer = socket.remote_endpoint(ec);
  return ec ? "unknown" : peer.address().to_string() + ":" + std::to_string(peer.port());
}

std::string peer_of(const local::socket& socket) {
  ucred who{};
  socklen_t size = sizeof who;
  auto fd = const_cast<local::socket&>(socket).native_handle();
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0)
    return "unix";
  return "unix:uid=" + std::to_string(who.uid);
}

} // namespace

listener::listener(const endpoint& at, std::vector<seat> seats,
                   std::shared_ptr<const wire_context> context,
                   std::optional<open_socket> open)
    : address_(at)
    , seats_(std::move(seats))
    , context_(std::move(context))
    , pause_(seats_.front().where->io()) {
  if (open)
    take(open->descriptor);
  else
    bind();
  owns_file_ = at.type == endpoint::kind::unix_socket && (!open || open->own);
}

void listener::take(int descriptor) {
  auto& io = seats_.front().where->io();
  boost::system::error_code ec;
  if (address_.type == endpoint::kind::tcp) {
    const auto ip = asio::ip::make_address(address_.host, ec);
    acceptor_.emplace<tcp_acceptor>(io).assign(ip.is_v6() ? tcp::v6() : tcp::v4(),
                                               descriptor, ec);
  } else {
    acceptor_.emplace<unix_acceptor>(io).assign(local{}, descriptor, ec);
  }
  if (ec)
    fail(address_, ec.message());
}

void listener::bind() {
  const auto at = address_;
  auto& io = seats_.front().where->io();
  boost::system::error_code ec;
  const auto listen = [&](auto& acceptor, const auto& where) {
    acceptor.open(where.protocol(), ec);
    if (!ec)
      acceptor.set_option(asio::socket_base::reuse_address(true), ec);
    if (!ec)
      acceptor.bind(where, ec);
    if (!ec)
      acceptor.listen(backlog, ec);
    if (ec)
      fail(at, ec.message());
  };
  if (at.type == endpoint::kind::tcp) {
    auto& acceptor = acceptor_.emplace<tcp_acceptor>(io);
    listen(acceptor, resolve(io, at));
    address_.port = acceptor.local_endpoint().port();
  } else {
    if (at.path.size() >= sizeof(sockaddr_un::sun_path))
      fail(at, "the path is longer than the system allows");
    if (answers(io, at.path))
      fail(at, "another node answers there");
    auto& acceptor = acceptor_.emplace<unix_acceptor>(io);
    listen(acceptor, local::endpoint{at.path});
    ::chmod(at.path.c_str(), S_IRUSR | S_IWUSR); // the owner's user only
  }
}

listener::~listener() {
  if (owns_file_)
    ::unlink(address_.path.c_str());
}

listener::open_socket listener::socket() {
  open_socket s{-1, owns_file_};
  if (auto* a = std::get_if<tcp_acceptor>(&acceptor_))
    s.descriptor = a->native_handle();
  else if (auto* u = std::get_if<unix_acceptor>(&acceptor_))
    s.descriptor = u->native_handle();
  return s;
}

void listener::start() {
  asio::post(seats_.front().where->io(), [this] { accept(); });
}

void listener::stop(std::function<void()> done) {
  asio::post(seats_.front().where->io(), [this, done = std::move(done)]() mutable {
    boost::system::error_code ignored;
    pause_.cancel();
    std::visit(
        [&](auto& acceptor) {
          if constexpr (requires { acceptor.close(ignored); })
            acceptor.close(ignored);
        },
        acceptor_);
    // Behind the handler of a connection that was accepted already.
    asio::post(seats_.front().where->io(), std::move(done));
  });
}

void listener::accept() {
  const auto again = [this](const boost::system::error_code& ec, auto socket) {
    lane::turn scope{*seats_.front().where, "listener"};
    if (ec == asio::error::operation_aborted || ec == asio::error::bad_descriptor)
      return;
    if (!ec) {
      accepted(std::move(socket));
      accept();
      return;
    }
    // A peer that left before it was accepted is no reason to wait.
    if (ec == asio::error::connection_aborted) {
      accept();
      return;
    }
    spdlog::warn("accepting on {} pauses: {}", to_listen(address_), ec.message());
    pause_.expires_after(pause_without_descriptors);
    pause_.async_wait([this](const boost::system::error_code& stopped) {
      if (!stopped)
        accept();
    });
  };
  if (auto* a = std::get_if<tcp_acceptor>(&acceptor_))
    a->async_accept(again);
  else if (auto* u = std::get_if<unix_acceptor>(&acceptor_))
    u->async_accept(again);
}

template <class Socket>
void listener::accepted(Socket socket) {
  const auto few = std::min_element(seats_.begin(), seats_.end(), [](auto& a, auto& b) {
    return a.where->connections < b.where->connections;
  });
  std::size_t total = 0;
  for (const auto& s : seats_)
    total += s.where->connections;
  auto peer = peer_of(socket);
  const std::string address{address_of(peer)};
  const auto peers = address_.type == endpoint::kind::tcp ? context_->peers : nullptr;
  if (total >= context_->server.max_connections) {
    refuse(stream_socket{std::move(socket)}, 503,
           "too many connections: server.max_connections is reached already");
    return;
  }
  if (peers && !peers->has_room(address)) {
    refuse(stream_socket{std::move(socket)}, 429,
           "too many connections from " + neighbourhood(address) +
               ": limits.peer_connections is reached already");
    return;
  }
  ++few->where->connections;
  const auto family = address_.type == endpoint::kind::unix_socket
                          ? AF_UNIX
                          : socket.local_endpoint().protocol().family();
  caf::anon_send(few->door, arrival{socket.release(), family, std::move(peer),
                                    peers ? peers->take_seat(address) : peer_book::seat{},
                                    context_});
}

/// Under TLS only the closed connection tells it: agreeing first is what costs most.
void listener::refuse(stream_socket socket, int status, const std::string& why) {
  if (context_->refusals)
    context_->refusals->connections.fetch_add(1, std::memory_order_relaxed);
  if (context_->tls)
    return;
  const auto r = error_response(dialect::ollama, status, why, "", "", 1);
  auto head = head_text(status, r.headers);
  add_header(head, "Content-Type", r.content_type);
  add_header(head, "Content-Length", std::to_string(r.body.size()));
  add_header(head, "Connection", "close");
  auto text = std::make_shared<const std::string>(head + "\r\n" + r.body);
  auto owned = std::make_shared<stream_socket>(std::move(socket));
  asio::async_write(*owned, asio::buffer(*text),
                    [owned, text](const boost::system::error_code&, std::size_t) {});
}

} // namespace conductor

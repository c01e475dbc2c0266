#include "adapters/ollama/link.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <utility>

namespace conductor {
namespace {

using boost::asio::ip::tcp;

} // namespace

link::link(caf::actor_config& cfg, backend_ptr server, upstream_settings timing,
           tls_context tls, pool_actor pool)
    : hosted(cfg)
    , server_(std::move(server))
    , timing_(timing)
    , tls_(std::move(tls))
    , pool_(this, std::move(pool))
    , socket_(new channel(home(), ctrl(), *this), destroy_on_lane{&home()})
    , resolver_(new tcp::resolver(home().io()), destroy_on_lane{&home()})
    , deadline_(new deadline(home().io(), ctrl(), [this] { expired(); }),
                destroy_on_lane{&home()}) {}

link::behavior_type link::make_behavior() {
  set_down_handler([this](const caf::down_msg& down) {
    if (pool_.is(down.source) || reader_.is(down.source))
      close();
  });
  return {
      // PUBLISHER: the answer.
      [](const subscribe&) {}, // open_exchange names the only reader
      [this](demand d) {
        if (!from_reader())
          return;
        demand_ += d.bytes;
        publish();
        read();
      },
      [this](cancel) {
        if (from_reader())
          close();
      },
      // SUBSCRIBER: the body of an upload.
      [](const started&) {},
      [this](next& n) {
        if (closed_ || upload_over_)
          return;
        upload_written_ += n.data.size();
        socket_->body(std::move(n.data), upload_chunked_);
      },
      [this](const complete&) {
        upload_over_ = true;
        if (upload_chunked_)
          socket_->text("0\r\n\r\n");
      },
      [this](const failed& f) { fail(f.code, f.detail); },
      [this](open_exchange& e) { open(e); },
      [this](gone) { quit(); },
  };
}

void link::on_exit() {
  closed_ = true;
  deadline_->stop();
  resolver_.reset();
  socket_->close();
  now_ = {};
  reader_ = {};
  pool_ = {};
}

bool link::from_reader() {
  return reader_.is(current_sender());
}

std::string link::where() const {
  return to_url(server_->url);
}

void link::open(open_exchange& e) {
  now_ = std::move(e);
  if (closed_) { // it ended while the request was on its way here
    send(now_.reader, failed{errc::stale_connection, where() + " closed the connection"});
    now_ = {};
    return;
  }
  reader_ = {this, std::move(now_.reader)};
  demand_ = now_.window;
  parser_.emplace(now_.asked->method == "HEAD");
  interim_ = 0;
  splitter_.reset();
  renames_.reset();
  head_part_.clear();
  ready_.clear();
  body_over_ = false;
  upload_written_ = 0;
  reused_ = phase_ == phase::idle;
  if (reused_)
    connected();
  else
    connect();
}

void link::connect() {
  phase_ = phase::connecting;
  deadline_->set(timing_.connect_timeout);
  boost::system::error_code ec;
  const auto literal = boost::asio::ip::make_address(server_->url.host, ec);
  if (!ec) {
    addresses_.assign(1, {literal, server_->url.port});
    try_next_address({});
    return;
  }
  resolver_->async_resolve(
      server_->url.host, std::to_string(server_->url.port),
      [this, alive = hold()](const boost::system::error_code& failure,
                             const tcp::resolver::results_type& found) {
        lane::turn scope{home(), "link"};
        if (closed_)
          return;
        for (const auto& entry : found)
          addresses_.push_back(entry.endpoint());
        try_next_address(failure);
      });
}

void link::try_next_address(const boost::system::error_code& last) {
  if (addresses_.empty()) {
    fail(errc::backend_unreachable,
         "cannot reach Ollama at " + where() + ": " + last.message());
    return;
  }
  const auto address = addresses_.front();
  addresses_.pop_front();
  socket_->socket().close();
  deadline_->set(timing_.connect_timeout);
  socket_->socket().plain().async_connect(
      address, [this, alive = hold()](const boost::system::error_code& ec) {
        lane::turn scope{home(), "link"};
        if (closed_)
          return;
        if (ec) {
          try_next_address(ec);
          return;
        }
        socket_->socket().connected(true);
        addresses_.clear();
        if (server_->url.tls)
          secure();
        else
          connected();
      });
}

/// `emptied` tells when both ends agree, `write_failed` that they do not.
void link::secure() {
  if (!tls_) {
    fail(errc::backend_unreachable,
         "cannot reach Ollama at " + where() + ": whom to trust is still being read");
    return;
  }
  phase_ = phase::securing;
  deadline_->set(timing_.handshake_timeout);
  socket_->socket().connect_tls(tls_, server_->url.host);
  socket_->flush();
}

void link::connected() {
  phase_ = phase::first_byte;
  deadline_->set(first_limit());
  ask();
  read();
}

void link::expired() {
  lane::turn scope{home(), "link"};
  switch (phase_) {
  case phase::connecting:
    if (is_connected()) // it is this lane that is late, not Ollama
      return;
    fail(errc::connect_timeout, "cannot reach Ollama at " + where() +
                                    ": no connection within upstream.connect_timeout");
    break;
  case phase::securing:
    fail(errc::connect_timeout, "cannot reach Ollama at " + where() +
                                    ": no TLS within upstream.handshake_timeout");
    break;
  case phase::first_byte:
    if (first_limit() != timing_.first_byte_timeout) {
      fail(errc::stalled,
           "Ollama at " + where() + " gave no answer for far longer than it ever took");
      break;
    }
    fail(errc::first_byte_timeout,
         "Ollama at " + where() + " gave no answer within upstream.first_byte_timeout");
    break;
  case phase::streaming:
    if (gap_limit() != timing_.gap_timeout) {
      fail(errc::stalled,
           "Ollama at " + where() + " fell silent for far longer than it ever was");
      break;
    }
    fail(errc::gap_timeout,
         "Ollama at " + where() + " said nothing for longer than upstream.gap_timeout");
    break;
  case phase::fresh:
  case phase::idle:
    break;
  }
}

namespace {

/// The shorter of what is configured and what was learned; zero: none.
milliseconds shorter(milliseconds configured, milliseconds learned) {
  if (learned.count() == 0)
    return configured;
  return configured.count() == 0 ? learned : std::min(configured, learned);
}

} // namespace

milliseconds link::first_limit() const {
  return shorter(timing_.first_byte_timeout, now_.at->first_patience);
}

milliseconds link::gap_limit() const {
  return shorter(timing_.gap_timeout, now_.at->gap_patience);
}

bool link::is_connected() {
  boost::system::error_code no;
  socket_->socket().plain().remote_endpoint(no);
  return !no;
}

void link::fail(errc code, std::string detail) {
  if (closed_)
    return;
  // Who got the last record has got its end; a failure behind it would be a second one.
  if (reader_ && splitter_ && splitter_->said_end() && ready_.empty())
    send(*reader_, end_of_stream());
  else if (reader_)
    send(*reader_, failed{code, std::move(detail)});
  close();
}

void link::close() {
  if (std::exchange(closed_, true))
    return;
  if (now_.asked && now_.asked->upload && !upload_over_)
    send(now_.asked->upload, cancel{});
  reader_ = {};
  resolver_->cancel();
  socket_->close();
  deadline_->stop();
  now_ = {};
  send(caf::actor_cast<link_actor>(this), gone{});
}

} // namespace conductor

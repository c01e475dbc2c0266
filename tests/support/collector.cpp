#include "tests/support/collector.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <sys/socket.h>
#include <utility>

namespace conductor::test {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

} // namespace

collector::collector()
    : acceptor_(io_, tcp::endpoint{asio::ip::address_v4::loopback(), 0})
    , port_(acceptor_.local_endpoint().port())
    , thread_([this] { serve(); }) {}

collector::~collector() {
  {
    const std::lock_guard guard{lock_};
    stopped_ = true;
    if (peer_ >= 0)
      ::shutdown(peer_, SHUT_RDWR);
    ::shutdown(acceptor_.native_handle(), SHUT_RDWR);
  }
  changed_.notify_all();
  thread_.join();
}

void collector::answer(int status) {
  const std::lock_guard guard{lock_};
  status_ = status;
}

void collector::hold(bool on) {
  {
    const std::lock_guard guard{lock_};
    held_ = on;
  }
  changed_.notify_all();
}

std::vector<nlohmann::json> collector::spans() const {
  const std::lock_guard guard{lock_};
  return spans_;
}

std::size_t collector::requests() const {
  const std::lock_guard guard{lock_};
  return requests_;
}

template <class Condition>
std::string collector::wait_for(const std::string& what, milliseconds most,
                                Condition seen) const {
  std::unique_lock guard{lock_};
  return changed_.wait_for(guard, most, seen)
             ? std::string{}
             : what + " did not come; there are " + std::to_string(spans_.size()) +
                   " spans of " + std::to_string(requests_) + " requests";
}

std::string collector::wait_for_spans(std::size_t n, milliseconds most) const {
  return wait_for(std::to_string(n) + " spans", most, [&] { return spans_.size() >= n; });
}

std::string collector::wait_for_requests(std::size_t n, milliseconds most) const {
  return wait_for(std::to_string(n) + " requests", most, [&] { return requests_ >= n; });
}

void collector::serve() {
  for (;;) {
    boost::system::error_code ec;
    tcp::socket peer{io_};
    acceptor_.accept(peer, ec);
    {
      const std::lock_guard guard{lock_};
      if (stopped_ || ec)
        return;
      peer_ = peer.native_handle();
    }
    talk(peer);
    const std::lock_guard guard{lock_};
    peer_ = -1;
  }
}

void collector::talk(tcp::socket& peer) {
  boost::beast::flat_buffer in;
  for (;;) {
    http::request<http::string_body> asked;
    boost::system::error_code ec;
    http::read(peer, in, asked, ec);
    if (ec)
      return;
    int status = 0;
    {
      std::unique_lock guard{lock_};
      ++requests_;
      changed_.notify_all();
      changed_.wait(guard, [&] { return !held_ || stopped_; });
      status = status_;
    }
    if (status == 200)
      take(std::string{asked.target()}, std::string{asked[http::field::content_type]},
           asked.body());
    http::response<http::string_body> answer{static_cast<http::status>(status), 11};
    answer.set(http::field::content_type, "application/json");
    answer.body() = "{\"partialSuccess\":{}}";
    answer.prepare_payload();
    http::write(peer, answer, ec);
    if (ec)
      return;
  }
}

void collector::take(const std::string& target, const std::string& type,
                     const std::string& body) {
  const auto all = nlohmann::json::parse(body, nullptr, false);
  const std::lock_guard guard{lock_};
  if (target == "/v1/traces" && type == "application/json" && all.is_object())
    for (const auto& of : all["resourceSpans"])
      for (const auto& scope : of["scopeSpans"])
        for (auto span : scope["spans"]) {
          span["resource"] = of["resource"];
          spans_.push_back(std::move(span));
        }
  changed_.notify_all();
}

} // namespace conductor::test

#include "tests/bench/load/streams.hpp"

#include "tests/bench/load/answer_check.hpp"
#include "tests/bench/load/stamp_check.hpp"

#include <chrono>

namespace conductor::bench {

namespace asio = boost::asio;

namespace {

constexpr unsigned connecting_at_once = 32;

std::unique_ptr<line_check> check_of(const load_plan& plan) {
  if (plan.own_text || !plan.sessions.empty())
    return std::make_unique<stamp_check>();
  return std::make_unique<answer_check>();
}

} // namespace

streams::streams(asio::io_context& io, const load_plan& plan)
    : io_(io), plan_(plan), deadline_(io) {
  const auto tls = plan.ca.empty()
                       ? nullptr
                       : connecting_context({{}, {}, plan.ca}, tls_version::v1_2);
  for (unsigned i = 0; i < plan.streams; ++i)
    all_.push_back(std::make_unique<stream>(io, *this, i, check_of(plan), tls));
}

void streams::start() {
  expect_within(0, "not all connections could be opened and used");
  for (unsigned i = 0; i < connecting_at_once; ++i)
    connect_next();
}

void streams::connect_next() {
  if (next_ < all_.size())
    all_[next_++]->connect({asio::ip::make_address(plan_.host), plan_.port});
}

void streams::connected(stream& s) {
  connect_next();
  ready(s, ++connected_ == all_.size());
}

void streams::close_all() {
  for (auto& s : all_)
    s->close();
}

void streams::expect_within(double more, std::string what) {
  deadline_.expires_after(std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>(plan_.patience_s + more)));
  deadline_.async_wait([what = std::move(what)](boost::system::error_code e) {
    if (!e)
      throw load_error("timed out: " + what);
  });
}

} // namespace conductor::bench

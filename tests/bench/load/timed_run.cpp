#include "tests/bench/load/timed_run.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>

namespace conductor::bench {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

std::chrono::nanoseconds seconds(double s) {
  return std::chrono::nanoseconds(static_cast<std::int64_t>(s * 1e9));
}

// First answers differ in length, and begin spread over one gap: so the streams' records
// and requests come one by one from then on, as those of many people do, not in volleys.
unsigned first_records(const load_plan& plan, unsigned number) {
  if (plan.gap_us == 0 || plan.streams == 1)
    return plan.records;
  return 1 + number * (plan.records - 1) / (plan.streams - 1);
}

} // namespace

timed_run::timed_run(asio::io_context& io, const load_plan& plan)
    : streams(io, plan)
    , measured_(plan.watched)
    , questions_(plan)
    , asked_(plan.streams)
    , clock_(io) {}

void timed_run::ready(stream&, bool last) {
  if (!last)
    return;
  expect_within(plan().warmup_s + plan().window_s, "an answer did not come to its end");
  asking_ = plan().streams;
  for (auto& s : all()) {
    auto& timer = *starts_.emplace_back(std::make_unique<asio::steady_timer>(io()));
    timer.expires_after(
        seconds(1e-6 * plan().gap_us * s->number() / std::max(1u, plan().streams)));
    timer.async_wait(
        [this, s = s.get()](error_code) { ask(*s, first_records(plan(), s->number())); });
  }
  clock_.expires_after(seconds(plan().warmup_s + 1e-6 * plan().gap_us));
  clock_.async_wait([this](error_code) { begin(); });
}

void timed_run::ask(stream& s, unsigned records) {
  auto& q = asked_[s.number()];
  questions_.next(s.number(), records, q);
  wanted_ += records;
  s.ask(q);
}

void timed_run::begin() {
  measured_.begin();
  clock_.expires_after(seconds(plan().window_s));
  clock_.async_wait([this](error_code) { end(); });
}

void timed_run::end() {
  measured_.end();
  stopping_ = true;
}

void timed_run::begun(stream&, std::int64_t asked, std::int64_t arrived) {
  if (measured_.open())
    measured_.begun(arrived - asked);
}

void timed_run::record(stream&, bool first, std::int64_t asked, std::int64_t sent,
                       std::int64_t arrived) {
  ++records_;
  if (!measured_.open())
    return;
  measured_.record(arrived - sent);
  if (first)
    measured_.first(arrived - asked);
}

void timed_run::answered(stream& s, std::int64_t asked, std::int64_t arrived) {
  ++answers_;
  if (measured_.open())
    measured_.answer(arrived - asked);
  if (!stopping_) {
    ask(s, plan().records);
    return;
  }
  s.close();
  if (--asking_ == 0)
    expect_nothing();
}

nlohmann::ordered_json timed_run::result() {
  nlohmann::ordered_json out{
      {"mode", plan().mode == load_mode::paced ? "paced" : "saturate"},
      {"streams", plan().streams},
      {"records", plan().records},
      {"gap_us", plan().gap_us},
      {"asked_records", wanted_},
      {"checked_answers", answers_},
      {"checked_records", records_}};
  out.update(measured_.result());
  return out;
}

} // namespace conductor::bench

#include "runtime/liveness.hpp"

#include "adapters/lane/hosted.hpp"
#include "adapters/lane/pulse.hpp"

#include <boost/asio/post.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <utility>

namespace conductor {

namespace {

std::string milliseconds_text(std::int64_t nanoseconds) {
  return std::to_string(nanoseconds / 1'000'000) + " ms";
}

} // namespace

liveness::liveness(caf::actor_system& system,
                   const std::vector<std::unique_ptr<lane>>& lanes,
                   std::chrono::nanoseconds limit)
    : limit_(limit) {
  const auto add = [&](std::string complaint, lane* where) {
    auto& one = *all_.emplace_back(std::make_shared<prodded>());
    one.complaint = std::move(complaint);
    one.where = where;
  };
  for (const auto& l : lanes)
    add(l->name() + " has not turned", l.get());
  add("no worker has turned", nullptr);
  on_workers_ = spawn_worker(
      system, [answers = all_.back()](caf::event_based_actor*) -> caf::behavior {
        return {[answers](caf::unit_t) { answers->since = 0; }};
      });
}

void liveness::prod() {
  for (const auto& one : all_) {
    std::int64_t none = 0;
    if (!one->since.compare_exchange_strong(none, pulse_now()))
      continue;
    if (one->where == nullptr)
      caf::anon_send(on_workers_, caf::unit);
    else
      boost::asio::post(one->where->io(), [one] { one->since = 0; });
  }
}

std::string liveness::stuck() const {
  const auto now = pulse_now();
  std::string text;
  for (const auto& one : all_) {
    const auto since = one->since.load();
    if (since != 0 && now - since > limit_.count())
      text += one->complaint + " for " + milliseconds_text(now - since) + "\n";
  }
  pulses::all().each([&](const pulse& p) {
    const auto since = p.busy_since.load(std::memory_order_acquire);
    if (since != 0 && now - since > limit_.count())
      text += p.thread + " has been in " + p.doing.load() + " for " +
              milliseconds_text(now - since) + "\n";
  });
  return text;
}

void liveness::end() {
  caf::anon_send_exit(on_workers_, caf::exit_reason::user_shutdown);
  on_workers_ = nullptr;
}

} // namespace conductor

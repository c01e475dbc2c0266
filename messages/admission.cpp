#include "messages/admission.hpp"

#include <algorithm>
#include <string>

namespace conductor {
namespace {

caf::error limited(const grant& by, const char* what, std::chrono::nanoseconds wait) {
  by.meter->seen.limited.fetch_add(1, std::memory_order_relaxed);
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(
      std::max(wait, std::chrono::nanoseconds(1)));
  return make_error(errc::rate_limited,
                    "the key \"" + by.key.name + "\" " + what + "; come again in " +
                        std::to_string(seconds.count()) + " s",
                    static_cast<unsigned>(seconds.count()));
}

} // namespace

admission admit(const grant_ptr& by, std::chrono::nanoseconds now) {
  if (!by)
    return {};
  if (!by->meter->enter(by->key.limits.parallel))
    return {nullptr, limited(*by, "has as many answers under way as it may", {})};
  auto permit = std::make_shared<const key_permit>(by->meter);
  if (const auto wait = by->meter->admit(now, by->key.limits); wait.count() > 0)
    return {nullptr, limited(*by, "used what it may", wait)};
  return {std::move(permit), {}};
}

caf::error holder::check(priority_class asks, std::uint64_t more) const {
  if (!budget)
    return {};
  const auto& part = by ? by->meter->held : of_peer;
  const auto most = by ? budget->of_one_key() : budget->of_one_peer();
  if (part && !budget->fits(most, value_of(part), more)) {
    if (by)
      by->meter->seen.limited.fetch_add(1, std::memory_order_relaxed);
    return make_error(errc::rate_limited,
                      (by ? "the key \"" + by->key.name + "\"" : peer) + " holds " +
                          std::to_string(value_of(part)) + " of the " +
                          std::to_string(most) + " bytes that limits." +
                          (by ? "key_memory" : "peer_memory") + " allows",
                      1);
  }
  if (!budget->admits(asks, more))
    return make_error(errc::memory_exhausted,
                      "the node holds " + std::to_string(budget->held()) + " of the " +
                          std::to_string(budget->limit()) +
                          " bytes that limits.memory allows, and class " +
                          to_string(asks) + " has to wait",
                      1);
  return {};
}

share holder::open() const {
  return budget ? budget->open_share(by ? by->meter->held : of_peer) : share{};
}

caf::error check_key(const grant_ptr& by) {
  if (!by || !by->ended->load(std::memory_order_relaxed))
    return {};
  return make_error(errc::key_revoked, "the key \"" + by->key.name +
                                           "\" counts no longer: it was revoked, or has "
                                           "expired");
}

} // namespace conductor

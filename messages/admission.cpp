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

caf::error check_key(const grant_ptr& by) {
  if (!by || !by->ended->load(std::memory_order_relaxed))
    return {};
  return make_error(errc::key_revoked, "the key \"" + by->key.name +
                                           "\" counts no longer: it was revoked, or has "
                                           "expired");
}

} // namespace conductor

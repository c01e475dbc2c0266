#pragma once

#include "messages/errors.hpp"
#include "messages/key.hpp"

#include <memory>

namespace conductor {

/// Lets one answer more of that key begin; its permit is held until it is over. Null, and
/// no error: it takes none. An error rate_limited says when to come again.
struct admission {
  std::shared_ptr<const key_permit> permit;
  caf::error refused;
};
admission admit(const grant_ptr& by, std::chrono::nanoseconds now);

/// Why what came with that key goes on no longer; no error: it goes on.
caf::error check_key(const grant_ptr& by);

} // namespace conductor

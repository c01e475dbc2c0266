#pragma once

#include "messages/errors.hpp"
#include "messages/key.hpp"
#include "messages/memory_budget.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace conductor {

/// Lets one answer more of that key begin; its permit is held until it is over. Null, and
/// no error: it takes none. An error rate_limited says when to come again.
struct admission {
  std::shared_ptr<const key_permit> permit;
  caf::error refused;
};
admission admit(const grant_ptr& by, std::chrono::nanoseconds now);

/// Bytes of what the node says that are not refused for want of memory.
inline constexpr std::size_t never_refused = 16 * 1024;

/// Whose part of the node's memory something takes: a key's, or an address' that needs
/// none.
struct holder {
  budget_ptr budget;  ///< null: nobody counts
  grant_ptr by;       ///< null: no key's
  shared_sum of_peer; ///< of the address; null: it has no limit of its own
  std::string peer;   ///< its address

  /// Why he may not hold so many bytes more; no error: he may.
  caf::error check(priority_class asks, std::uint64_t more) const;
  /// What he holds from now on; he says how much.
  share open() const;
};

/// Why what came with that key goes on no longer; no error: it goes on.
caf::error check_key(const grant_ptr& by);

} // namespace conductor

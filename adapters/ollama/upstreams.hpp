#pragma once

#include "adapters/ollama/link.hpp"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace conductor {

/// UPSTREAMS owns one lane's connections to the backends that carry nothing just now.
struct upstreams_state {
  static inline const char* name = "upstreams";

  lane* home = nullptr;
  upstream_settings timing;
  std::function<tls_context()> tls;
  std::map<backend_ptr, std::vector<link_actor>> idle;
};

/// Keeps at most `upstream.idle_connections` for each backend; the youngest is used
/// first. Those to a server that was changed are closed at its next use. `tls` is what
/// connections to backends under TLS begin with now; null: there are none.
pool_actor::behavior_type upstreams(pool_actor::stateful_pointer<upstreams_state> self,
                                    lane* home, upstream_settings timing,
                                    std::function<tls_context()> tls = {});

} // namespace conductor

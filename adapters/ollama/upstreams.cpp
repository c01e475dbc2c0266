#include "adapters/ollama/upstreams.hpp"

#include <utility>

namespace conductor {
namespace {

using self_ptr = pool_actor::stateful_pointer<upstreams_state>;

/// Idle connections to that server; those to what it was before are closed.
std::vector<link_actor>& idle_of(self_ptr self, const backend_ptr& server) {
  auto& all = self->state.idle;
  if (const auto known = all.find(server); known != all.end())
    return known->second;
  std::erase_if(all, [&](const auto& entry) {
    if (entry.first->name != server->name)
      return false;
    for (const auto& l : entry.second)
      self->send(l, gone{});
    return true;
  });
  return all[server];
}

} // namespace

pool_actor::behavior_type upstreams(self_ptr self, lane* home, upstream_settings timing,
                                    std::function<tls_context()> tls) {
  auto& st = self->state;
  st.home = home;
  st.timing = timing;
  st.tls = std::move(tls);
  self->set_down_handler([self](const caf::down_msg& down) {
    for (auto& [server, idle] : self->state.idle)
      std::erase_if(idle,
                    [&](const link_actor& l) { return l.address() == down.source; });
  });
  return {
      [self](open_exchange& e) -> caf::result<publisher_actor> {
        auto& st = self->state;
        auto& idle = idle_of(self, e.at->server);
        link_actor chosen;
        if (idle.empty()) {
          chosen =
              spawn_class_on<link>(*st.home, e.at->server, st.timing,
                                   st.tls && e.at->server->url.tls ? st.tls() : nullptr,
                                   caf::actor_cast<pool_actor>(self));
          self->monitor(chosen);
        } else {
          chosen = std::move(idle.back());
          idle.pop_back();
        }
        self->send(chosen, std::move(e));
        return caf::actor_cast<publisher_actor>(chosen);
      },
      [self](link_idle& l) {
        // Only what is still in use: an exchange of a former server ends with it.
        const auto idle = self->state.idle.find(l.server);
        if (idle == self->state.idle.end() ||
            idle->second.size() >= self->state.timing.idle_connections)
          self->send(l.link, gone{});
        else
          idle->second.push_back(std::move(l.link));
      },
  };
}

} // namespace conductor

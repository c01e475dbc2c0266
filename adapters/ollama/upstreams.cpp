#include "adapters/ollama/upstreams.hpp"

#include <utility>

namespace conductor {
pool_actor::behavior_type upstreams(pool_actor::stateful_pointer<upstreams_state> self,
                                    lane* home, std::vector<backend_settings> servers,
                                    upstream_settings timing) {
  auto& st = self->state;
  st.home = home;
  st.timing = timing;
  for (auto& s : servers)
    st.servers[s.name] = s;
  self->set_down_handler([self](const caf::down_msg& down) {
    for (auto& [name, idle] : self->state.idle)
      std::erase_if(idle,
                    [&](const link_actor& l) { return l.address() == down.source; });
  });
  return {
      [self](open_exchange& e) -> caf::result<publisher_actor> {
        auto& st = self->state;
        const auto server = st.servers.find(e.at->backend);
        if (server == st.servers.end())
          return make_error(errc::unknown_backend, "unknown backend " + e.at->backend);
        auto& idle = st.idle[server->first];
        link_actor chosen;
        if (idle.empty()) {
          chosen = spawn_class_on<link>(*st.home, server->second, st.timing,
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
        auto& idle = self->state.idle[l.backend];
        if (idle.size() >= self->state.timing.idle_connections)
          self->send(l.link, gone{});
        else
          idle.push_back(std::move(l.link));
      },
  };
}

} // namespace conductor

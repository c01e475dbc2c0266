#include "actors/sessions.hpp"

#include <algorithm>
#include <utility>

namespace conductor {

sessions_actor::behavior_type
sessions(sessions_actor::stateful_pointer<sessions_state> self, session_links links,
         std::function<session_actor(session_record_ptr, session_links)> start) {
  auto& st = self->state;
  st.links = std::move(links);
  st.links.sessions = caf::actor_cast<sessions_actor>(self);
  self->set_down_handler([self](const caf::down_msg& down) {
    std::erase_if(self->state.live,
                  [&](const auto& s) { return s.second.address() == down.source; });
  });
  self->set_exit_handler([self](const caf::exit_msg& exit) {
    for (const auto& [id, s] : self->state.live)
      self->send_exit(s, caf::exit_reason::user_shutdown);
    self->quit(exit.reason);
  });
  const auto begin = [self, start](session_record_ptr record) {
    auto& st = self->state;
    auto s = start(record, st.links);
    self->monitor(s);
    st.live[record->info.id] = s;
    return s;
  };
  const auto end = [self](const std::string& id) {
    auto& st = self->state;
    const auto i = st.live.find(id);
    if (i == st.live.end())
      return;
    self->demonitor(i->second.address());
    self->send_exit(i->second, caf::exit_reason::user_shutdown);
    st.live.erase(i);
  };
  return {
      [self, begin](create_session& c) -> caf::result<session_record_ptr> {
        auto promise = self->make_response_promise<session_record_ptr>();
        auto record = std::make_shared<session_record>();
        record->info = std::move(c.info);
        record->info.created = record->info.updated = self->state.links.clock();
        self->request(self->state.links.store, caf::infinite,
                      store_write{record->info, {}})
            .then(
                [promise, begin, record](const stored&) mutable {
                  begin(record);
                  promise.deliver(session_record_ptr{record});
                },
                [promise](const caf::error& e) mutable { promise.deliver(e); });
        return promise;
      },
      [self, begin](open_session& o) -> caf::result<session_actor> {
        auto& st = self->state;
        const auto i = st.live.find(o.id);
        if (i != st.live.end())
          return i->second;
        auto promise = self->make_response_promise<session_actor>();
        auto& opening = st.under_way[o.id];
        opening.waiting.push_back(promise);
        if (opening.waiting.size() > 1)
          return promise;
        const auto waiting = [self, id = o.id] {
          auto node = self->state.under_way.extract(id);
          return std::move(node.mapped().waiting);
        };
        self->request(st.links.store, caf::infinite, store_read{o.id})
            .then(
                [begin, waiting](const session_record_ptr& record) {
                  const auto s = begin(record);
                  for (auto& p : waiting())
                    p.deliver(s);
                },
                [waiting](const caf::error& e) {
                  for (auto& p : waiting())
                    p.deliver(e);
                });
        return promise;
      },
      [self, end](erase_session& e) -> caf::result<stored> {
        end(e.id);
        return self->delegate(self->state.links.store, store_erase{std::move(e.id)});
      },
      [self](store_list& wish) -> caf::result<session_page> {
        return self->delegate(self->state.links.store, std::move(wish));
      },
      [end](const retire& r) { end(r.id); },
  };
}

} // namespace conductor

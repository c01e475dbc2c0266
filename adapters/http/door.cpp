#include "adapters/http/door.hpp"

#include <caf/send.hpp>

#include <utility>

namespace conductor {
namespace {

using self_ptr = door_actor::stateful_pointer<door_state>;

void tell_if_empty(self_ptr self) {
  auto& st = self->state;
  if (!st.open.empty())
    return;
  for (auto& promise : std::exchange(st.waiting, {}))
    promise.deliver(drained{});
}

template <class Message>
void tell_all(self_ptr self, Message m) {
  for (const auto& who : self->state.open)
    if (auto w = caf::actor_cast<caf::strong_actor_ptr>(who))
      self->send(caf::actor_cast<wire_actor>(w), m);
}

} // namespace

door_actor::behavior_type door(self_ptr self, lane* home) {
  self->state.home = home;
  self->set_exit_handler([self](const caf::exit_msg& exit) {
    for (const auto& who : self->state.open)
      if (auto w = caf::actor_cast<caf::strong_actor_ptr>(who))
        caf::anon_send_exit(caf::actor_cast<caf::actor>(w),
                            caf::exit_reason::user_shutdown);
    self->quit(exit.reason);
  });
  self->set_down_handler([self](const caf::down_msg& down) {
    auto& st = self->state;
    if (st.open.erase(down.source) > 0)
      --st.home->connections;
    tell_if_empty(self);
  });
  return {
      [self](arrival& a) {
        auto& st = self->state;
        auto w = spawn_class_on<wire>(*st.home, std::move(a));
        self->monitor(w);
        st.open.insert(w.address());
        // Who was let in just before the end is served once.
        if (st.draining)
          self->send(w, drain{});
      },
      [self](drain d) -> caf::result<drained> {
        auto& st = self->state;
        st.draining = true;
        auto promise = self->make_response_promise<drained>();
        st.waiting.push_back(promise);
        tell_all(self, d);
        tell_if_empty(self);
        return promise;
      },
      [self](expel e) { tell_all(self, e); },
  };
}

} // namespace conductor

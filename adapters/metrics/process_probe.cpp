#include "adapters/metrics/process_probe.hpp"

#include <caf/send.hpp>

#include <utility>

namespace conductor {

process_actor::behavior_type
process_probe(process_actor::stateful_pointer<process_probe_state> self,
              std::shared_ptr<executor> files) {
  self->state.files = std::move(files);
  return {
      [self](process_query) -> caf::result<process_facts> {
        auto& st = self->state;
        auto promise = self->make_response_promise<process_facts>();
        st.asking.push_back(promise);
        if (st.asking.size() == 1)
          st.files->post([home = caf::actor_cast<process_actor>(self)] {
            caf::anon_send(home, read_process());
          });
        return promise;
      },
      [self](const process_facts& found) {
        for (auto& promise : std::exchange(self->state.asking, {}))
          promise.deliver(found);
      },
  };
}

} // namespace conductor

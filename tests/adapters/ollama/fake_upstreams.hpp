#pragma once

#include "tests/actors/fake_dispatcher.hpp"

#include <memory>
#include <vector>

namespace conductor::test {

/// The exchanges that an adapter opened, in the test's hand.
struct opened {
  std::vector<open_exchange> asked;
  std::vector<std::shared_ptr<publisher_notes>> notes;
  std::vector<publisher_actor> exchanges;

  /// The server says this in exchange `i`.
  template <class Actor, class... Messages>
  void say(std::size_t i, const Actor& to, Messages... messages) {
    const auto from = caf::actor_cast<caf::strong_actor_ptr>(exchanges[i]);
    const auto whom = caf::actor_cast<caf::actor>(to);
    (whom->enqueue(from, caf::make_message_id(), caf::make_message(std::move(messages)),
                   nullptr),
     ...);
  }
};
struct fake_upstreams_state {
  static inline const char* name = "upstreams";
};
inline upstreams_actor::behavior_type
fake_upstreams(upstreams_actor::stateful_pointer<fake_upstreams_state> self,
               std::shared_ptr<opened> all) {
  return {[self, all](const open_exchange& e) -> caf::result<publisher_actor> {
    if (e.at->backend == "unknown")
      return make_error(errc::unknown_backend, "unknown backend");
    all->asked.push_back(e);
    all->notes.push_back(std::make_shared<publisher_notes>());
    all->exchanges.push_back(self->system().spawn(publisher, all->notes.back()));
    return all->exchanges.back();
  }};
}

} // namespace conductor::test

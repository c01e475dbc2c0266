#pragma once

#include "config/settings.hpp"
#include "tests/actors/actor_fixture.hpp"

#include <caf/typed_response_promise.hpp>

#include <functional>
#include <memory>
#include <vector>

namespace conductor::test {

/// What DISPATCHER's stand-in was told, and how it answers.
struct dispatcher_notes {
  std::function<caf::result<lease_ptr>(const acquire&)> grant =
      [](const acquire&) -> caf::result<lease_ptr> { return make_error(errc::internal); };
  std::function<caf::result<fleet_status>()> fleet = [] { return fleet_status{}; };
  std::vector<acquire> wishes;
  std::vector<attempt_failed> failures;
  std::vector<spent> spents;
  std::vector<began> begun;
  std::vector<moved_on> moves;
  std::vector<backend_status> told;
  std::vector<model_order> orders;
  std::vector<backend_change> changes;
  std::vector<twin_query> twins;
  std::string twin;  ///< that is told; empty: there is none
  bool hold = false; ///< answers no wish
  std::vector<caf::typed_response_promise<lease_ptr>> held;
  int joined = 0;
  int live_leases = 0; ///< of those made by `lease_of`
};

struct fake_dispatcher_state {
  static inline const char* name = "dispatcher";
};
inline dispatcher_actor::behavior_type
fake_dispatcher(dispatcher_actor::stateful_pointer<fake_dispatcher_state> self,
                std::shared_ptr<dispatcher_notes> notes) {
  return {
      [self, notes](const acquire& wish) -> caf::result<lease_ptr> {
        notes->wishes.push_back(wish);
        if (notes->hold) {
          notes->held.push_back(self->make_response_promise<lease_ptr>());
          return notes->held.back();
        }
        return notes->grant(wish);
      },
      [notes](const attempt_failed& f) { notes->failures.push_back(f); },
      [notes](const moved_on& m) { notes->moves.push_back(m); },
      [notes](const spent& s) { notes->spents.push_back(s); },
      [notes](const began& b) { notes->begun.push_back(b); },
      [](const explain_query&) { return explanations{}; },
      [](lease_ended) {},
      [notes](const join&) { ++notes->joined; },
      [notes](const backend_status& s) { notes->told.push_back(s); },
      [notes](fleet_query) { return notes->fleet(); },
      [](queue_query) { return queue_list{}; },
      [notes](fresh_fleet_query) { return notes->fleet(); },
      [notes](const twin_query& q) -> caf::result<twin> {
        notes->twins.push_back(q);
        if (notes->twin.empty())
          return make_error(errc::not_found, "none");
        return twin{notes->twin};
      },
      [notes](const model_order& o) {
        notes->orders.push_back(o);
        return model_ordered{{"one"}};
      },
      [notes](const backend_change& c) {
        notes->changes.push_back(c);
        return notes->fleet();
      },
      [](const fleet_config&) {},
      [](tick) {},
      [](const restart_backend&) {},
  };
}

/// A lease at that backend, counted while it lives.
inline lease_ptr lease_of(const std::shared_ptr<dispatcher_notes>& notes, lease what) {
  ++notes->live_leases;
  return lease_ptr{new lease(std::move(what)), [notes](const lease* l) {
                     --notes->live_leases;
                     delete l;
                   }};
}

inline backend_ptr server_named(std::string name, std::optional<unsigned> parallel = {}) {
  auto s = std::make_shared<backend_settings>();
  s->name = std::move(name);
  s->url.host = "127.0.0.1";
  s->parallel = parallel;
  return s;
}

} // namespace conductor::test

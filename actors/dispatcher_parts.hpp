#pragma once

#include "actors/dispatcher.hpp"

/// What the parts of DISPATCHER need of each other; for actors/dispatcher*.cpp only.
namespace conductor::dispatcher_parts {

using self_ptr = dispatcher_actor::stateful_pointer<dispatcher_state>;

// dispatcher_queue.cpp
/// Somebody wants a lease: he gets it, waits for it, or is told why there is none.
void take_wish(self_ptr self, acquire& wish, caf::actor_addr who,
               caf::typed_response_promise<lease_ptr> reply);
/// Everybody who waits is looked at again: something may be free, or ready.
void serve_queue(self_ptr self);
/// Who waited longer than `queue.max_wait` is told so.
void expire(self_ptr self);
/// That one does not wait any longer.
void leave_queue(self_ptr self, const caf::actor_addr& who);
void tell_if_waiting(self_ptr self);
queue_list who_waits(const dispatcher_state& st, caf::actor_clock::time_point now);

// dispatcher.cpp
/// Looks again by itself while something changes by time alone.
void keep_time(self_ptr self);
void recall_leases(self_ptr self, bool watch = false);
/// Zombies that are none any longer are charged to those who left them.
void bill(self_ptr self, const std::vector<fleet::burial>& buried);

// dispatcher_fleet.cpp
void start_backend(self_ptr self, const backend_ptr& server);
void start_load(self_ptr self, const std::string& backend, const acquire& wish);
/// Pinned models that left the memory are brought back.
void load_pinned(self_ptr self);
/// Every backend that is up is asked anew; then `then`.
void ask_all(self_ptr self, std::function<void()> then);
caf::result<model_ordered> order_model(self_ptr self, model_order& order);
caf::result<fleet_status> change_backend(self_ptr self, backend_change& change);
void take_config(self_ptr self, const fleet_config& now);
/// Who has the very same model, and a template that goes on in an answer.
caf::result<twin> find_twin(self_ptr self, const twin_query& q);
fleet_status status_of(const dispatcher_state& st);

} // namespace conductor::dispatcher_parts

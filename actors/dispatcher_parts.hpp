#pragma once

#include "actors/dispatcher.hpp"

/// What the parts of DISPATCHER need of each other; for actors/dispatcher*.cpp only.
namespace conductor::dispatcher_parts {

using self_ptr = dispatcher_actor::stateful_pointer<dispatcher_state>;

// dispatcher.cpp
/// Everybody who waits is looked at again: something may be free, or ready.
void serve_queue(self_ptr self);
/// Looks again by itself while something changes by time alone.
void keep_time(self_ptr self);
void recall_leases(self_ptr self);
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
void take_list(self_ptr self, const backend_list& list);
/// Who has the very same model, and a template that goes on in an answer.
caf::result<twin> find_twin(self_ptr self, const twin_query& q);
fleet_status status_of(const dispatcher_state& st);

} // namespace conductor::dispatcher_parts

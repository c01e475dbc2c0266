#pragma once

#include "actors/session.hpp"

#include <functional>
#include <optional>
#include <string>

/// What the parts of SESSION need of each other; for actors/session*.cpp only.
namespace conductor::session_parts {

using self_ptr = session_actor::stateful_pointer<session_state>;

// session.cpp
session_message& message(session_state& st, std::uint64_t seq);
/// Numbers an event and sends it to the followers.
void tell(self_ptr self, session_event e);
/// What was `changed` since is offered to STORE; `then` gets null, or why it was refused.
void save(
    self_ptr self, std::vector<std::uint64_t> changed,
    std::optional<std::uint64_t> keep = {},
    std::function<void(const caf::error*)> then = [](const caf::error*) {});
/// Saves what came, in a second.
void save_soon(self_ptr self);
/// All there is of it, the same for all who ask until something changes.
session_record_ptr copy_of(session_state& st);
/// What was shown is no longer so.
void forget_copy(session_state& st);
/// Tells who waits for it that no turn is under way.
void tell_if_drained(self_ptr self);

// session_turns.cpp
void begin_turn(self_ptr self);
/// Tells what the turn waits for: its place in the queue, and then a model that loads.
void ask_what_it_waits_for(self_ptr self, std::uint64_t answer);
/// Records of the answer under way.
void take(self_ptr self, const bytes& records);
/// The answer under way is over.
void answered(self_ptr self, const complete& c);
/// The backend of the answer under way was lost: another one is asked to go on with it.
/// False: it cannot, or must not.
bool go_on_elsewhere(self_ptr self, const failed& f);
void fail_turn(self_ptr self, message_state state, std::string code, std::string detail);
bool cancel_turn(self_ptr self, std::uint64_t answer);
/// Ends every turn: the node stops.
void interrupt_turns(self_ptr self);

// session_changes.cpp
caf::result<said> take_message(self_ptr self, say& s);
caf::result<session_record_ptr> change(self_ptr self, change_session& c);
caf::result<session_record_ptr> rewind(self_ptr self, const rewind_session& r);

} // namespace conductor::session_parts

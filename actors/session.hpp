#pragma once

#include "actors/event_log.hpp"
#include "actors/turn.hpp"
#include "messages/memory_budget.hpp"
#include "messages/monitored.hpp"
#include "messages/session.hpp"
#include "messages/share.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <set>
#include <string>
#include <vector>

namespace conductor {

/// What a SESSION needs of its node.
struct session_links {
  std::function<store_actor()> store; ///< the present one
  /// Starts a GENERATION on some lane.
  std::function<answer_actor(const request_ptr&)> start;
  /// Who knows what is loaded where; null: nobody.
  std::function<dispatcher_actor()> dispatcher;
  /// Who is told how each turn ended; null: nobody.
  std::function<observer_actor()> observer;
  session_codec codec;
  std::function<wall_time()> clock;
  bool continues = false; ///< an answer cut short goes on at an equal backend
  shared_sum continued;   ///< counts those that did; null: nobody wants to know
  budget_ptr budget;      ///< of the node's memory; null: there is none
  /// What that key's part of it is; null, or null for it: it has no limit of its own.
  std::function<shared_sum(const std::string& owner)> part_of;
  std::uint64_t most_answer_bytes = 64u << 20; ///< of one answer's text
  std::uint64_t window_bytes = 256 * 1024;
  std::size_t max_turns = 16; ///< that wait behind the present one
};

/// SESSION owns one conversation: its messages, one turn at a time, its followers.
///
/// A message is acknowledged when STORE has it. The answer's text is saved every second
/// and at the end; what STORE did not take is offered again every second. Each turn ends
/// with exactly one of `done`, `cancelled`, `error`. Followers read the log of events at
/// their own pace; one that fell behind what is kept gets a snapshot first. A session
/// that nobody needs ends, and comes back from STORE.
struct session_state {
  static inline const char* name = "session";

  struct turn {
    std::uint64_t answer = 0; ///< seq of the message that it makes
    std::string request_id;
    priority_class priority = priority_class::normal;
    std::size_t position = 0; ///< in the node's queue, as last told
    bool told_loading = false;
    unsigned seams = 0; ///< it went on elsewhere so often
    trace_ptr trace;
    grant_ptr by;                             ///< whose key it came with
    std::shared_ptr<const key_permit> permit; ///< of that key
    caf::actor_clock::time_point since{};     ///< its message was acknowledged
    std::vector<attempt> lost;                ///< where it did not go on
  };
  /// Messages that STORE has not taken yet.
  struct arrival {
    std::uint64_t asked = 0;
    std::uint64_t answer = 0;
    std::vector<caf::typed_response_promise<said>> waiting;
  };
  struct follower {
    monitored<follower_actor> to;
    std::uint64_t next = 1; ///< number of the event that it gets next
    std::size_t credit = 0;
  };

  session_links links;
  session_info info;
  std::vector<session_message> messages; ///< by seq
  std::list<arrival> arriving;
  std::list<turn> turns;  ///< the first one is under way
  bool rewriting = false; ///< STORE is asked to erase messages
  answer_actor answer;
  request_ptr asked;               ///< for the answer under way
  answer_course course;            ///< of that, as far as it was told
  std::string backend;             ///< that answers
  bool seeking = false;            ///< another one is sought, to go on with the answer
  int status = 0;                  ///< of the answer under way; 0: no head came yet
  std::string reason;              ///< of its end
  std::string failure;             ///< what Ollama said instead of an answer
  bool finishing = false;          ///< the turn is over, STORE is still to take it
  bool dirty = false;              ///< text came since the last save
  bool ticking = false;            ///< a checkpoint is on its way
  std::set<std::uint64_t> refused; ///< messages that STORE did not take
  /// Of writes under way: each is called once, with null or why STORE refused.
  std::list<std::function<void(const caf::error*)>> saves;
  bool ended = false;        ///< it was erased, or the node stops: nothing more begins
  bool used = true;          ///< since the last look
  std::uint64_t context = 0; ///< tokens of the loaded model; 0: unknown
  std::vector<caf::typed_response_promise<drained>> draining;

  event_log log;
  std::vector<follower> followers;
  share in_memory; ///< what the conversation takes of the node's
  // As they were last told, for as long as somebody has them and nothing has changed.
  std::weak_ptr<const session_record> shown;
  std::weak_ptr<const session_event> snapshot;
};

session_actor::behavior_type session(session_actor::stateful_pointer<session_state> self,
                                     session_record_ptr record, session_links links);

} // namespace conductor

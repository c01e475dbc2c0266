#pragma once

#include "messages/actors.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/atom.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace conductor::test {

/// Runs actors on CAF's testing scheduler: nothing happens but in `run()`, no time passes
/// but by `advance()`.
class actor_fixture : public ::testing::Test {
protected:
  struct config : caf::actor_system_config {
    config() { set("scheduler.policy", caf::atom("testing")); }
  };

  actor_fixture()
      : system(cfg)
      , time(dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler())) {}

  /// Lets every mailbox run empty.
  void run() {
    while (time.has_job())
      time.run();
  }

  /// Moves time; what falls due runs.
  void advance(std::chrono::nanoseconds by) {
    run();
    time.advance_time(std::chrono::duration_cast<caf::timespan>(by));
    run();
  }

  template <class Handle>
  void end(const Handle& who) {
    caf::anon_send_exit(who, caf::exit_reason::user_shutdown);
    run();
  }

  /// Whether the actor has ended.
  template <class Handle>
  static bool ended(const Handle& who) {
    return caf::actor_cast<caf::abstract_actor*>(who)->getf(
        caf::abstract_actor::is_terminated_flag);
  }

  config cfg;
  caf::actor_system system;
  caf::scheduler::test_coordinator& time;
};

/// What a SUBSCRIBER saw, in order, as text: `head 200`, `+bytes`, `done`, `!code`.
struct seen {
  std::vector<std::string> events;
  std::string body;
  answer_course course; ///< as last told
  void add(std::string e) { events.push_back(std::move(e)); }
};

inline std::string name_of(const failed& f) {
  return std::string{"!"} + to_string(f.code);
}

/// A SUBSCRIBER that notes everything.
struct reader_state {
  static inline const char* name = "reader";
};
inline subscriber_actor::behavior_type
reader(subscriber_actor::stateful_pointer<reader_state>, std::shared_ptr<seen> log) {
  return {
      [log](const started& s) {
        log->course = s.course;
        log->add("head " + std::to_string(s.head->status));
      },
      [log](const next& n) {
        log->body += n.data.view();
        log->add("+" + std::string{n.data.view()});
      },
      [log](const complete& c) {
        log->course = c.course;
        log->add("done");
      },
      [log](const failed& f) {
        log->course = f.course;
        log->add(name_of(f));
      },
  };
}

/// A PUBLISHER that notes what is asked of it.
struct publisher_notes {
  std::uint64_t demanded = 0;
  unsigned demands = 0;
  unsigned cancels = 0;
  unsigned drains = 0;
  subscriber_actor subscriber;
};
struct publisher_state {
  static inline const char* name = "publisher";
};
inline answer_actor::behavior_type
publisher(answer_actor::stateful_pointer<publisher_state>,
          std::shared_ptr<publisher_notes> notes) {
  return {
      [notes](const subscribe& s) { notes->subscriber = s.reader; },
      [notes](demand d) {
        notes->demanded += d.bytes;
        ++notes->demands;
      },
      [notes](cancel) { ++notes->cancels; },
      [notes](drain) { ++notes->drains; },
  };
}

inline head_ptr head_of(int status, std::string backend = "one") {
  auto head = std::make_shared<response_head>();
  head->status = status;
  head->backend = std::move(backend);
  return head;
}

inline next bytes_of(std::string_view text) {
  return next{bytes::copy_of(text)};
}

} // namespace conductor::test

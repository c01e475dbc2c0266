#include "actors/client.hpp"

#include "tests/actors/actor_fixture.hpp"

namespace conductor::test {
namespace {

/// What WIRE's stand-in was told.
struct wire_notes : seen {
  std::vector<response> responses;
};
struct fake_wire_state {
  static inline const char* name = "wire";
};
wire_actor::behavior_type fake_wire(wire_actor::stateful_pointer<fake_wire_state>,
                                    std::shared_ptr<wire_notes> log) {
  return {
      [log](const started& s) { log->add("head " + std::to_string(s.head->status)); },
      [log](const next& n) { log->add("+" + std::string{n.data.view()}); },
      [log](const complete&) { log->add("done"); },
      [log](const failed& f) { log->add(name_of(f)); },
      [](const subscribe&) {},
      [](demand) {},
      [](cancel) {},
      [log](const response& r) {
        log->add("answer " + std::to_string(r.status));
        log->responses.push_back(r);
      },
      [](drain) {},
      [](expel) {},
      [](gone) {},
  };
}

struct fake_resources_state {
  static inline const char* name = "resources";
};
resources_actor::behavior_type
fake_resources(resources_actor::stateful_pointer<fake_resources_state>) {
  return {[](const request_ptr& asked) -> caf::result<response> {
    if (asked->target == "/broken")
      return make_error(errc::internal, "broken");
    return response{200, "text/plain", "hello", {}};
  }};
}

struct fake_observer_state {
  static inline const char* name = "observer";
};
observer_actor::behavior_type
fake_observer(observer_actor::stateful_pointer<fake_observer_state>,
              std::shared_ptr<std::vector<request_summary>> summaries) {
  return {
      [summaries](const request_summary& s) { summaries->push_back(s); },
      [](const backend_status&) {},
      [](const requests_query&) { return ended_requests{}; },
      [](drain) { return drained{}; },
      [](tick) {},
  };
}

struct fake_generation_state {
  static inline const char* name = "generation";
};
generation_actor::behavior_type
fake_generation(generation_actor::stateful_pointer<fake_generation_state>,
                std::shared_ptr<publisher_notes> notes) {
  return {
      [](const started&) {},
      [](const next&) {},
      [](const complete&) {},
      [](const failed&) {},
      [notes](const subscribe& s) { notes->subscriber = s.reader; },
      [notes](demand d) {
        notes->demanded += d.bytes;
        ++notes->demands;
      },
      [notes](cancel) { ++notes->cancels; },
      [notes](drain) { ++notes->drains; },
      [](const stop_generation&) {},
      [](keys_ended) {},
      [](watch_lease) {},
      [](progress_query) { return progress{}; },
  };
}

class a_client : public actor_fixture {
protected:
  a_client() {
    limits.window_bytes = 100;
    client_links links;
    links.wire = system.spawn(fake_wire, log);
    links.resources = [r = system.spawn(fake_resources)](const request&) { return r; };
    links.observer = system.spawn(fake_observer, summaries);
    links.limits = limits;
    links.start = [this](const request_ptr&) {
      notes.push_back(std::make_shared<publisher_notes>());
      generations.push_back(system.spawn(fake_generation, notes.back()));
      return generations.back();
    };
    subject = system.spawn(client, links);
    run();
  }

  ~a_client() override {
    for (auto& g : generations)
      end(g);
    end(subject);
  }

  void ask(request_kind kind, std::string target = "/api/chat", bool traced = false) {
    auto asked = std::make_shared<request>();
    if (traced) {
      trace_context t;
      t.sampled = true;
      asked->trace = std::make_shared<const trace_context>(std::move(t));
    }
    asked->kind = kind;
    asked->target = std::move(target);
    asked->received = request_clock::now();
    caf::anon_send(subject, request_ptr{asked});
    run();
  }

  template <class Message>
  void from(std::size_t which, Message m) {
    caf::send_as(generations[which], caf::actor_cast<subscriber_actor>(subject),
                 std::move(m));
    run();
  }

  template <class Message>
  void tell(Message m) {
    caf::anon_send(subject, std::move(m));
    run();
  }

  using events = std::vector<std::string>;
  stream_settings limits;
  std::shared_ptr<wire_notes> log = std::make_shared<wire_notes>();
  std::shared_ptr<std::vector<request_summary>> summaries =
      std::make_shared<std::vector<request_summary>>();
  std::vector<std::shared_ptr<publisher_notes>> notes;
  std::vector<generation_actor> generations;
  client_actor subject;
};

TEST_F(a_client, answers_a_local_request_from_resources) {
  ask(request_kind::local);
  EXPECT_EQ(log->events, (events{"answer 200"}));
  ASSERT_EQ(summaries->size(), 1u);
  EXPECT_EQ((*summaries)[0].status, 200);
}

TEST_F(a_client, tells_a_failure_of_resources) {
  ask(request_kind::local, "/broken");
  EXPECT_EQ(log->events, (events{"!internal"}));
}

TEST_F(a_client, streams_an_answer_and_sums_it_up_once) {
  ask(request_kind::inference);
  from(0, started{head_of(200)});
  from(0, bytes_of("a\n"));
  from(0, complete{usage{1, 2, 3, 4, 5, 6}});
  EXPECT_EQ(log->events, (events{"head 200", "+a\n", "done"}));
  ASSERT_EQ(summaries->size(), 1u);
  EXPECT_EQ((*summaries)[0].outcome, "done");
  EXPECT_EQ((*summaries)[0].body_bytes, 2u);
  EXPECT_EQ((*summaries)[0].used.answer_tokens, 2u);
  EXPECT_EQ((*summaries)[0].backend, "one");
}

TEST_F(a_client, demands_its_window_first_and_then_what_the_socket_took) {
  ask(request_kind::inference);
  EXPECT_EQ(notes[0]->demanded, 100u);
  tell(wrote{49});
  EXPECT_EQ(notes[0]->demanded, 100u);
  tell(wrote{1});
  EXPECT_EQ(notes[0]->demanded, 150u);
}

TEST_F(a_client, cancels_and_ends_when_the_peer_leaves) {
  ask(request_kind::inference);
  tell(gone{});
  EXPECT_EQ(notes[0]->cancels, 1u);
  ASSERT_EQ(summaries->size(), 1u);
  EXPECT_EQ((*summaries)[0].outcome, "cancelled");
  EXPECT_TRUE(ended(subject));
}

TEST_F(a_client, ends_quietly_when_the_peer_leaves_between_two_requests) {
  tell(gone{});
  EXPECT_TRUE(summaries->empty());
  EXPECT_TRUE(ended(subject));
}

TEST_F(a_client, tells_the_death_of_an_answers_actor_as_one_failure) {
  ask(request_kind::inference);
  from(0, started{head_of(200)});
  from(0, bytes_of("a\n"));
  end(generations[0]);
  EXPECT_EQ(log->events, (events{"head 200", "+a\n", "!internal"}));
  EXPECT_EQ(summaries->size(), 1u);
}

TEST_F(a_client, hears_nothing_of_an_earlier_answer) {
  ask(request_kind::inference);
  from(0, failed{errc::no_backend, "none"});
  ask(request_kind::inference);
  from(0, bytes_of("stale"));
  from(0, complete{});
  EXPECT_EQ(log->events, (events{"!no_backend"}));
  from(1, started{head_of(200)});
  from(1, complete{});
  EXPECT_EQ(log->events, (events{"!no_backend", "head 200", "done"}));
}

TEST_F(a_client, ends_its_answer_with_an_error_when_it_is_expelled) {
  ask(request_kind::inference);
  from(0, started{head_of(200)});
  tell(expel{});
  EXPECT_EQ(log->events, (events{"head 200", "!shutting_down"}));
  EXPECT_EQ(notes[0]->cancels, 1u);
}

TEST_F(a_client, sums_a_traced_answer_up_when_the_peer_took_it) {
  ask(request_kind::inference, "/api/chat", true);
  from(0, started{head_of(200)});
  complete end;
  end.reason = "stop";
  end.course.now.backend = "one";
  from(0, end);
  EXPECT_EQ(log->events, (events{"head 200", "done"}));
  EXPECT_TRUE(summaries->empty());
  tell(expel{});
  EXPECT_EQ(log->events.size(), 2u) << "it has its end";
  tell(answer_taken{});
  ASSERT_EQ(summaries->size(), 1u);
  EXPECT_EQ((*summaries)[0].outcome, "done");
  EXPECT_EQ((*summaries)[0].reason, "stop");
  EXPECT_EQ((*summaries)[0].course.now.backend, "one");
  EXPECT_NE((*summaries)[0].taken, request_clock::time_point{});
  ask(request_kind::inference, "/api/chat", true);
  from(1, failed{errc::no_backend, "none"});
  tell(answer_taken{});
  ASSERT_EQ(summaries->size(), 2u);
  EXPECT_EQ((*summaries)[1].outcome, "no_backend");
}

TEST_F(a_client, sums_a_traced_answer_up_once_when_the_peer_leaves) {
  ask(request_kind::inference, "/api/chat", true);
  from(0, started{head_of(200)});
  from(0, complete{});
  tell(gone{});
  ASSERT_EQ(summaries->size(), 1u);
  EXPECT_EQ((*summaries)[0].outcome, "done") << "it was, for all that is known";
  EXPECT_TRUE(ended(subject));
}

TEST_F(a_client, sums_up_what_the_peer_did_not_wait_for) {
  ask(request_kind::inference, "/api/chat", true);
  answer_course so_far;
  so_far.now.backend = "one";
  from(0, started{head_of(200), so_far});
  tell(gone{});
  ASSERT_EQ(summaries->size(), 1u);
  EXPECT_EQ((*summaries)[0].outcome, "cancelled");
  EXPECT_EQ((*summaries)[0].course.now.backend, "one");
  EXPECT_NE((*summaries)[0].taken, request_clock::time_point{});
}

TEST_F(a_client, tells_the_answer_in_hand_that_the_node_drains) {
  ask(request_kind::follow, "/conductor/v1/sessions/s/events");
  tell(drain{});
  EXPECT_EQ(notes[0]->drains, 1u);
  EXPECT_EQ(notes[0]->cancels, 0u);
}

TEST_F(a_client, tells_an_answer_that_is_asked_for_while_the_node_drains) {
  tell(drain{});
  ask(request_kind::follow, "/conductor/v1/sessions/s/events");
  EXPECT_EQ(notes[0]->drains, 1u);
}

TEST_F(a_client, ignores_being_expelled_while_it_asks_for_nothing) {
  tell(expel{});
  EXPECT_TRUE(log->events.empty());
}

} // namespace
} // namespace conductor::test

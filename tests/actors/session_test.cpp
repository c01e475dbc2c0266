#include "actors/sessions.hpp"

#include "tests/actors/actor_fixture.hpp"

#include <deque>
#include <map>
#include <optional>
#include <utility>

namespace conductor::test {
namespace {

/// STORE in memory, which a test can make slow or broken.
struct memory {
  std::map<std::string, session_record> sessions;
  std::deque<std::pair<caf::typed_response_promise<stored>, store_write>> held;
  bool hold = false;
  bool broken = false;
  int writes = 0;

  /// False: the session was erased.
  bool apply(const store_write& w) {
    if (!w.creates && !sessions.contains(w.info.id))
      return false;
    ++writes;
    auto& record = sessions[w.info.id];
    record.info = w.info;
    if (w.keep)
      std::erase_if(record.messages, [&](const auto& m) { return m.seq > *w.keep; });
    for (const auto& m : w.messages) {
      const auto old = std::find_if(record.messages.begin(), record.messages.end(),
                                    [&](const auto& o) { return o.seq == m.seq; });
      if (old == record.messages.end())
        record.messages.push_back(m);
      else
        *old = m;
    }
    return true;
  }
  caf::result<stored> answer(const store_write& w) {
    if (!apply(w))
      return make_error(errc::session_not_found, "erased");
    return stored{};
  }
};
struct fake_store_state {
  static inline const char* name = "store";
};
/// A `tick` lets it write what it holds.
using holding_store_actor = store_actor::extend<caf::reacts_to<tick>>;
holding_store_actor::behavior_type
fake_store(holding_store_actor::stateful_pointer<fake_store_state> self,
           std::shared_ptr<memory> m) {
  return {
      [=](store_write& w) -> caf::result<stored> {
        if (m->broken)
          return make_error(errc::store_failed, "disk full");
        if (!m->hold)
          return m->answer(w);
        auto promise = self->make_response_promise<stored>();
        m->held.emplace_back(promise, std::move(w));
        return promise;
      },
      [=](const store_read& r) -> caf::result<session_record_ptr> {
        const auto i = m->sessions.find(r.id);
        if (i == m->sessions.end())
          return make_error(errc::session_not_found, "none");
        return session_record_ptr{std::make_shared<session_record>(i->second)};
      },
      [=](const store_erase& e) -> caf::result<stored> {
        m->sessions.erase(e.id);
        return stored{};
      },
      [](const store_list&) { return session_page{}; },
      [=](const store_key& k) {
        session_ids ids;
        for (const auto& [id, r] : m->sessions)
          if (r.info.key == k.key)
            ids.push_back(id);
        return ids;
      },
      [=](const store_expired& e) {
        session_ids ids;
        for (const auto& [id, r] : m->sessions)
          if (r.info.expired(e.now))
            ids.push_back(id);
        return ids;
      },
      [=](store_query) { return store_status{}; },
      [](store_copy) -> caf::result<store_copied> { return make_error(errc::internal); },
      [](const store_part&) -> caf::result<bytes> { return make_error(errc::internal); },
      [](store_drop_copy) {},
      [=](tick) {
        m->hold = false;
        for (auto& [promise, write] : std::exchange(m->held, {})) {
          if (m->apply(write))
            promise.deliver(stored{});
          else
            promise.deliver(make_error(errc::session_not_found, "erased"));
        }
      },
  };
}

/// A FOLLOWER that notes what it was told, as text: `delta:hello`, `done`.
struct follower_state {
  static inline const char* name = "follower";
};
follower_actor::behavior_type following(follower_actor::stateful_pointer<follower_state>,
                                        std::shared_ptr<std::vector<event_ptr>> log) {
  return {[log](const event_ptr& e) { log->push_back(e); }};
}

/// OBSERVER's stand-in.
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

class a_session : public actor_fixture {
protected:
  a_session() {
    observer = system.spawn(fake_observer, summaries);
    links.observer = [this] { return observer; };
    disk = system.spawn(fake_store, m);
    links.store = [this] { return caf::actor_cast<store_actor>(disk); };
    links.start = [this](const request_ptr& asked) {
      asked_.push_back(asked);
      notes.push_back(std::make_shared<publisher_notes>());
      answers.push_back(system.spawn(publisher, notes.back()));
      return answers.back();
    };
    // Records of the test are `text`, `!error`, `.reason`.
    links.codec.read = [](std::string_view text) {
      answer_piece p;
      if (text.starts_with('!'))
        p.error = text.substr(1);
      else if (text.starts_with('.'))
        p.done = true, p.reason = text.substr(1);
      else
        p.text = text;
      return std::vector{p};
    };
    links.codec.write = [](std::string_view text, std::string_view, std::string_view) {
      return "a(" + std::string{text} + ")";
    };
    links.codec.quote = [](std::string_view text) { return std::string{text}; };
    // Objects of the test are replaced as a whole.
    links.codec.merge = [](std::string_view object, std::string_view patch) {
      return std::string{patch == "{}" ? object : patch};
    };
    links.codec.change_settings = links.codec.merge;
    links.codec.joined = [](std::string_view, std::string_view more) {
      return std::string{more};
    };
    links.codec.context = [this](std::string_view) { return context; };
    links.codec.keeps = [](std::string_view text) { return text != "too much"; };
    links.clock = [this] { return ++now; };
    subject =
        system.spawn(sessions, links,
                     std::function<session_actor(session_record_ptr, session_links)>{
                         [this](session_record_ptr record, session_links l) {
                           return system.spawn(session, std::move(record), std::move(l));
                         }});
    session_info info;
    info.id = "s";
    info.model = "m";
    ask<created_session>(subject, create_session{{info, {}}});
    conversation = open();
  }
  ~a_session() override {
    conversation = nullptr;
    end(subject);
    for (const auto& a : answers)
      end(a);
    end(disk);
    end(observer);
  }

  /// What was answered, or nothing; the error's code is in `failure`.
  template <class Answer, class To, class Message>
  std::shared_ptr<std::optional<Answer>> ask(const To& to, Message what) {
    auto got = std::make_shared<std::optional<Answer>>();
    system.spawn([=, this](caf::event_based_actor* self) {
      self->request(to, caf::infinite, what)
          .then([got](const Answer& a) { *got = a; },
                [this](const caf::error& e) { failure = to_failure(e).code; });
    });
    run();
    return got;
  }
  session_actor open() {
    const auto got = ask<session_actor>(subject, open_session{"s", {}});
    return got->value_or(session_actor{});
  }
  static session_message user(const std::string& text) {
    session_message m;
    m.role = "user";
    m.content = text;
    m.wire = "u(" + text + ")";
    return m;
  }
  std::shared_ptr<std::optional<said>> speak(const std::string& text,
                                             bool refuse = false) {
    say s;
    s.messages.push_back(user(text));
    s.refuse_when_busy = refuse;
    return ask<said>(conversation, s);
  }
  /// The answer `i` says this.
  template <class... Messages>
  void answer(std::size_t i, Messages... messages) {
    const auto from = caf::actor_cast<caf::strong_actor_ptr>(answers[i]);
    const auto to = caf::actor_cast<caf::actor>(conversation);
    (to->enqueue(from, caf::make_message_id(), caf::make_message(std::move(messages)),
                 nullptr),
     ...);
    run();
  }
  std::shared_ptr<std::vector<event_ptr>> listen(std::uint64_t from, std::size_t credit) {
    auto log = std::make_shared<std::vector<event_ptr>>();
    listeners.push_back(system.spawn(following, log));
    caf::anon_send(conversation, follow{listeners.back(), from});
    take_more(listeners.size() - 1, credit);
    return log;
  }
  void take_more(std::size_t listener, std::size_t credit) {
    caf::actor_cast<caf::actor>(conversation)
        ->enqueue(caf::actor_cast<caf::strong_actor_ptr>(listeners[listener]),
                  caf::make_message_id(), caf::make_message(more{credit}), nullptr);
    run();
  }
  void catch_up() {
    caf::anon_send(disk, tick{});
    run();
  }
  static std::vector<std::string> words(const std::vector<event_ptr>& events) {
    std::vector<std::string> all;
    for (const auto& e : events)
      if (e->type != event_type::message)
        all.push_back(to_string(e->type) + (e->text.empty() ? "" : ":" + e->text));
    return all;
  }
  using list = std::vector<std::string>;

  std::shared_ptr<memory> m = std::make_shared<memory>();
  holding_store_actor disk;
  std::shared_ptr<std::vector<request_summary>> summaries =
      std::make_shared<std::vector<request_summary>>();
  observer_actor observer;
  session_links links;
  wall_time now = 0;
  std::uint64_t context = 0;
  std::vector<request_ptr> asked_;
  std::vector<answer_actor> answers;
  std::vector<std::shared_ptr<publisher_notes>> notes;
  std::vector<follower_actor> listeners;
  sessions_actor subject;
  session_actor conversation;
  errc failure{};
};

TEST_F(a_session, acknowledges_a_message_only_when_it_is_stored) {
  m->hold = true;
  const auto got = speak("hello");
  EXPECT_FALSE(*got);
  EXPECT_TRUE(asked_.empty());
  catch_up();
  ASSERT_TRUE(*got);
  EXPECT_EQ((*got)->answer, 2u);
  EXPECT_EQ(asked_.size(), 1u);
}

TEST_F(a_session, forgets_a_message_that_was_not_stored) {
  m->broken = true;
  EXPECT_FALSE(*speak("lost"));
  EXPECT_EQ(failure, errc::store_failed);
  m->broken = false;
  EXPECT_TRUE(*speak("kept"));
  EXPECT_EQ(asked_.size(), 1u);
  EXPECT_EQ(asked_[0]->body.view(),
            "{\"model\":m,\"messages\":[u(kept)],\"stream\":true}");
}

TEST_F(a_session, sums_each_turn_up_once) {
  using namespace std::chrono_literals;
  say s;
  s.messages.push_back(user("one"));
  s.request_id = "r1";
  trace_context t;
  t.span = 0x100;
  s.trace = std::make_shared<const trace_context>(t);
  ask<said>(conversation, s);
  ASSERT_EQ(asked_.size(), 1u);
  EXPECT_EQ(asked_[0]->trace, s.trace);
  EXPECT_EQ(asked_[0]->headers.back().name, "traceparent");
  EXPECT_EQ(asked_[0]->headers.back().value, to_traceparent(t));
  complete end;
  end.used = {3, 4, 0, 0, 0, 0};
  auto& a = end.course.now;
  a.backend = "gpu";
  a.asked = a.leased = asked_[0]->received;
  a.first = a.leased + 20ms;
  a.last = a.leased + 50ms;
  advance(50ms);
  const auto events = listen(1, 100);
  answer(0, started{head_of(200), end.course}, bytes_of("1"), bytes_of(".stop"), end);
  ASSERT_EQ(summaries->size(), 1u);
  const auto& told = (*summaries)[0];
  EXPECT_EQ(told.about, asked_[0]);
  EXPECT_EQ(told.outcome, "done");
  EXPECT_EQ(told.reason, "stop");
  EXPECT_EQ(told.backend, "gpu");
  EXPECT_EQ(told.status, 200);
  EXPECT_EQ(told.used.answer_tokens, 4u);
  EXPECT_EQ(told.first, 20ms);
  EXPECT_EQ(told.total, 50ms);
  ASSERT_TRUE(events->back()->timing);
  EXPECT_EQ(events->back()->timing->first, 20ms);
  EXPECT_EQ(events->back()->timing->relay, 30ms);

  speak("two");
  answer(1, started{head_of(200)}, failed{errc::upstream_lost, "lost", 0, end.course});
  ask<stopped_turn>(conversation, stop_turn{});
  speak("three");
  ask<stopped_turn>(conversation, stop_turn{});
  ASSERT_EQ(summaries->size(), 3u);
  EXPECT_EQ((*summaries)[1].outcome, "upstream_lost");
  EXPECT_EQ((*summaries)[1].detail, "lost");
  EXPECT_EQ((*summaries)[1].course.now.backend, "gpu");
  EXPECT_EQ((*summaries)[2].outcome, "cancelled");
  EXPECT_EQ((*summaries)[2].status, 0);
}

// What waits behind another turn waits from the moment that it was acknowledged.
TEST_F(a_session, counts_the_wait_for_the_turn_before) {
  using namespace std::chrono_literals;
  speak("one");
  speak("two");
  advance(70ms);
  answer(0, started{head_of(200)}, bytes_of("1"), complete{});
  ASSERT_EQ(asked_.size(), 2u);
  EXPECT_EQ(asked_[1]->received, asked_[0]->received);
  EXPECT_EQ((*summaries)[0].total, 70ms);
}

TEST_F(a_session, begins_each_request_with_the_bytes_of_the_one_before) {
  speak("one");
  answer(0, started{head_of(200)}, bytes_of("1"), bytes_of(".stop"), complete{});
  speak("two");
  EXPECT_EQ(asked_[1]->body.view(),
            "{\"model\":m,\"messages\":[u(one),a(1),u(two)],\"stream\":true}");
}

TEST_F(a_session, has_one_turn_at_a_time) {
  speak("one");
  EXPECT_FALSE(*speak("no", true));
  EXPECT_EQ(failure, errc::session_busy);
  EXPECT_TRUE(*speak("two"));
  EXPECT_EQ(asked_.size(), 1u);
  answer(0, started{head_of(200)}, bytes_of("1"), complete{});
  EXPECT_EQ(asked_.size(), 2u);
}

TEST_F(a_session, is_busy_from_the_moment_that_a_message_arrives) {
  m->hold = true;
  const auto first = speak("one");
  EXPECT_FALSE(*speak("no", true));
  EXPECT_EQ(failure, errc::session_busy);
  catch_up();
  EXPECT_TRUE(*first);
  EXPECT_EQ(m->sessions["s"].messages.size(), 2u);
}

TEST_F(a_session, lets_a_bounded_number_wait) {
  for (std::size_t i = 0; i <= links.max_turns; ++i)
    EXPECT_TRUE(*speak("one"));
  EXPECT_FALSE(*speak("too many"));
  EXPECT_EQ(failure, errc::session_busy);
}

TEST_F(a_session, tells_every_follower_the_same_at_its_own_pace) {
  const auto fast = listen(1, 100);
  const auto slow = listen(1, 2);
  speak("one");
  answer(0, started{head_of(200)}, bytes_of("a"), bytes_of("b"), bytes_of(".stop"),
         complete{});
  EXPECT_EQ(words(*fast), (list{"started", "delta:a", "delta:b", "done"}));
  EXPECT_EQ(slow->size(), 2u);
  take_more(1, 100);
  EXPECT_EQ(words(*slow), words(*fast));
  for (std::size_t i = 0; i < fast->size(); ++i)
    EXPECT_EQ((*fast)[i]->seq, i + (*fast)[0]->seq);
}

TEST_F(a_session, resumes_at_every_number) {
  speak("one");
  answer(0, started{head_of(200)}, bytes_of("a"), bytes_of("b"), complete{});
  const auto all = listen(1, 100);
  ASSERT_EQ(all->size(), 5u);
  for (std::size_t i = 0; i < all->size(); ++i) {
    const auto rest = listen((*all)[i]->seq, 100);
    ASSERT_EQ(rest->size(), all->size() - i);
    EXPECT_EQ(rest->front(), (*all)[i]);
  }
}

TEST_F(a_session, gives_a_latecomer_a_snapshot_and_then_what_follows) {
  speak("one");
  answer(0, started{head_of(200)}, bytes_of("a"));
  const auto late = listen(0, 100);
  ASSERT_EQ(late->size(), 1u);
  EXPECT_EQ((*late)[0]->all->messages[1].content, "a");
  answer(0, bytes_of("b"), complete{});
  EXPECT_EQ(words(*late), (list{"snapshot", "delta:b", "done"}));
  EXPECT_EQ((*late)[1]->seq, (*late)[0]->seq + 1);
}

TEST_F(a_session, keeps_the_partial_text_of_a_cancelled_answer) {
  const auto log = listen(1, 100);
  speak("one");
  answer(0, started{head_of(200)}, bytes_of("half"));
  EXPECT_TRUE((*ask<stopped_turn>(conversation, stop_turn{}))->cancelled);
  EXPECT_EQ(notes[0]->cancels, 1u);
  answer(0, bytes_of("late"), complete{}); // of an answer that was given up
  EXPECT_EQ(words(*log), (list{"started", "delta:half", "cancelled"}));
  EXPECT_EQ(m->sessions["s"].messages[1].content, "half");
  EXPECT_EQ(m->sessions["s"].messages[1].state, message_state::cancelled);
  EXPECT_FALSE((*ask<stopped_turn>(conversation, stop_turn{}))->cancelled);
}

TEST_F(a_session, tells_each_failure_once_and_goes_on) {
  const auto log = listen(1, 100);
  speak("one");
  answer(0, failed{errc::no_backend, "none"});
  speak("two");
  answer(1, started{head_of(200)}, bytes_of("x"), bytes_of("!broken"), complete{});
  speak("three");
  answer(2, started{head_of(404)}, bytes_of("!no model"), complete{});
  EXPECT_EQ(words(*log),
            (list{"error:none", "started", "delta:x", "error:broken", "error:no model"}));
  EXPECT_EQ(m->sessions["s"].messages[3].state, message_state::failed);
  EXPECT_EQ(m->sessions["s"].messages[3].content, "x");
}

TEST_F(a_session, saves_what_came_every_second) {
  speak("one");
  answer(0, started{head_of(200)}, bytes_of("a"));
  EXPECT_EQ(m->sessions["s"].messages[1].content, "");
  advance(std::chrono::seconds(1));
  EXPECT_EQ(m->sessions["s"].messages[1].content, "a");
  EXPECT_EQ(m->sessions["s"].messages[1].state, message_state::streaming);
  const auto writes = m->writes;
  advance(std::chrono::seconds(5));
  EXPECT_EQ(m->writes, writes) << "nothing came, nothing is saved";
}

TEST_F(a_session, leaves_memory_when_idle_and_reuses_no_number_when_it_is_back) {
  const auto before = listen(1, 100);
  speak("one");
  answer(0, started{head_of(200)}, bytes_of("a"), complete{});
  end(listeners[0]);
  advance(std::chrono::seconds(31));
  advance(std::chrono::seconds(31));
  EXPECT_TRUE(ended(conversation));
  conversation = open();
  const auto after = listen(0, 100);
  ASSERT_EQ((*after)[0]->all->messages.size(), 2u);
  speak("two");
  answer(1, started{head_of(200)});
  EXPECT_GT(after->back()->seq, before->back()->seq);
}

TEST_F(a_session, numbers_no_event_that_is_not_reserved) {
  const auto log = listen(1, 10'000);
  speak("one");
  answer(0, started{head_of(200)});
  m->hold = true;
  for (int i = 0; i < 6000; ++i)
    answer(0, bytes_of("x"));
  EXPECT_LE(log->back()->seq, m->sessions["s"].info.reserved);
  catch_up();
  std::size_t said = 0;
  for (const auto& e : *log)
    if (e->type == event_type::delta)
      said += e->text.size();
  EXPECT_EQ(said, 6000u);
}

TEST_F(a_session, tells_every_follower_what_was_asked) {
  const auto log = listen(1, 100);
  speak("hello");
  ASSERT_EQ(log->size(), 1u);
  EXPECT_EQ((*log)[0]->type, event_type::message);
  EXPECT_EQ((*log)[0]->message, 1u);
  EXPECT_EQ((*log)[0]->text, "hello");
}

TEST_F(a_session, answers_a_repeated_message_once) {
  say s;
  s.messages.push_back(user("once"));
  s.key = "k";
  m->hold = true;
  const auto first = ask<said>(conversation, s);
  const auto while_stored = ask<said>(conversation, s);
  catch_up();
  const auto later = ask<said>(conversation, s);
  ASSERT_TRUE(*first && *while_stored && *later);
  EXPECT_EQ((*while_stored)->answer, (*first)->answer);
  EXPECT_EQ((*later)->first_event, (*first)->first_event);
  EXPECT_EQ(asked_.size(), 1u);
  s.messages = {user("other")};
  EXPECT_FALSE(*ask<said>(conversation, s));
  EXPECT_EQ(failure, errc::key_reused);
}

TEST_F(a_session, answers_anew_what_was_asked_last) {
  speak("one");
  answer(0, started{head_of(200)}, bytes_of("first"), complete{});
  const auto log = listen(0, 100);
  const auto again = ask<said>(conversation, say{});
  ASSERT_TRUE(*again);
  EXPECT_EQ((*again)->answer, 2u);
  EXPECT_EQ(asked_[1]->body.view(), asked_[0]->body.view());
  answer(1, started{head_of(200)}, bytes_of("second"), complete{});
  EXPECT_EQ(words(*log),
            (list{"snapshot", "snapshot", "started", "delta:second", "done"}));
  ASSERT_EQ(m->sessions["s"].messages.size(), 2u);
  EXPECT_EQ(m->sessions["s"].messages[1].content, "second");
}

TEST_F(a_session, keeps_the_answer_where_another_cannot_be_stored) {
  EXPECT_FALSE(*ask<said>(conversation, say{}));
  EXPECT_EQ(failure, errc::bad_request) << "nothing was asked yet";
  speak("one");
  answer(0, started{head_of(200)}, bytes_of("first"), complete{});
  m->broken = true;
  EXPECT_FALSE(*ask<said>(conversation, say{}));
  m->broken = false;
  const auto now = *ask<session_record_ptr>(conversation, describe{});
  ASSERT_EQ((*now)->messages.size(), 2u);
  EXPECT_EQ((*now)->messages[1].content, "first");
}

TEST_F(a_session, goes_back_to_a_message) {
  speak("one");
  answer(0, started{head_of(200)}, bytes_of("1"), complete{});
  speak("two");
  EXPECT_FALSE(*ask<session_record_ptr>(conversation, rewind_session{2, {}}));
  EXPECT_EQ(failure, errc::session_busy);
  answer(1, started{head_of(200)}, bytes_of("2"), complete{});
  EXPECT_FALSE(*ask<session_record_ptr>(conversation, rewind_session{5, {}}));
  EXPECT_EQ(failure, errc::bad_request);
  const auto log = listen(0, 100);
  ASSERT_TRUE(*ask<session_record_ptr>(conversation, rewind_session{2, {}}));
  EXPECT_EQ(words(*log), (list{"snapshot", "snapshot"}));
  EXPECT_EQ(log->back()->all->messages.size(), 2u);
  EXPECT_EQ(m->sessions["s"].messages.size(), 2u);
  speak("three");
  EXPECT_EQ(asked_[2]->body.view(),
            "{\"model\":m,\"messages\":[u(one),a(1),u(three)],\"stream\":true}");
}

TEST_F(a_session, changes_only_the_version_that_was_seen) {
  change_session c;
  c.title = "new";
  c.version = 7;
  EXPECT_FALSE(*ask<session_record_ptr>(conversation, c));
  EXPECT_EQ(failure, errc::version_mismatch);
  c.version = 1;
  const auto log = listen(1, 100);
  const auto now = *ask<session_record_ptr>(conversation, c);
  ASSERT_TRUE(now);
  EXPECT_EQ((*now)->info.version, 2u);
  EXPECT_EQ(words(*log), (list{"changed"}));
  EXPECT_EQ(m->sessions["s"].info.title, "new");
}

TEST_F(a_session, keeps_what_it_has_where_a_change_would_be_too_much) {
  const auto refused = [this](const change_session& c) {
    failure = {};
    EXPECT_FALSE(*ask<session_record_ptr>(conversation, c));
    EXPECT_EQ(failure, errc::bad_request);
    const auto now = *ask<session_record_ptr>(conversation, describe{});
    ASSERT_TRUE(now);
    EXPECT_EQ((*now)->info.version, 1u);
    EXPECT_EQ((*now)->info.title, "");
  };
  change_session c;
  c.title = "new";
  c.metadata = "too much";
  refused(c);
  c.metadata = std::string(longest_metadata + 1, 'x');
  refused(c);
  c.metadata = "{}";
  c.settings = "too much";
  refused(c);
}

TEST_F(a_session, counts_each_answer_that_it_begins_with_once) {
  create_session c;
  c.start.info.id = "import";
  const auto add = [&](std::string role, std::size_t bytes, std::uint64_t counted) {
    auto& m = c.start.messages.emplace_back();
    m.seq = c.start.messages.size();
    m.role = std::move(role);
    m.wire = std::string(bytes, 'x');
    m.used.prompt_tokens = counted;
  };
  add("user", 400, 0);
  add("assistant", 40, 0); // not counted: a quarter of its bytes, and of its question's
  add("user", 8, 0);
  add("tool", 8, 0);
  add("assistant", 4, 150); // all of it has 150
  add("assistant", 4, 155);
  const auto made = *ask<created_session>(subject, c);
  ASSERT_TRUE(made);
  std::vector<std::uint64_t> tokens;
  for (const auto& m : made->made->messages)
    tokens.push_back(m.tokens);
  EXPECT_EQ(tokens, (std::vector<std::uint64_t>{0, 110, 0, 0, 40, 5}));
}

TEST_F(a_session, cancels_a_turn_that_waits) {
  const auto log = listen(1, 100);
  speak("one");
  const auto second = speak("two");
  EXPECT_TRUE(
      (*ask<stopped_turn>(conversation, stop_turn{(*second)->answer}))->cancelled);
  answer(0, started{head_of(200)}, complete{});
  EXPECT_EQ(asked_.size(), 1u);
  EXPECT_EQ(words(*log), (list{"queued", "cancelled", "started", "done"}));
  EXPECT_EQ(m->sessions["s"].messages[3].state, message_state::cancelled);
}

TEST_F(a_session, offers_again_what_was_not_stored_and_says_so) {
  const auto log = listen(1, 100);
  speak("one");
  m->broken = true;
  answer(0, started{head_of(200)}, bytes_of("kept"), complete{});
  EXPECT_EQ(log->back()->type, event_type::done);
  EXPECT_FALSE(log->back()->durable);
  m->broken = false;
  advance(std::chrono::seconds(1));
  EXPECT_EQ(m->sessions["s"].messages[1].content, "kept");
  EXPECT_EQ(m->sessions["s"].messages[1].state, message_state::done);
}

TEST_F(a_session, leaves_out_the_oldest_turns_when_the_context_is_full) {
  context = 100;
  const auto log = listen(1, 1000);
  usage used;
  for (std::size_t i = 0; i < 9; ++i) {
    speak("u" + std::to_string(i));
    used.prompt_tokens = 10 * i + 5;
    used.answer_tokens = 5;
    answer(i, started{head_of(200)}, bytes_of("x"), complete{used});
  }
  speak("last"); // 90 of 100 are used
  const auto& e = *std::find_if(log->begin(), log->end(), [](const auto& e) {
    return e->type == event_type::trimmed;
  });
  ASSERT_NE(&e, &*log->end());
  EXPECT_EQ(e->through, 10u);
  EXPECT_LE(e->tokens, 50u);
  const auto body = asked_.back()->body.view();
  EXPECT_EQ(body.find("u(u4)"), std::string_view::npos);
  EXPECT_NE(body.find("[u(u5)"), std::string_view::npos);
  EXPECT_EQ(m->sessions["s"].messages.size(), 20u) << "nothing is forgotten";
}

TEST_F(a_session, is_copied_up_to_a_message) {
  speak("one");
  answer(0, started{head_of(200)}, bytes_of("1"), complete{});
  speak("two");
  fork_session f{"s", "copy", {}, "Copy"};
  const auto made = *ask<session_record_ptr>(subject, f);
  ASSERT_TRUE(made);
  EXPECT_EQ((*made)->messages.size(), 2u) << "what is under way is not copied";
  EXPECT_EQ((*made)->info.forked_from, "s");
  EXPECT_EQ((*made)->info.forked_at, 2u);
  EXPECT_EQ((*made)->info.title, "Copy");
  f.message = 4;
  f.new_id = "other";
  EXPECT_FALSE(*ask<session_record_ptr>(subject, f));
  EXPECT_EQ(failure, errc::session_busy);
}

TEST_F(a_session, is_made_once_under_a_key) {
  create_session c;
  c.start.info.id = "k1";
  c.start.info.key = "key";
  c.start.info.key_digest = 1;
  const auto first = *ask<created_session>(subject, c);
  c.start.info.id = "k2";
  const auto second = *ask<created_session>(subject, c);
  ASSERT_TRUE(first && second);
  EXPECT_FALSE(first->before);
  EXPECT_TRUE(second->before);
  EXPECT_EQ(second->made->info.id, "k1");
  c.start.info.key_digest = 2;
  EXPECT_FALSE(*ask<created_session>(subject, c));
  EXPECT_EQ(failure, errc::key_reused);
}

TEST_F(a_session, expires_after_its_time_to_live) {
  create_session c;
  c.start.info.id = "short";
  c.start.info.time_to_live = 1000;
  ASSERT_TRUE(*ask<created_session>(subject, c));
  now += 2000;
  advance(std::chrono::seconds(10));
  EXPECT_TRUE(m->sessions.contains("short")) << "it is live: somebody's";
  for (int i = 0; i < 8; ++i)
    advance(std::chrono::seconds(10));
  EXPECT_FALSE(m->sessions.contains("short"));
  EXPECT_FALSE(*ask<session_actor>(subject, open_session{"short", {}}));
}

TEST_F(a_session, drains_before_the_node_stops) {
  speak("one");
  speak("two");
  const auto done = ask<drained>(subject, drain{});
  EXPECT_FALSE(*done);
  answer(0, started{head_of(200)}, bytes_of("1"), complete{});
  EXPECT_FALSE(*done);
  caf::anon_send(subject, expel{});
  run();
  EXPECT_TRUE(*done);
  EXPECT_EQ(notes[1]->cancels, 1u);
  EXPECT_EQ(m->sessions["s"].messages[3].state, message_state::interrupted);
}

TEST_F(a_session, does_not_come_back_when_it_was_erased) {
  speak("one");
  answer(0, started{head_of(200)}, bytes_of("x"));
  m->sessions.clear(); // by a request that overtook its next save
  advance(std::chrono::seconds(1));
  EXPECT_TRUE(m->sessions.empty());
  EXPECT_TRUE(ended(conversation));
}

TEST_F(a_session, is_opened_anew_for_who_met_it_leaving) {
  const auto old = conversation;
  const auto other = *ask<session_actor>(subject, open_session{"s", old.address()});
  ASSERT_TRUE(other);
  EXPECT_NE(*other, old);
  end(old);
}

TEST_F(a_session, tells_who_speaks_while_it_is_erased) {
  m->hold = true;
  const auto got = speak("hello");
  ask<stored>(subject, erase_session{"s", {}});
  catch_up();
  EXPECT_FALSE(*got);
  EXPECT_NE(failure, errc{});
}

TEST_F(a_session, is_opened_once_for_all_who_ask) {
  EXPECT_EQ(open(), open());
  ask<session_actor>(subject, open_session{"none", {}});
  EXPECT_EQ(failure, errc::session_not_found);
  ask<stored>(subject, erase_session{"s", {}});
  EXPECT_TRUE(ended(conversation));
  EXPECT_FALSE(open());
}

} // namespace
} // namespace conductor::test

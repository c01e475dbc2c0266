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

  void apply(const store_write& w) {
    ++writes;
    auto& record = sessions[w.info.id];
    record.info = w.info;
    for (const auto& m : w.messages) {
      if (record.messages.size() < m.seq)
        record.messages.resize(m.seq);
      record.messages[m.seq - 1] = m;
    }
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
        if (!m->hold) {
          m->apply(w);
          return stored{};
        }
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
      [=](tick) {
        m->hold = false;
        for (auto& [promise, write] : std::exchange(m->held, {})) {
          m->apply(write);
          promise.deliver(stored{});
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

class a_session : public actor_fixture {
protected:
  a_session() {
    disk = system.spawn(fake_store, m);
    links.store = caf::actor_cast<store_actor>(disk);
    links.start = [this](const request_ptr& asked) {
      asked_.push_back(asked);
      notes.push_back(std::make_shared<publisher_notes>());
      answers.push_back(system.spawn(publisher, notes.back()));
      return answers.back();
    };
    // Records of the test are `text`, `!error`, `.reason`.
    links.read = [](std::string_view text) {
      answer_piece p;
      if (text.starts_with('!'))
        p.error = text.substr(1);
      else if (text.starts_with('.'))
        p.done = true, p.reason = text.substr(1);
      else
        p.text = text;
      return std::vector{p};
    };
    links.write = [](std::string_view text, std::string_view, std::string_view) {
      return "a(" + std::string{text} + ")";
    };
    links.quote = [](std::string_view text) { return std::string{text}; };
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
    ask<session_record_ptr>(subject, create_session{info});
    conversation = open();
  }
  ~a_session() override {
    conversation = nullptr;
    end(subject);
    for (const auto& a : answers)
      end(a);
    end(disk);
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
    const auto got = ask<session_actor>(subject, open_session{"s"});
    return got->value_or(session_actor{});
  }
  std::shared_ptr<std::optional<said>> speak(const std::string& text,
                                             bool refuse = false) {
    say s;
    s.content = text;
    s.wire = "u(" + text + ")";
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
      all.push_back(to_string(e->type) + (e->text.empty() ? "" : ":" + e->text));
    return all;
  }
  using list = std::vector<std::string>;

  std::shared_ptr<memory> m = std::make_shared<memory>();
  holding_store_actor disk;
  session_links links;
  wall_time now = 0;
  std::vector<request_ptr> asked_;
  std::vector<publisher_actor> answers;
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
  ASSERT_EQ(all->size(), 4u);
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
    said += e->text.size();
  EXPECT_EQ(said, 6000u);
}

TEST_F(a_session, is_opened_once_for_all_who_ask) {
  EXPECT_EQ(open(), open());
  ask<session_actor>(subject, open_session{"none"});
  EXPECT_EQ(failure, errc::session_not_found);
  ask<stored>(subject, erase_session{"s"});
  EXPECT_TRUE(ended(conversation));
  EXPECT_FALSE(open());
}

} // namespace
} // namespace conductor::test

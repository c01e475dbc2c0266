#include "actors/generation.hpp"

#include "tests/actors/fake_dispatcher.hpp"

#include <deque>
#include <utility>

namespace conductor::test {
namespace {

/// DISPATCHER's stand-in grants a lease at the front's name, or an error where the front
/// is empty.
struct granting : dispatcher_notes {
  std::deque<std::string> grants;
  bool watched = false;                    ///< their first records are to be told
  std::function<void()> meanwhile = [] {}; ///< happens before a place is found
};

struct fake_upstreams_state {
  static inline const char* name = "upstreams";
};
upstreams_actor::behavior_type
fake_upstreams(upstreams_actor::stateful_pointer<fake_upstreams_state>,
               std::shared_ptr<std::deque<publisher_actor>> exchanges,
               std::shared_ptr<std::vector<open_exchange>> opened) {
  return {
      [=](const open_exchange& e) -> caf::result<publisher_actor> {
        opened->push_back({e.asked, nullptr, e.reader, e.window});
        auto exchange = exchanges->front();
        exchanges->pop_front();
        return exchange;
      },
  };
}

class a_generation : public actor_fixture {
protected:
  a_generation() {
    limits.window_bytes = 100;
    limits.buffer_bytes = 1000;
    asked->kind = request_kind::inference;
    asked->model = "Llama3";
    asked->repeatable = true;
    log->grants = {"one"};
    add_exchange();
  }

  void add_exchange() {
    notes.push_back(std::make_shared<publisher_notes>());
    exchange.push_back(system.spawn(publisher, notes.back()));
    exchanges->push_back(exchange.back());
  }

  void start(bool with_reader = true) {
    log->grant = [notes = std::weak_ptr<granting>(log)](
                     const acquire& wish) -> caf::result<lease_ptr> {
      const auto log = notes.lock();
      log->meanwhile();
      if (log->grants.empty())
        return make_error(errc::no_backend, "none is up");
      lease l;
      l.id = 1;
      l.backend = log->grants.front();
      l.model = wish.model;
      l.watched = log->watched;
      log->grants.pop_front();
      return lease_of(log, std::move(l));
    };
    auto dispatcher = system.spawn(fake_dispatcher, log);
    auto upstreams = system.spawn(fake_upstreams, exchanges, opened);
    subject =
        system.spawn(generation, request_ptr{asked},
                     generation_links{dispatcher, upstreams, limits, nullptr, budget});
    if (with_reader)
      from_client = attach(reader_log, 0, 1000);
    run();
  }

  subscriber_actor attach(std::shared_ptr<seen> to, std::uint64_t from,
                          std::uint64_t window) {
    auto r = system.spawn(reader, std::move(to));
    caf::anon_send(subject, subscribe{r, from});
    if (window > 0)
      caf::send_as(r, subject, demand{window});
    return r;
  }

  template <class Message>
  void upstream(Message m, std::size_t which = 0) {
    caf::send_as(exchange[which], caf::actor_cast<subscriber_actor>(subject),
                 std::move(m));
    run();
  }

  /// Begins an answer to a reader who at first takes one byte.
  void expect_its_reader_sets_the_pace() {
    start();
    auto slow = std::make_shared<seen>();
    auto r = attach(slow, 0, 1);
    upstream(started{head_of(200)});
    upstream(bytes_of(std::string(60, 'x')));
    EXPECT_EQ(notes[0]->demands, 0u);
    caf::send_as(r, subject, demand{1000});
    run();
    EXPECT_EQ(notes[0]->demanded, 60u);
    EXPECT_EQ(slow->body, std::string(60, 'x'));
  }

  void upstream_answers(int status, const std::string& body, std::size_t which = 0) {
    upstream(started{head_of(status)}, which);
    upstream(bytes_of(body), which);
    upstream(complete{}, which);
  }

  ~a_generation() override {
    if (subject)
      end(subject);
    run();
    EXPECT_EQ(log->live_leases, 0);
  }

  using events = std::vector<std::string>;
  std::shared_ptr<request> asked = std::make_shared<request>();
  budget_ptr budget;
  stream_settings limits;
  std::shared_ptr<granting> log = std::make_shared<granting>();
  std::vector<std::shared_ptr<publisher_notes>> notes;
  std::vector<publisher_actor> exchange;
  std::shared_ptr<std::deque<publisher_actor>> exchanges =
      std::make_shared<std::deque<publisher_actor>>();
  std::shared_ptr<std::vector<open_exchange>> opened =
      std::make_shared<std::vector<open_exchange>>();
  std::shared_ptr<seen> reader_log = std::make_shared<seen>();
  subscriber_actor from_client;
  generation_actor subject;
};

TEST_F(a_generation, passes_head_records_and_end_in_order) {
  start();
  upstream(started{head_of(200)});
  upstream(bytes_of("a\n"));
  upstream(bytes_of("b\n"));
  upstream(complete{});
  EXPECT_EQ(reader_log->events, (events{"head 200", "+a\n", "+b\n", "done"}));
  EXPECT_TRUE(ended(subject));
}

// SESSION starts it from another thread: its answer may be whole before it is subscribed.
TEST_F(a_generation, waits_for_its_first_reader) {
  start(false);
  upstream(started{head_of(200)});
  upstream(bytes_of("a\n"));
  upstream(complete{});
  EXPECT_FALSE(ended(subject));
  attach(reader_log, 0, 1000);
  run();
  EXPECT_EQ(reader_log->events, (events{"head 200", "+a\n", "done"}));
  EXPECT_TRUE(ended(subject));
}

TEST_F(a_generation, tells_how_the_answer_came_about) {
  using namespace std::chrono_literals;
  start();
  advance(10ms);
  upstream(started{head_of(200)});
  upstream(bytes_of("a\n"));
  const auto so_far = reader_log->course.now;
  EXPECT_EQ(so_far.backend, "one");
  EXPECT_EQ(so_far.first - so_far.leased, 10ms);
  EXPECT_EQ(so_far.last, attempt::time_point{});
  advance(20ms);
  upstream(bytes_of("b\n"));
  advance(30ms);
  upstream(complete{});
  const auto& a = reader_log->course.now;
  EXPECT_EQ(a.first, so_far.first);
  EXPECT_EQ(a.last - a.first, 20ms) << "the last record, not the end of the connection";
  EXPECT_FALSE(a.lost);
  EXPECT_TRUE(reader_log->course.before.empty());
}

TEST_F(a_generation, tells_each_backend_that_it_tried) {
  log->grants = {"one", "two"};
  add_exchange();
  start();
  upstream(failed{errc::backend_unreachable, "refused"});
  upstream_answers(200, "a\n", 1);
  EXPECT_EQ(reader_log->events, (events{"head 200", "+a\n", "done"}));
  const auto& course = reader_log->course;
  ASSERT_EQ(course.before.size(), 1u);
  EXPECT_EQ(course.before[0].backend, "one");
  EXPECT_EQ(course.before[0].lost, errc::backend_unreachable);
  EXPECT_EQ(course.now.backend, "two");
}

TEST_F(a_generation, tells_that_it_got_no_place) {
  log->grants = {};
  start();
  EXPECT_EQ(reader_log->events, (events{"!no_backend"}));
  const auto& a = reader_log->course.now;
  EXPECT_NE(a.asked, attempt::time_point{});
  EXPECT_EQ(a.leased, attempt::time_point{});
  EXPECT_NE(a.last, attempt::time_point{});
  EXPECT_EQ(a.lost, errc::no_backend);
}

TEST_F(a_generation, holds_the_head_back_until_the_first_record) {
  start();
  upstream(started{head_of(200)});
  EXPECT_TRUE(reader_log->events.empty());
  upstream(bytes_of("a\n"));
  EXPECT_EQ(reader_log->events, (events{"head 200", "+a\n"}));
}

TEST_F(a_generation, passes_an_answer_without_a_body) {
  start();
  upstream(started{head_of(404)});
  upstream(complete{});
  EXPECT_EQ(reader_log->events, (events{"head 404", "done"}));
}

TEST_F(a_generation, asks_for_a_place_under_the_models_canonical_name) {
  start();
  ASSERT_EQ(log->wishes.size(), 1u);
  EXPECT_EQ(log->wishes[0].model, "llama3:latest");
  EXPECT_TRUE(log->wishes[0].takes_place);
}

TEST_F(a_generation, sends_nothing_beyond_demand_and_loses_nothing) {
  start();
  auto slow = std::make_shared<seen>();
  auto r = attach(slow, 0, 3);
  run();
  upstream(started{head_of(200)});
  upstream(bytes_of("abcde\n"));
  EXPECT_EQ(slow->body, "abc");
  caf::send_as(r, subject, demand{1});
  run();
  EXPECT_EQ(slow->body, "abcd");
  upstream(complete{});
  EXPECT_EQ(slow->events.back(), "+d") << "no end before everything was taken";
  caf::send_as(r, subject, demand{100});
  run();
  EXPECT_EQ(slow->body, "abcde\n");
  EXPECT_EQ(slow->events.back(), "done");
}

TEST_F(a_generation, gives_its_place_back_with_ollamas_last_byte) {
  start();
  auto slow = std::make_shared<seen>();
  attach(slow, 0, 1);
  upstream(started{head_of(200)});
  upstream(bytes_of("abc\n"));
  EXPECT_EQ(log->live_leases, 1);
  upstream(complete{});
  EXPECT_EQ(log->live_leases, 0) << "a slow reader holds no place";
  EXPECT_FALSE(ended(subject));
}

TEST_F(a_generation, shows_a_late_reader_the_answer_from_any_offset) {
  start();
  upstream(started{head_of(200)});
  upstream(bytes_of("abc\n"));
  upstream(bytes_of("def\n"));
  for (std::uint64_t from = 0; from <= 8; ++from) {
    auto late = std::make_shared<seen>();
    auto r = attach(late, from, 1000);
    run();
    EXPECT_EQ(late->body, std::string{"abc\ndef\n"}.substr(from)) << from;
    caf::send_as(r, subject, cancel{});
    run();
  }
}

TEST_F(a_generation, refuses_an_offset_that_lies_ahead) {
  start();
  upstream(started{head_of(200)});
  upstream(bytes_of("abc\n"));
  auto ahead = std::make_shared<seen>();
  attach(ahead, 5, 10);
  run();
  EXPECT_EQ(ahead->events, (events{"!reader_too_slow"}));
}

TEST_F(a_generation, drops_the_reader_that_falls_too_far_behind_not_the_answer) {
  start();
  auto stalled = std::make_shared<seen>();
  attach(stalled, 0, 0);
  caf::send_as(from_client, subject, demand{100'000});
  upstream(started{head_of(200)});
  std::string all;
  for (int i = 0; i < 20; ++i) {
    const std::string record(99, static_cast<char>('a' + i));
    all += record + "\n";
    upstream(bytes_of(record + "\n"));
  }
  ASSERT_FALSE(stalled->events.empty());
  EXPECT_EQ(stalled->events.back(), "!reader_too_slow");
  upstream(complete{});
  EXPECT_EQ(reader_log->body, all);
  EXPECT_EQ(reader_log->events.back(), "done");
}

TEST_F(a_generation, reads_on_at_full_speed_under_spool) {
  start();
  auto stalled = std::make_shared<seen>();
  attach(stalled, 0, 0);
  upstream(started{head_of(200)});
  upstream(bytes_of(std::string(60, 'x')));
  EXPECT_EQ(notes[0]->demanded, 60u);
}

TEST_F(a_generation, stops_reading_upstream_under_hold_until_the_reader_takes) {
  limits.slow = slow_reader::hold;
  expect_its_reader_sets_the_pace();
}

TEST_F(a_generation, reads_no_faster_than_its_reader_while_memory_is_short) {
  budget = std::make_shared<memory_budget>(50);
  expect_its_reader_sets_the_pace();
}

TEST_F(a_generation, keeps_nothing_that_every_reader_has_while_memory_is_short) {
  budget = std::make_shared<memory_budget>(50);
  start();
  auto behind = std::make_shared<seen>();
  auto r = attach(behind, 0, 10);
  upstream(started{head_of(200)});
  for (const char c : {'a', 'b', 'c'})
    upstream(bytes_of(std::string(30, c)));
  EXPECT_EQ(budget->held(), 90u) << "one reader has not even the first";
  caf::send_as(r, subject, demand{50});
  run();
  EXPECT_EQ(budget->held(), 30u);
  caf::send_as(r, subject, demand{1000});
  upstream(complete{});
  for (const auto& log : {behind, reader_log})
    EXPECT_EQ(log->body,
              std::string(30, 'a') + std::string(30, 'b') + std::string(30, 'c'));
  EXPECT_EQ(budget->held(), 0u) << "it is over";
}

TEST_F(a_generation, cancels_the_exchange_when_its_last_reader_leaves) {
  start();
  upstream(started{head_of(200)});
  upstream(bytes_of("a\n"));
  caf::send_as(from_client, subject, cancel{});
  caf::send_as(from_client, subject, cancel{});
  run();
  EXPECT_EQ(notes[0]->cancels, 1u);
  EXPECT_EQ(log->live_leases, 0);
  EXPECT_TRUE(ended(subject));
}

TEST_F(a_generation, lives_on_while_one_reader_is_left) {
  start();
  auto other = std::make_shared<seen>();
  attach(other, 0, 100);
  upstream(started{head_of(200)});
  caf::send_as(from_client, subject, cancel{});
  run();
  EXPECT_EQ(notes[0]->cancels, 0u);
  upstream(bytes_of("a\n"));
  EXPECT_EQ(other->body, "a\n");
}

TEST_F(a_generation, takes_a_reader_that_died_for_one_that_left) {
  start();
  end(from_client);
  EXPECT_EQ(notes[0]->cancels, 1u);
  EXPECT_TRUE(ended(subject));
}

TEST_F(a_generation, tries_another_backend_when_one_cannot_be_reached) {
  log->grants = {"one", "two"};
  add_exchange();
  start();
  upstream(failed{errc::backend_unreachable, "refused"});
  ASSERT_EQ(log->failures.size(), 1u);
  EXPECT_EQ(log->failures[0].backend, "one");
  ASSERT_EQ(log->wishes.size(), 2u);
  EXPECT_EQ(log->wishes[1].tried, (events{"one"}));
  EXPECT_TRUE(reader_log->events.empty());
  upstream(started{head_of(200, "two")}, 1);
  upstream(bytes_of("a\n"), 1);
  EXPECT_EQ(reader_log->body, "a\n");
}

TEST_F(a_generation, tells_the_failure_when_every_backend_was_tried) {
  start();
  upstream(failed{errc::backend_unreachable, "refused"});
  EXPECT_EQ(reader_log->events, (events{"!no_backend"}));
  EXPECT_TRUE(ended(subject));
}

// A flow that was charged for an attempt gets back what it did not take.
TEST_F(a_generation, accounts_for_every_place_that_it_had) {
  log->grants = {"one", "two"};
  add_exchange();
  start();
  upstream(failed{errc::backend_unreachable, "refused"});
  upstream(started{head_of(200)}, 1);
  complete end;
  end.used.prompt_ns = 1;
  end.used.answer_ns = 2;
  upstream(end, 1);
  ASSERT_EQ(log->spents.size(), 2u);
  EXPECT_FALSE(log->spents[0].whole);
  EXPECT_TRUE(log->spents[1].whole);
  EXPECT_EQ(log->spents[1].cost.count(), 3);
}

TEST_F(a_generation, asks_another_backend_where_one_refuses) {
  for (const auto& [status, text] :
       {std::pair{503, "busy\n"}, std::pair{404, "model 'x' not found\n"},
        std::pair{500, "model runner has unexpectedly stopped\n"}}) {
    SCOPED_TRACE(status);
    log->grants = {"one", "two"};
    add_exchange();
    *reader_log = {};
    start();
    upstream(started{head_of(status)}, exchange.size() - 2);
    upstream(bytes_of(text), exchange.size() - 2);
    EXPECT_EQ(reader_log->events, events{}); // nothing is told before it is known
    upstream(complete{}, exchange.size() - 2);
    upstream_answers(200, "a\n", exchange.size() - 1);
    EXPECT_EQ(reader_log->events, (events{"head 200", "+a\n", "done"}));
    end(subject);
    add_exchange();
  }
}

TEST_F(a_generation, tells_the_first_refusal_where_no_other_backend_serves) {
  start();
  upstream_answers(503, "busy\n");
  EXPECT_EQ(reader_log->events, (events{"head 503", "+busy\n", "done"}));
}

TEST_F(a_generation, tells_any_other_error_at_its_end) {
  log->grants = {"one", "two"};
  start();
  upstream_answers(500, "out of memory\n");
  EXPECT_EQ(reader_log->events, (events{"head 500", "+out of memory\n", "done"}));
}

TEST_F(a_generation, leaves_no_pinned_backend_for_another) {
  asked->pinned = "one";
  log->grants = {"one", "two"};
  start();
  upstream(failed{errc::connect_timeout, "late"});
  EXPECT_EQ(reader_log->events, (events{"!connect_timeout"}));
  EXPECT_EQ(log->wishes.size(), 1u);
}

TEST_F(a_generation, repeats_once_on_a_connection_that_was_stale) {
  add_exchange();
  start();
  upstream(failed{errc::stale_connection, "closed"});
  EXPECT_EQ(opened->size(), 2u);
  EXPECT_EQ(log->wishes.size(), 1u) << "the place is kept";
  upstream(failed{errc::stale_connection, "closed"}, 1);
  EXPECT_EQ(reader_log->events, (events{"!stale_connection"}));
}

TEST_F(a_generation, repeats_nothing_that_may_not_be_asked_twice) {
  asked->repeatable = false;
  start();
  upstream(failed{errc::stale_connection, "closed"});
  EXPECT_EQ(reader_log->events, (events{"!stale_connection"}));
}

TEST_F(a_generation, tells_a_failure_after_the_first_record_once) {
  log->grants = {"one", "two"};
  start();
  upstream(started{head_of(200)});
  upstream(bytes_of("a\n"));
  upstream(failed{errc::backend_unreachable, "reset"});
  EXPECT_EQ(reader_log->events, (events{"head 200", "+a\n", "!backend_unreachable"}));
  EXPECT_EQ(log->wishes.size(), 1u) << "nothing is tried again after a record";
}

TEST_F(a_generation, tells_the_death_of_its_exchange) {
  start();
  upstream(started{head_of(200)});
  upstream(bytes_of("a\n"));
  end(exchange[0]);
  EXPECT_EQ(reader_log->events, (events{"head 200", "+a\n", "!internal"}));
}

TEST_F(a_generation, hears_nothing_from_an_exchange_it_left) {
  log->grants = {"one", "two"};
  add_exchange();
  start();
  upstream(failed{errc::backend_unreachable, "refused"});
  upstream(started{head_of(200, "one")});
  upstream(bytes_of("late\n"));
  EXPECT_TRUE(reader_log->events.empty());
}

TEST_F(a_generation, tells_the_first_record_of_a_watched_lease_once) {
  log->watched = true;
  start();
  upstream(started{head_of(200)});
  EXPECT_TRUE(log->begun.empty()) << "a head is no record";
  upstream(bytes_of("a\n"));
  upstream(bytes_of("b\n"));
  ASSERT_EQ(log->begun.size(), 1u);
  EXPECT_EQ(log->begun[0].lease, 1u);
}

TEST_F(a_generation, is_watched_from_when_somebody_wishes_it) {
  caf::anon_send(subject, watch_lease{});
  start();
  upstream(started{head_of(200)});
  upstream(bytes_of("a\n"));
  EXPECT_TRUE(log->begun.empty()) << "that was said of another lease";
  caf::anon_send(subject, watch_lease{});
  run();
  ASSERT_EQ(log->begun.size(), 1u) << "it came already";
  EXPECT_EQ(log->begun[0].lease, 1u);
}

TEST_F(a_generation, tells_the_first_record_where_it_is_watched_before_it) {
  start();
  caf::anon_send(subject, watch_lease{});
  upstream(started{head_of(200)});
  EXPECT_TRUE(log->begun.empty());
  upstream(bytes_of("a\n"));
  upstream(bytes_of("b\n"));
  EXPECT_EQ(log->begun.size(), 1u);
}

TEST_F(a_generation, tells_no_first_record_where_nobody_watches) {
  start();
  upstream_answers(200, "a\n");
  EXPECT_TRUE(log->begun.empty());
}

// Ollama may still be at what was given up: its place is not free yet.
TEST_F(a_generation, says_that_an_answer_was_given_up) {
  start();
  upstream(started{head_of(200)});
  upstream(bytes_of("a\n"));
  end(from_client);
  ASSERT_EQ(log->spents.size(), 1u);
  EXPECT_TRUE(log->spents[0].cut);
  EXPECT_FALSE(log->spents[0].whole);
}

TEST_F(a_generation, ends_in_place_of_its_next_record_where_its_key_counts_no_longer) {
  const auto by = std::make_shared<grant>();
  asked->by = by;
  start();
  upstream(started{head_of(200)});
  upstream(bytes_of("a\n"));
  *by->ended = true;
  upstream(bytes_of("b\n"));
  upstream(bytes_of("c\n"));
  EXPECT_EQ(reader_log->events, (events{"head 200", "+a\n", "!key_revoked"}));
  EXPECT_EQ(notes[0]->cancels, 1u);
  EXPECT_TRUE(log->spents.at(0).cut);
  EXPECT_TRUE(log->failures.empty()); // the backend is not to blame
  EXPECT_TRUE(ended(subject));
}

TEST_F(a_generation, ends_at_once_where_it_is_told_that_its_key_counts_no_longer) {
  const auto by = std::make_shared<grant>();
  asked->by = by;
  start();
  upstream(started{head_of(200)});
  upstream(bytes_of("a\n"));
  caf::anon_send(subject, keys_ended{}); // others
  run();
  EXPECT_FALSE(ended(subject));
  *by->ended = true;
  caf::anon_send(subject, keys_ended{});
  run();
  EXPECT_EQ(reader_log->events, (events{"head 200", "+a\n", "!key_revoked"}));
  EXPECT_EQ(notes[0]->cancels, 1u);
  EXPECT_EQ(log->live_leases, 0);
  EXPECT_TRUE(ended(subject));
}

// Else its client would wait for a body of the length that the head declares.
TEST_F(a_generation, tells_no_head_where_its_key_ended_before_the_first_record) {
  const auto by = std::make_shared<grant>();
  asked->by = by;
  start();
  upstream(started{head_of(200)});
  *by->ended = true;
  upstream(bytes_of("a\n"));
  EXPECT_EQ(reader_log->events, events{"!key_revoked"});
}

TEST_F(a_generation, asks_for_no_place_with_a_key_that_counts_no_longer) {
  const auto by = std::make_shared<grant>();
  *by->ended = true;
  asked->by = by;
  start();
  EXPECT_EQ(reader_log->events, events{"!key_revoked"});
  EXPECT_TRUE(log->wishes.empty());
}

TEST_F(a_generation, gives_a_place_back_that_came_when_its_key_counted_no_longer) {
  const auto by = std::make_shared<grant>();
  asked->by = by;
  log->meanwhile = [by] { *by->ended = true; };
  start();
  EXPECT_EQ(reader_log->events, events{"!key_revoked"});
  EXPECT_EQ(log->wishes.size(), 1u);
  EXPECT_TRUE(opened->empty());
  EXPECT_EQ(log->live_leases, 0);
}

TEST_F(a_generation, takes_what_ollama_ended_itself_for_no_answer_given_up) {
  start();
  upstream(started{head_of(200)});
  upstream(bytes_of("a\n"));
  upstream(failed{errc::upstream_lost, "reset"});
  EXPECT_FALSE(log->spents.at(0).cut);
  EXPECT_EQ(log->failures.at(0).code, errc::upstream_lost);
}

// A head tells a reader nothing yet.
TEST_F(a_generation, turns_elsewhere_when_a_backend_is_lost_before_a_record) {
  asked->repeatable = true;
  log->grants = {"one", "two", "three"};
  add_exchange();
  add_exchange();
  start();
  upstream(started{head_of(200)});
  upstream(failed{errc::upstream_lost, "gone"});
  upstream(failed{errc::stalled, "silent"}, 1);
  EXPECT_EQ(log->moves.size(), 2u);
  EXPECT_TRUE(reader_log->events.empty());
  ASSERT_EQ(log->spents.size(), 2u);
  EXPECT_FALSE(log->spents[0].cut);
  EXPECT_TRUE(log->spents[1].cut) << "a server that hangs may still be at it";
  upstream_answers(200, "a\n", 2);
  EXPECT_EQ(reader_log->events, (events{"head 200", "+a\n", "done"}));
}

TEST_F(a_generation, tells_how_the_first_backend_was_lost_where_no_other_serves) {
  asked->repeatable = true;
  start();
  upstream(failed{errc::upstream_lost, "reset"});
  EXPECT_EQ(reader_log->events, (events{"!upstream_lost"}));
}

TEST_F(a_generation, takes_an_answer_that_ends_with_an_error_for_a_failure) {
  start();
  upstream(started{head_of(200)});
  upstream(bytes_of("{\"error\":\"x\"}\n"));
  complete end;
  end.error = true;
  upstream(end);
  ASSERT_EQ(log->failures.size(), 1u);
  EXPECT_EQ(log->failures[0].code, errc::upstream_error);
  EXPECT_FALSE(log->spents.at(0).whole);
}

} // namespace
} // namespace conductor::test

#include "actors/desk.hpp"

#include "tests/actors/fake_dispatcher.hpp"

namespace conductor::test {
namespace {

class a_desk : public actor_fixture {
protected:
  a_desk() {
    b->grant = [this](const acquire& wish) -> caf::result<lease_ptr> {
      lease l;
      l.id = b->wishes.size();
      l.backend = "one";
      l.model = wish.model;
      l.watched = watched;
      return lease_of(b, std::move(l));
    };
    subject = system.spawn(
        desk, std::function<dispatcher_actor()>{[this] { return dispatcher; }});
  }
  ~a_desk() override {
    end(subject);
    run();
    EXPECT_EQ(b->live_leases, 0) << "a lease leaked";
    end(dispatcher);
  }

  struct answer {
    lease_ptr got;
    std::string error;
  };
  answer ask(acquire wish) { return std::move(*begin_to_ask(std::move(wish))); }
  std::shared_ptr<answer> begin_to_ask(acquire wish) {
    auto a = std::make_shared<answer>();
    system.spawn([this, a, wish](caf::event_based_actor* self) {
      self->request(subject, caf::infinite, wish)
          .then([a](lease_ptr l) { a->got = std::move(l); },
                [a](const caf::error& e) { a->error = to_string(to_failure(e).code); });
    });
    run();
    return a;
  }
  static acquire wish(std::string model, bool place = true) {
    acquire w;
    w.model = std::move(model);
    w.takes_place = place;
    return w;
  }

  bool watched = false; ///< so are the leases
  std::shared_ptr<dispatcher_notes> b = std::make_shared<dispatcher_notes>();
  dispatcher_actor dispatcher = system.spawn(fake_dispatcher, b);
  desk_actor subject;
};

TEST_F(a_desk, uses_a_lease_again_without_asking) {
  for (int i = 0; i < 10; ++i) {
    auto a = ask(wish("m"));
    ASSERT_TRUE(a.got);
    EXPECT_EQ(a.got->backend, "one");
    EXPECT_EQ(b->live_leases, 1);
    a.got.reset();
    run();
  }
  EXPECT_EQ(b->wishes.size(), 1u);
  EXPECT_EQ(b->joined, 1);
}

TEST_F(a_desk, asks_for_what_differs_in_model_or_kind) {
  ask(wish("m"));
  ask(wish("n"));
  ask(wish("m", false));
  EXPECT_EQ(b->wishes.size(), 3u);
  ask(wish("n"));
  EXPECT_EQ(b->wishes.size(), 3u);
}

TEST_F(a_desk, never_has_more_out_than_it_was_granted) {
  auto first = ask(wish("m")), second = ask(wish("m"));
  EXPECT_EQ(b->wishes.size(), 2u);
  EXPECT_EQ(b->live_leases, 2);
}

TEST_F(a_desk, gives_back_what_nobody_used_for_a_while) {
  ask(wish("m"));
  EXPECT_EQ(b->live_leases, 1);
  for (int i = 0; i < 3; ++i)
    advance(std::chrono::milliseconds(200));
  EXPECT_EQ(b->live_leases, 0);
}

TEST_F(a_desk, gives_everything_back_at_a_recall) {
  ask(wish("m"));
  auto out = ask(wish("n"));
  caf::anon_send(subject, recall{false});
  run();
  EXPECT_EQ(b->live_leases, 1) << "what is in use stays";
  out.got.reset();
  run();
  EXPECT_EQ(b->live_leases, 0) << "and is not kept any more";
  ask(wish("m"));
  EXPECT_EQ(b->live_leases, 1) << "what was granted since is";
}

TEST_F(a_desk, has_those_in_use_watched_where_a_recall_says_so) {
  auto about = std::make_shared<request>();
  auto w = wish("m");
  w.about = about;
  auto watched_now = std::make_shared<int>(0);
  auto in_use = std::make_shared<lease_ptr>();
  const auto holder =
      system.spawn([=, this](caf::event_based_actor* self) -> caf::behavior {
        self->request(subject, caf::infinite, w).then([=](lease_ptr l) {
          *in_use = std::move(l);
        });
        return {[=](watch_lease) { ++*watched_now; }};
      });
  run();
  caf::anon_send(subject, recall{false});
  run();
  EXPECT_EQ(*watched_now, 0);
  caf::anon_send(subject, recall{false, true});
  run();
  EXPECT_EQ(*watched_now, 1);
  in_use->reset();
  run();
  caf::anon_send(subject, recall{false, true});
  run();
  EXPECT_EQ(*watched_now, 1) << "it has ended";
  EXPECT_EQ(b->live_leases, 0);
  end(holder);
}

TEST_F(a_desk, ends_the_answers_of_keys_that_count_no_longer) {
  const auto by = std::make_shared<grant>(), other = std::make_shared<grant>();
  auto told = std::make_shared<std::vector<grant_ptr>>();
  auto in_use = std::make_shared<std::vector<lease_ptr>>();
  std::vector<caf::actor> holders;
  for (const grant_ptr& whose : {grant_ptr{by}, grant_ptr{other}, grant_ptr{}}) {
    auto about = std::make_shared<request>();
    about->by = whose;
    auto w = wish("m");
    w.about = about;
    holders.push_back(
        system.spawn([=, this](caf::event_based_actor* self) -> caf::behavior {
          self->request(subject, caf::infinite, w).then([=](lease_ptr l) {
            in_use->push_back(std::move(l));
          });
          return {[=](keys_ended) { told->push_back(whose); }};
        }));
  }
  run();
  caf::anon_send(subject, keys_ended{});
  run();
  EXPECT_TRUE(told->empty());
  *by->ended = true;
  caf::anon_send(subject, keys_ended{});
  run();
  EXPECT_EQ(*told, std::vector<grant_ptr>{by});
  in_use->clear();
  for (const auto& h : holders)
    end(h);
}

TEST_F(a_desk, keeps_nothing_while_requests_wait) {
  caf::anon_send(subject, recall{true});
  ask(wish("m"));
  run();
  EXPECT_EQ(b->live_leases, 0);
  ask(wish("m"));
  EXPECT_EQ(b->wishes.size(), 2u);
}

TEST_F(a_desk, leaves_pinned_and_repeated_requests_to_the_dispatcher) {
  ask(wish("m"));
  auto pinned = wish("m");
  pinned.pinned = "two";
  ask(pinned);
  auto repeated = wish("m");
  repeated.tried = {"one"};
  ask(repeated);
  EXPECT_EQ(b->wishes.size(), 3u);
}

TEST_F(a_desk, names_the_one_that_waits) {
  ask(wish("m"));
  EXPECT_TRUE(b->wishes[0].waiter);
}

TEST_F(a_desk, passes_a_refusal_on) {
  b->grant = [](const acquire&) -> caf::result<lease_ptr> {
    return make_error(errc::queue_full, "full");
  };
  EXPECT_EQ(ask(wish("m")).error, "queue_full");
}

TEST_F(a_desk, drops_what_it_keeps_when_an_attempt_failed) {
  ask(wish("m"));
  caf::anon_send(subject, attempt_failed{"one", errc::backend_unreachable, "refused"});
  run();
  EXPECT_EQ(b->failures.size(), 1u);
  EXPECT_EQ(b->live_leases, 0);
}

// A promise dies without a word: those who wait would wait for ever.
TEST_F(a_desk, tells_those_who_wait_that_the_dispatcher_failed) {
  b->hold = true;
  const auto one = begin_to_ask(wish("m")), two = begin_to_ask(wish("n"));
  EXPECT_EQ(one->error, "");
  b->held.clear();
  end(dispatcher);
  EXPECT_EQ(one->error, "internal");
  EXPECT_EQ(two->error, "internal");
  dispatcher = system.spawn(fake_dispatcher, b);
  b->hold = false;
  EXPECT_TRUE(ask(wish("m")).got);
}

TEST_F(a_desk, joins_a_dispatcher_that_was_started_anew) {
  ask(wish("m"));
  end(dispatcher);
  auto other = std::make_shared<dispatcher_notes>();
  dispatcher = system.spawn(fake_dispatcher, other);
  ask(wish("m"));
  EXPECT_EQ(other->joined, 1);
  EXPECT_EQ(other->wishes.size(), 1u);
}

TEST_F(a_desk, asks_again_for_other_runner_options_and_dialects) {
  ask(wish("m"));
  auto other = wish("m");
  other.options = "num_ctx=8192";
  ask(other);
  EXPECT_EQ(b->wishes.size(), 2u);
  auto about = std::make_shared<request>();
  about->speaks = dialect::openai;
  auto translated = wish("m");
  translated.about = about;
  ask(translated);
  EXPECT_EQ(b->wishes.size(), 3u) << "its bodies cannot carry options";
  ask(other);
  EXPECT_EQ(b->wishes.size(), 3u);
}

TEST_F(a_desk, keeps_no_lease_that_is_watched) {
  watched = true;
  ask(wish("m"));
  run();
  EXPECT_EQ(b->live_leases, 0);
}

TEST_F(a_desk, keeps_no_lease_whose_answer_was_given_up) {
  auto a = ask(wish("m"));
  spent cut{a.got->id, "m", "", priority_class::normal, std::chrono::seconds(1)};
  cut.cut = true;
  caf::anon_send(subject, cut);
  a.got.reset();
  run();
  EXPECT_EQ(b->live_leases, 0);
  ASSERT_EQ(b->spents.size(), 1u) << "told at once, whoever waits";
  EXPECT_TRUE(b->spents[0].cut);
}

TEST_F(a_desk, keeps_none_for_what_changes_models) {
  auto about = std::make_shared<request>();
  about->edits_models = true;
  auto edits = wish("m", false);
  edits.about = about;
  ask(edits);
  run();
  EXPECT_EQ(b->live_leases, 0);
}

TEST_F(a_desk, explains_what_it_decided_itself) {
  const auto ask_about = [&](std::string id) {
    auto about = std::make_shared<request>();
    about->id = std::move(id);
    auto w = wish("m");
    w.about = about;
    ask(w);
  };
  ask_about("first");
  ask_about("second");
  auto found = std::make_shared<explanations>();
  system.spawn([this, found](caf::event_based_actor* self) {
    self->request(subject, caf::infinite, explain_query{"second"})
        .then([found](explanations& e) { *found = std::move(e); });
  });
  run();
  ASSERT_EQ(found->size(), 1u);
  EXPECT_EQ((*found)[0].decided, "kept");
  EXPECT_EQ((*found)[0].backend, "one");
}

} // namespace
} // namespace conductor::test

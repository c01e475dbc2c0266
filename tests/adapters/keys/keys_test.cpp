#include "adapters/keys/keys.hpp"

#include "adapters/keys/key_file.hpp"
#include "adapters/keys/key_text.hpp"
#include "messages/admission.hpp"
#include "tests/actors/actor_fixture.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <optional>
#include <utility>

namespace conductor::test {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// A DESK that counts how often it was told that keys ended.
struct fake_desk_state {
  static inline const char* name = "desk";
};
desk_actor::behavior_type fake_desk(desk_actor::stateful_pointer<fake_desk_state>,
                                    std::shared_ptr<int> told) {
  return {
      [](const acquire&) -> caf::result<lease_ptr> { return make_error(errc::internal); },
      [](const attempt_failed&) {},
      [](const moved_on&) {},
      [](const spent&) {},
      [](const began&) {},
      [](const explain_query&) { return explanations{}; },
      [](recall) {},
      [](const lease_free&) {},
      [](generations_query) { return generation_list{}; },
      [](const stop_generation&) { return stopped_generations{}; },
      [told](keys_ended) { ++*told; },
      [](tick) {},
  };
}

/// KEYS over a file in a folder of its own, whose thread runs only while it is waited
/// for, as CAF's testing scheduler has it; the clock on the wall goes with CAF's.
class keys_of_a_node : public actor_fixture {
protected:
  keys_of_a_node() {
    std::string name = std::filesystem::temp_directory_path() / "conductor-XXXXXX";
    folder = ::mkdtemp(name.data());
    hold_files();
    start();
  }
  ~keys_of_a_node() override {
    end(subject);
    for (const auto& d : desks)
      end(d);
    may_go_on.set_value();
    std::filesystem::remove_all(folder);
  }

  void start() {
    subject = system.spawn(
        keys, keys_links{folder / "keys.json", files, [this] { return table; },
                         [this](key_table_ptr t) {
                           table = std::move(t);
                           ++published;
                         },
                         [this] { return now; }, [this] { return desks; }});
    run();
  }

  /// Lets what was asked reach the file and come back.
  void settle() {
    run();
    may_go_on.set_value();
    auto done = std::make_shared<std::promise<void>>();
    files->post([done] { done->set_value(); });
    hold_files();
    done->get_future().wait();
    run();
  }

  void hold_files() {
    may_go_on = {};
    files->post([turn = may_go_on.get_future().share()] { turn.wait(); });
  }

  void pass(milliseconds time) {
    now += time.count();
    advance(time);
    settle();
  }

  /// The answer to `question`; where it was refused, why is in `refused`.
  template <class Answer, class Question>
  std::optional<Answer> ask(Question question) {
    refused = {};
    std::optional<Answer> got;
    auto asking = system.spawn([&](caf::event_based_actor* self) {
      self->request(subject, caf::infinite, std::move(question))
          .then([&](const Answer& a) { got = a; },
                [&](const caf::error& e) { refused = to_failure(e); });
    });
    settle();
    return got;
  }

  made_key make(const std::string& name, std::int64_t expires = 0) {
    create_key c;
    c.wish.name = name;
    c.wish.expires = expires;
    auto made = ask<made_key>(c);
    EXPECT_TRUE(made) << refused.detail;
    return made.value_or(made_key{});
  }

  /// The file holds id0, id1, …, each as it is set.
  void have(int n, const std::function<void(api_key&, int)>& set) {
    change_keys(folder / "keys.json", [&](key_list& all) {
      for (int i = 0; i < n; ++i) {
        auto& k = all.emplace_back();
        k.id = k.name = "id" + std::to_string(i);
        set_secret(k, "secret");
        set(k, i);
      }
    });
  }

  grant_ptr grant_of(const made_key& made) const { return table->find(made.key.id); }

  std::filesystem::path folder;
  std::shared_ptr<executor> files = std::make_shared<executor>("files");
  std::promise<void> may_go_on;
  key_table_ptr table = table_of({}, nullptr);
  int published = 0;
  std::int64_t now = 1'790'000'000'000;
  failure refused;
  std::shared_ptr<int> told = std::make_shared<int>(0);
  std::vector<desk_actor> desks{system.spawn(fake_desk, told),
                                system.spawn(fake_desk, told)};
  keys_actor subject;
};

TEST_F(keys_of_a_node, are_in_the_file_before_they_are_told) {
  const auto made = make("one");
  const auto parts = parse_key(made.text);
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->id, made.key.id);
  EXPECT_EQ(made.key.created, now);
  ASSERT_TRUE(grant_of(made));
  EXPECT_TRUE(has_secret(grant_of(made)->key, parts->secret));
  const auto kept = read_keys(folder / "keys.json");
  ASSERT_EQ(kept.size(), 1u);
  EXPECT_TRUE(has_secret(kept[0], parts->secret));
  EXPECT_EQ(keys_document(kept).find(parts->secret), std::string::npos);
}

TEST_F(keys_of_a_node, have_names_of_their_own_until_they_are_revoked) {
  const auto first = make("one");
  EXPECT_FALSE(ask<made_key>(create_key{first.key}));
  EXPECT_EQ(refused.code, errc::bad_request);
  for (const auto& name : {std::string{}, std::string{"a b"}, std::string(65, 'a')}) {
    api_key k;
    k.name = name;
    EXPECT_FALSE(ask<made_key>(create_key{k})) << name;
    EXPECT_EQ(refused.code, errc::bad_request);
  }
  EXPECT_EQ(table->by_id.size(), 1u);
  ASSERT_TRUE(ask<api_key>(revoke_key{first.key.id}));
  const auto second = make("one");
  EXPECT_NE(second.key.id, first.key.id);
  EXPECT_EQ(table->by_id.size(), 2u);
}

TEST_F(keys_of_a_node, are_so_many_and_what_ended_first_makes_room) {
  have(10'000, [this](api_key& k, int i) {
    k.expires = i == 5 ? now - 1 : i == 6 ? now - 2 : i == 7 ? now + 1'000 : 0;
    k.revoked = i == 8;
  });
  for (const char* gone : {"id8", "id6", "id5"}) {
    make(std::string{"for-"} + gone);
    EXPECT_FALSE(table->find(gone));
    EXPECT_EQ(table->by_id.size(), 10'000u);
  }
  create_key more;
  more.wish.name = "more";
  EXPECT_FALSE(ask<made_key>(more));
  EXPECT_EQ(refused.detail, "there are 10000 keys already");
  EXPECT_TRUE(table->find("id7"));
}

TEST_F(keys_of_a_node, are_remembered_until_a_thousand_were_revoked_later) {
  have(1'003, [](api_key& k, int i) { k.revoked = i > 2; });
  EXPECT_TRUE(ask<api_key>(revoke_key{"id1"}));
  EXPECT_EQ(table->by_id.size(), 1'002u);
  EXPECT_FALSE(table->find("id3"));
  EXPECT_TRUE(ask<api_key>(revoke_key{"id0"}));
  EXPECT_FALSE(table->find("id4"));
  ASSERT_TRUE(table->find("id1") && table->find("id0"));
  EXPECT_TRUE(table->find("id1")->key.revoked && table->find("id0")->key.revoked);
  EXPECT_FALSE(table->find("id2")->key.revoked);
}

TEST_F(keys_of_a_node, are_changed_in_one_spelling_or_not_at_all) {
  const auto made = make("one");
  const auto changed = ask<api_key>(change_key{made.key.id, [](api_key& k) {
                                                 k.models = {"Llama3", "QWEN*"};
                                               }});
  ASSERT_TRUE(changed);
  EXPECT_EQ(changed->models, (std::vector<std::string>{"llama3:latest", "qwen*"}));
  const auto before = published;
  EXPECT_FALSE(
      ask<api_key>(change_key{made.key.id, [](api_key& k) { k.models = {"a*b"}; }}));
  EXPECT_EQ(refused.code, errc::bad_request);
  EXPECT_FALSE(ask<api_key>(change_key{"none", [](api_key&) {}}));
  EXPECT_EQ(refused.code, errc::not_found);
  EXPECT_EQ(published, before);
  EXPECT_EQ(read_keys(folder / "keys.json").at(0).models, changed->models);
}

TEST_F(keys_of_a_node, get_another_secret_and_keep_the_rest) {
  const auto made = make("one");
  const auto meter = grant_of(made)->meter;
  const auto again = ask<made_key>(rotate_key{made.key.id});
  ASSERT_TRUE(again);
  EXPECT_EQ(again->key.id, made.key.id);
  EXPECT_FALSE(has_secret(grant_of(made)->key, parse_key(made.text)->secret));
  EXPECT_TRUE(has_secret(grant_of(made)->key, parse_key(again->text)->secret));
  EXPECT_EQ(grant_of(made)->meter, meter);
  // An answer under way is not the secret's.
  EXPECT_FALSE(check_key(grant_of(made)));
}

TEST_F(keys_of_a_node, that_are_revoked_end_what_is_under_way_for_good) {
  const auto made = make("one");
  const auto other = make("two");
  const auto under_way = grant_of(made); // as a request has it
  EXPECT_FALSE(check_key(under_way));
  ASSERT_TRUE(ask<api_key>(revoke_key{made.key.id}));
  EXPECT_EQ(to_failure(check_key(under_way)).code, errc::key_revoked);
  EXPECT_EQ(status_of(errc::key_revoked), 401);
  EXPECT_FALSE(check_key(grant_of(other)));
  EXPECT_FALSE(ask<made_key>(rotate_key{made.key.id}));
  EXPECT_FALSE(ask<api_key>(change_key{made.key.id, [](api_key&) {}}));
  EXPECT_EQ(refused.code, errc::bad_request);
  EXPECT_TRUE(check_key(grant_of(made)));
}

TEST_F(keys_of_a_node, are_told_to_have_ended_where_answers_are_under_way) {
  const auto made = make("one"), soon = make("soon", now + 5000);
  *told = 0;
  ASSERT_TRUE(ask<api_key>(revoke_key{made.key.id}));
  EXPECT_EQ(*told, 2) << "every desk";
  *told = 0;
  pass(milliseconds(4999));
  EXPECT_EQ(*told, 0);
  pass(milliseconds(1));
  EXPECT_EQ(*told, 2);
  EXPECT_TRUE(check_key(grant_of(soon)));
}

TEST_F(keys_of_a_node, end_what_is_under_way_when_they_expire) {
  const auto soon = make("soon", now + 5000);
  const auto late = make("late", now + 3 * 3600 * 1000);
  const auto under_way = grant_of(soon), longer = grant_of(late);
  pass(milliseconds(4999));
  EXPECT_FALSE(check_key(under_way));
  pass(milliseconds(1));
  EXPECT_TRUE(check_key(under_way));
  EXPECT_FALSE(check_key(longer));
  // A longer life is for what comes from now on.
  ASSERT_TRUE(ask<api_key>(change_key{soon.key.id, [](api_key& k) { k.expires = 0; }}));
  EXPECT_TRUE(check_key(under_way));
  EXPECT_FALSE(check_key(grant_of(soon)));
  for (int minute = 0; minute < 180; ++minute)
    pass(std::chrono::minutes(1));
  EXPECT_TRUE(check_key(longer));
}

TEST_F(keys_of_a_node, expire_by_the_clock_on_the_wall_also_where_that_is_set) {
  const auto made = make("one", now + std::chrono::milliseconds(hours(10)).count());
  const auto under_way = grant_of(made);
  now += std::chrono::milliseconds(hours(11)).count();
  pass(std::chrono::minutes(1));
  EXPECT_TRUE(check_key(under_way));
}

TEST_F(keys_of_a_node, wait_for_no_time_where_none_expires) {
  make("one");
  run();
  EXPECT_FALSE(time.has_pending_timeout());
}

TEST_F(keys_of_a_node, are_those_of_the_file_after_another_process_changed_it) {
  const auto made = make("one");
  const auto under_way = grant_of(made);
  change_keys(folder / "keys.json", [](key_list& all) { all.clear(); });
  caf::anon_send(subject, reread_keys{});
  settle();
  EXPECT_TRUE(table->by_id.empty());
  EXPECT_TRUE(check_key(under_way));
}

TEST_F(keys_of_a_node, stay_as_they_were_where_the_file_cannot_be_used) {
  const auto made = make("one");
  const auto before = published;
  std::ofstream{folder / "keys.json"} << "{";
  caf::anon_send(subject, reread_keys{});
  settle();
  EXPECT_FALSE(ask<api_key>(revoke_key{made.key.id}));
  EXPECT_EQ(refused.code, errc::store_failed);
  EXPECT_EQ(published, before);
  EXPECT_FALSE(check_key(grant_of(made)));
}

TEST_F(keys_of_a_node, outlive_the_actor_that_keeps_them) {
  const auto made = make("one", now + 5000);
  const auto under_way = grant_of(made);
  end(subject);
  start(); // as SUPERVISOR does: with the table that lanes read
  EXPECT_FALSE(check_key(under_way));
  pass(seconds(5));
  EXPECT_TRUE(check_key(under_way));
}

} // namespace
} // namespace conductor::test

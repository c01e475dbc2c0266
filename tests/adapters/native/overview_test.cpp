#include "adapters/native/overview.hpp"

#include "tests/actors/actor_fixture.hpp"

#include <nlohmann/json.hpp>

#include <map>

namespace conductor::test {
namespace {

using std::chrono::seconds;

/// What RESOURCES would answer, and how often it was asked.
struct node_notes {
  std::map<std::string, std::string> bodies; ///< by target; those without are refused
  std::size_t asked = 0;
};

resources_actor::behavior_type fake_resources(resources_actor::pointer,
                                              std::shared_ptr<node_notes> node) {
  return {[node](const request_ptr& r) -> caf::result<response> {
    ++node->asked;
    const auto i = node->bodies.find(r->target);
    if (i == node->bodies.end())
      return make_error(errc::internal, "not now");
    return response{200, "application/json", i->second, {}};
  }};
}

class an_overview : public actor_fixture {
protected:
  an_overview() {
    node->bodies = {{"/conductor/v1/status", R"({"uptime_s":1,"connections":2})"},
                    {"/conductor/v1/queue", R"({"waiting":[]})"}};
    resources = system.spawn(fake_resources, node);
    subject = system.spawn(
        overview, overview_links{[this] { return resources; }, [] { return 0; }});
  }
  ~an_overview() override {
    end(subject);
    end(resources);
  }

  /// What is told to who follows behind `after`; null: nothing yet.
  std::shared_ptr<overview_ptr> follow(std::uint64_t after) {
    auto got = std::make_shared<overview_ptr>();
    system.spawn([this, got, after](caf::event_based_actor* self) {
      self->request(subject, caf::infinite, overview_follow{after})
          .then([got](const overview_ptr& o) { *got = o; });
    });
    run();
    return got;
  }

  std::shared_ptr<node_notes> node = std::make_shared<node_notes>();
  resources_actor resources;
  overview_actor subject;
};

TEST_F(an_overview, asks_nobody_while_nobody_follows) {
  advance(seconds(100));
  EXPECT_EQ(node->asked, 0u);
  follow(0);
  const auto once = node->asked;
  EXPECT_EQ(once, overview_state::parts);
  advance(seconds(100));
  EXPECT_EQ(node->asked, once);
}

TEST_F(an_overview, is_one_event_of_what_can_be_had) {
  const auto told = *follow(0);
  ASSERT_TRUE(told);
  const auto e = nlohmann::json::parse(told->text);
  EXPECT_EQ(e["topic"], "overview");
  EXPECT_EQ(e["time"], "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(e["status"]["connections"], 2);
  EXPECT_TRUE(e["backends"].is_null());
  EXPECT_TRUE(e.contains("requests"));
}

TEST_F(an_overview, tells_changes_once_a_second_and_no_other_time_passing) {
  const auto first = *follow(0);
  const auto second = follow(first->number);
  node->bodies["/conductor/v1/status"] = R"({"uptime_s":2,"connections":2})";
  advance(seconds(3));
  EXPECT_FALSE(*second) << "only time has passed";
  node->bodies["/conductor/v1/queue"] = R"({"waiting":[{"id":"a"}]})";
  advance(seconds(1));
  ASSERT_TRUE(*second);
  EXPECT_NE((*second)->text.find(R"("id":"a")"), std::string::npos);
}

TEST_F(an_overview, says_after_ten_seconds_that_nothing_changed) {
  const auto first = *follow(0);
  const auto second = follow(first->number);
  advance(seconds(9));
  EXPECT_FALSE(*second);
  advance(seconds(1));
  EXPECT_TRUE(*second);
}

TEST_F(an_overview, tells_who_begins_to_follow_though_nothing_changed) {
  const auto first = *follow(0);
  const auto waits = follow(first->number);
  advance(seconds(3));
  const auto fresh = follow(0);
  advance(seconds(1));
  EXPECT_TRUE(*fresh);
}

} // namespace
} // namespace conductor::test

#include "adapters/native/resources.hpp"

#include "tests/actors/fake_dispatcher.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>

namespace conductor::test {
namespace {

struct fake_sessions_state {
  static inline const char* name = "sessions";
};
sessions_actor::behavior_type
fake_sessions(sessions_actor::stateful_pointer<fake_sessions_state>,
              std::shared_ptr<std::string> broken_store) {
  const auto none = make_error(errc::internal, "not asked in this test");
  return {
      [=](const create_session&) -> caf::result<created_session> { return none; },
      [=](const open_session&) -> caf::result<session_actor> { return none; },
      [=](const erase_session&) -> caf::result<stored> { return none; },
      [=](const fork_session&) -> caf::result<session_record_ptr> { return none; },
      [=](const store_list&) -> caf::result<session_page> { return none; },
      [=](sessions_query) {
        sessions_status now;
        now.live = 5;
        now.store.failure = *broken_store;
        return now;
      },
      [](drain) { return drained{}; },
      [](expel) {},
      [](tick) {},
  };
}

resources_actor::behavior_type
fake_scrape(resources_actor::stateful_pointer<resources_state>) {
  return {[](const request_ptr& asked) { return response{200, "text", asked->id, {}}; }};
}

/// RESOURCES before a DISPATCHER that knows what the test says.
class resources_of_a_node : public actor_fixture {
protected:
  resources_of_a_node() {
    auto notes = std::make_shared<dispatcher_notes>();
    notes->fleet = [fleet = fleet]() -> caf::result<fleet_status> {
      if (!*fleet)
        return make_error(errc::internal, "no dispatcher");
      return **fleet;
    };
    auto dispatcher = system.spawn(fake_dispatcher, notes);
    node_facts facts{"1.2.3", {"127.0.0.1:11435"}, request_clock::time_point{}, [] {
                       return std::size_t{7};
                     }};
    scraped = system.spawn(fake_scrape);
    auto conversations = system.spawn(fake_sessions, broken_store);
    subject = system.spawn(
        resources,
        resources_links{[dispatcher] { return dispatcher; },
                        facts,
                        [conversations] { return conversations; },
                        [] { return std::vector<desk_actor>{}; },
                        [] { return std::string{"new"}; },
                        [] { return std::vector<observer_actor>{}; },
                        [this] { return scraped; },
                        {},
                        [](const request& asked) {
                          return response{200, "", "console of " + asked.target, {}};
                        },
                        {},
                        {}});
    backend_load one;
    one.status.name = "one";
    one.status.url = "http://127.0.0.1:11434";
    one.in_flight = 2;
    fleet->emplace(fleet_status{{one}, 3, 512});
  }
  ~resources_of_a_node() override {
    end(subject);
    end(scraped);
  }

  /// The answer, or the failure in `failed`.
  response get(const std::string& target, const std::string& method = "GET") {
    auto asked = std::make_shared<request>();
    asked->id = "id-1";
    asked->method = method;
    asked->target = target;
    auto got = std::make_shared<response>();
    got->status = 0;
    auto why = std::make_shared<errc>();
    system.spawn([this, asked, got, why](caf::event_based_actor* self) {
      self->request(subject, caf::infinite, request_ptr{asked})
          .then([got](const response& r) { *got = r; },
                [why](const caf::error& e) { *why = to_failure(e).code; });
    });
    run();
    failure = *why;
    return *got;
  }
  backend_status& one() { return (*fleet)->backends.front().status; }

  std::shared_ptr<std::optional<fleet_status>> fleet =
      std::make_shared<std::optional<fleet_status>>();
  std::shared_ptr<std::string> broken_store = std::make_shared<std::string>();
  resources_actor scraped;
  resources_actor subject;
  errc failure{};
};

TEST_F(resources_of_a_node, are_ready_when_a_backend_answers) {
  EXPECT_EQ(get("/readyz").status, 503);
  one().state = backend_state::down;
  one().error = "connection refused";
  const auto down = get("/readyz");
  EXPECT_EQ(down.status, 503);
  EXPECT_NE(down.body.find("one: connection refused"), std::string::npos);
  one().state = backend_state::up;
  EXPECT_EQ(get("/readyz").status, 200);
}

TEST_F(resources_of_a_node, are_not_ready_without_a_store_but_for_who_needs_none) {
  one().state = backend_state::up;
  *broken_store = "disk full";
  const auto r = get("/readyz");
  EXPECT_EQ(r.status, 503);
  EXPECT_EQ(r.body, "store: disk full\n");
  const auto drop_in = get("/readyz?exclude=store");
  EXPECT_EQ(drop_in.status, 200);
  EXPECT_EQ(drop_in.body, "ready\nstore: disk full\n");
  one().state = backend_state::down;
  EXPECT_EQ(get("/readyz?exclude=store").status, 503);
  const auto body = nlohmann::json::parse(get("/conductor/v1/status").body);
  EXPECT_EQ(body["store"]["state"], "failed");
  EXPECT_EQ(body["store"]["error"], "disk full");
}

TEST_F(resources_of_a_node, tell_their_status) {
  const auto r = get("/conductor/v1/status?x=1");
  ASSERT_EQ(r.status, 200);
  const auto body = nlohmann::json::parse(r.body);
  EXPECT_EQ(body["version"], "1.2.3");
  EXPECT_EQ(body["connections"], 7);
  EXPECT_EQ(body["generations_in_flight"], 2);
  EXPECT_EQ(body["queue"]["waiting"], 3);
  EXPECT_EQ(body["backends"][0]["state"], "unknown");
}

TEST_F(resources_of_a_node, live_without_a_dispatcher) {
  fleet->reset();
  EXPECT_EQ(get("/").body, "Ollama is running");
  EXPECT_EQ(get("/conductor/v1/status").status, 0);
  EXPECT_EQ(failure, errc::internal);
}

TEST_F(resources_of_a_node, leave_a_scrape_to_who_can_do_it) {
  EXPECT_EQ(get("/metrics").body, "id-1");
  EXPECT_EQ(get("/metrics", "POST").status, 405);
}

TEST_F(resources_of_a_node, refuse_what_is_not_there_in_the_words_of_the_asker) {
  EXPECT_EQ(get("/nothing").body, "404 page not found");
  get("/conductor/v1/nothing");
  EXPECT_EQ(failure, errc::not_found);
}

TEST_F(resources_of_a_node, redirect_to_a_path_without_detours_as_go_does) {
  for (const auto& [target, to] : std::vector<std::pair<std::string, std::string>>{
           {"//api/chat", "/api/chat"},
           {"//", "/"},
           {"/./?", "/"},
           {"/..", "/"},
           {"//x/../a/./b/", "/a/b/"},
           {"//evil.example//%2e%2e", "/evil.example/%2e%2e"},
           {"//api/tags?a=//b&c=..", "/api/tags?a=//b&c=.."}}) {
    const auto r = get(target, "POST");
    EXPECT_EQ(r.status, 307) << target;
    ASSERT_EQ(r.headers.size(), 1u);
    EXPECT_EQ(r.headers[0].value, to);
    EXPECT_EQ(r.body, "");
  }
  EXPECT_EQ(get("//a?x=1&y=<").body,
            "<a href=\"/a?x=1&amp;y=&lt;\">Temporary Redirect</a>.\n\n");
  for (const auto* none : {"/%2e%2e/api/tags", "/nope", "/nope/", "/...", "/nope?a=//b"})
    EXPECT_EQ(get(none).status, 404) << none;
}

TEST_F(resources_of_a_node, name_the_methods_that_they_take) {
  const auto r = get("/conductor/v1/status", "DELETE");
  EXPECT_EQ(r.status, 405);
  EXPECT_TRUE(std::any_of(r.headers.begin(), r.headers.end(), [](const auto& h) {
    return h.name == "Allow" && h.value == "GET, HEAD";
  }));
  EXPECT_EQ(get("/conductor/v1/backup", "POST").status, 405);
}

TEST_F(resources_of_a_node, have_a_console_where_the_node_gives_one) {
  EXPECT_EQ(get("/console").body, "console of /console");
  EXPECT_EQ(get("/console/x?y").body, "console of /console/x?y");
}

TEST_F(resources_of_a_node, list_generations_at_one_place_only) {
  for (const auto* other : {"X", "/", "X/cancel"}) {
    failure = {};
    get(std::string{"/conductor/v1/generations"} + other);
    EXPECT_EQ(failure, errc::not_found) << other;
  }
}

} // namespace
} // namespace conductor::test

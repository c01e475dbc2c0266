#include "adapters/ollama/loader.hpp"

#include "tests/adapters/ollama/fake_upstreams.hpp"

#include <optional>

namespace conductor::test {
namespace {

using namespace std::chrono_literals;

class a_loader : public actor_fixture {
protected:
  a_loader() {
    timing.load_timeout = 10min;
    subject = system.spawn(loader, system.spawn(fake_upstreams, all), timing);
  }
  ~a_loader() override { end(subject); }

  struct outcome {
    bool loaded = false;
    std::optional<failure> failed;
  };
  std::shared_ptr<outcome> load(milliseconds patience) {
    auto got = std::make_shared<outcome>();
    load_model what;
    what.server = server_named("one");
    what.model = "m:latest";
    what.patience = patience;
    system.spawn([this, got, what](caf::event_based_actor* self) {
      self->request(caf::actor_cast<loader_actor>(subject), caf::infinite, what)
          .then([got](const load_result&) { got->loaded = true; },
                [got](const caf::error& e) { got->failed = to_failure(e); });
    });
    run();
    return got;
  }
  template <class... Messages>
  void answer(std::size_t i, Messages... messages) {
    all->say(i, subject, std::move(messages)...);
    run();
  }

  std::shared_ptr<opened> all = std::make_shared<opened>();
  upstream_settings timing;
  loading_actor subject;
};

TEST_F(a_loader, asks_with_an_empty_prompt_and_tells_when_it_is_there) {
  const auto got = load(0ms);
  ASSERT_EQ(all->asked.size(), 1u);
  EXPECT_EQ(all->asked[0].asked->target, "/api/generate");
  EXPECT_EQ(all->asked[0].asked->body.view(), R"({"model":"m:latest"})");
  answer(0, started{head_of(200)}, bytes_of("{}"), complete{});
  EXPECT_TRUE(got->loaded);
}

TEST_F(a_loader, bears_what_was_configured_where_nothing_was_learned) {
  const auto got = load(0ms);
  advance(10min - 1s);
  EXPECT_FALSE(got->failed);
  advance(2s);
  ASSERT_TRUE(got->failed);
  EXPECT_EQ(got->failed->code, errc::load_failed);
  EXPECT_EQ(got->failed->detail, "m:latest was not loaded within upstream.load_timeout");
  EXPECT_EQ(all->notes[0]->cancels, 1u);
}

TEST_F(a_loader, gives_up_a_server_that_hangs_when_the_learned_patience_is_over) {
  const auto got = load(2min);
  advance(2min - 1s);
  EXPECT_FALSE(got->failed);
  advance(2s);
  ASSERT_TRUE(got->failed);
  EXPECT_EQ(got->failed->code, errc::stalled);
  EXPECT_EQ(got->failed->detail,
            "m:latest was not loaded within 120 s, far longer than it took before");
  EXPECT_EQ(all->notes[0]->cancels, 1u) << "the server is told";
  // What the server says later is nobody's.
  answer(0, started{head_of(200)}, complete{});
  EXPECT_FALSE(got->loaded);
}

TEST_F(a_loader, bears_no_more_than_was_configured_whatever_was_learned) {
  const auto got = load(20min);
  advance(10min + 1s);
  ASSERT_TRUE(got->failed);
  EXPECT_EQ(got->failed->code, errc::load_failed);
}

} // namespace
} // namespace conductor::test

#include "adapters/ollama/prober.hpp"

#include "tests/adapters/ollama/fake_upstreams.hpp"

#include <optional>

namespace conductor::test {
namespace {

struct outcome {
  std::optional<probe_result> result;
  std::optional<failure> failed;
};

class a_prober : public actor_fixture {
protected:
  a_prober() {
    timing.probe_timeout = std::chrono::seconds(2);
    subject = system.spawn(prober, system.spawn(fake_upstreams, all), timing);
  }
  ~a_prober() override { end(subject); }

  std::shared_ptr<outcome> look_at(const std::string& backend) {
    auto got = std::make_shared<outcome>();
    system.spawn([this, got, backend](caf::event_based_actor* self) {
      self->request(caf::actor_cast<prober_actor>(subject), caf::infinite,
                    probe{server_named(backend), known})
          .then([got](const probe_result& r) { got->result = r; },
                [got](const caf::error& e) { got->failed = to_failure(e); });
    });
    run();
    return got;
  }
  /// The server says this in exchange `i`.
  template <class... Messages>
  void answer(std::size_t i, Messages... messages) {
    all->say(i, subject, std::move(messages)...);
    run();
  }

  std::shared_ptr<opened> all = std::make_shared<opened>();
  upstream_settings timing;
  inventory_ptr known; ///< what BACKEND knows already
  probing_actor subject;
};

TEST_F(a_prober, tells_the_version_of_what_answers) {
  const auto got = look_at("one");
  ASSERT_EQ(all->asked.size(), 1u);
  EXPECT_EQ(all->asked[0].asked->target, "/api/version");
  answer(0, started{head_of(200)}, bytes_of("{\"vers"), bytes_of("ion\":\"0.24.0\"}"),
         complete{});
  EXPECT_FALSE(got->result) << "what is loaded is still to be asked";
  ASSERT_EQ(all->asked.size(), 2u);
  EXPECT_EQ(all->asked[1].asked->target, "/api/ps");
  answer(1, started{head_of(200)},
         bytes_of(R"({"models":[{"name":"m:latest","digest":"d","size":9,)"
                  R"("size_vram":7,"context_length":4096}]})"),
         complete{});
  answer(2, started{head_of(404)}, complete{});
  ASSERT_TRUE(got->result);
  EXPECT_EQ(got->result->version, "0.24.0");
  EXPECT_EQ(got->result->loaded,
            (std::vector<loaded_model>{{"m:latest", "d", 9, 7, 4096, ""}}));
}

// Which names are the same weights is told by /api/show; asked once for each manifest.
TEST_F(a_prober, asks_about_each_model_once) {
  const auto tags = bytes_of(R"({"models":[{"name":"a:latest","digest":"da"},)"
                             R"({"name":"b:latest","digest":"db"},)"
                             R"({"name":"c:cloud","digest":"dc","remote_host":"x"}]})");
  const auto shown = [](char digit) {
    return bytes_of(R"({"modelfile":"FROM /m/blobs/sha256-)" + std::string(64, digit) +
                    R"(\n","capabilities":["completion"]})");
  };
  const auto got = look_at("one");
  answer(0, started{head_of(200)}, bytes_of("{\"version\":\"1\"}"), complete{});
  answer(1, started{head_of(200)}, bytes_of("{}"), complete{});
  answer(2, started{head_of(200)}, tags, complete{});
  ASSERT_EQ(all->asked.size(), 4u);
  EXPECT_EQ(all->asked[3].asked->body.view(), R"({"model":"a:latest"})");
  answer(3, started{head_of(200)}, shown('1'), complete{});
  answer(4, started{head_of(200)}, shown('1'), complete{});
  ASSERT_TRUE(got->result);
  known = got->result->known;
  ASSERT_EQ(known->models.size(), 3u);
  EXPECT_EQ(known->models[0].blob, std::string(64, '1'));
  EXPECT_EQ(known->models[1].blob, known->models[0].blob);
  EXPECT_EQ(known->models[1].capabilities, std::vector<std::string>{"completion"});
  EXPECT_TRUE(known->models[2].remote);

  const auto again = look_at("one");
  answer(5, started{head_of(200)}, bytes_of("{\"version\":\"1\"}"), complete{});
  answer(6, started{head_of(200)}, bytes_of("{}"), complete{});
  answer(7, started{head_of(200)}, tags, complete{});
  ASSERT_TRUE(again->result) << "there is nothing new to ask about";
  EXPECT_EQ(again->result->known, known);
}

// A server that is slow to list its models is there all the same.
TEST_F(a_prober, is_content_with_a_version_in_time) {
  const auto got = look_at("one");
  answer(0, started{head_of(200)}, bytes_of("{\"version\":\"1\"}"), complete{});
  advance(std::chrono::seconds(3));
  ASSERT_TRUE(got->result);
  EXPECT_EQ(got->result->version, "1");
  EXPECT_EQ(all->notes[1]->cancels, 1u);
}

TEST_F(a_prober, asks_for_a_real_token_where_it_is_told_to) {
  auto got = std::make_shared<std::string>();
  system.spawn([this, got](caf::event_based_actor* self) {
    self->request(caf::actor_cast<prober_actor>(subject), caf::infinite,
                  probe_answer{server_named("one"), "m"})
        .then([got](const load_result&) { *got = "token"; },
              [got](const caf::error& e) { *got = to_failure(e).detail; });
  });
  run();
  EXPECT_EQ(all->asked[0].asked->target, "/api/generate");
  answer(0, started{head_of(500)}, bytes_of(R"({"error":"no runner"})"), complete{});
  EXPECT_EQ(*got, "no runner");
}

TEST_F(a_prober, needs_no_list_of_models_to_find_ollama) {
  const auto got = look_at("one");
  answer(0, started{head_of(200)}, bytes_of("{\"version\":\"1\"}"), complete{});
  answer(1, started{head_of(404)}, bytes_of("nothing"), complete{});
  answer(2, started{head_of(404)}, complete{});
  ASSERT_TRUE(got->result);
  EXPECT_TRUE(got->result->loaded.empty());
}

TEST_F(a_prober, does_not_take_another_server_for_ollama) {
  for (const auto* body : {"hello", "{}", "{\"version\":7}", ""}) {
    const auto got = look_at("one");
    const auto last = all->exchanges.size() - 1;
    answer(last, started{head_of(200)}, bytes_of(body), complete{});
    ASSERT_TRUE(got->failed) << body;
    EXPECT_EQ(got->failed->code, errc::upstream_invalid);
  }
  const auto got = look_at("one");
  answer(all->exchanges.size() - 1, started{head_of(404)}, complete{});
  ASSERT_TRUE(got->failed);
  EXPECT_NE(got->failed->detail.find("404"), std::string::npos);
}

TEST_F(a_prober, waits_for_its_time_and_no_longer) {
  const auto got = look_at("one");
  advance(std::chrono::milliseconds(1999));
  EXPECT_FALSE(got->failed);
  advance(std::chrono::milliseconds(2));
  ASSERT_TRUE(got->failed);
  EXPECT_EQ(got->failed->code, errc::first_byte_timeout);
  EXPECT_EQ(all->notes[0]->cancels, 1u);
  answer(0, started{head_of(200)}, complete{}); // too late: nobody is told twice
  EXPECT_FALSE(got->result);
}

TEST_F(a_prober, keeps_probes_under_way_apart) {
  const auto first = look_at("one");
  const auto second = look_at("two");
  answer(1, started{head_of(200)}, bytes_of("{\"version\":\"2\"}"));
  answer(0, started{head_of(200)}, bytes_of("{\"version\":\"1\"}"), complete{});
  answer(1, complete{});
  for (std::size_t i = 2; i < 6; ++i)
    answer(i, started{head_of(200)}, bytes_of("{}"), complete{});
  ASSERT_TRUE(first->result && second->result);
  EXPECT_EQ(first->result->version, "1");
  EXPECT_EQ(second->result->version, "2");
}

TEST_F(a_prober, asks_how_a_prompt_is_rendered_and_waits_for_its_time) {
  std::vector<std::string> got;
  const auto look = [&] {
    system.spawn([&](caf::event_based_actor* self) {
      self->request(caf::actor_cast<prober_actor>(subject), caf::infinite,
                    probe_render{server_named("one"), "m"})
          .then(
              [&](const render_result& r) { got.push_back(r.continues ? "yes" : "no"); },
              [&](const caf::error& e) { got.push_back(to_string(to_failure(e).code)); });
    });
    run();
  };
  std::size_t i = 0;
  for (const auto* said :
       {R"({"_debug_info":{"rendered_template":7}})", "[]", "nonsense"}) {
    look();
    answer(i++, started{head_of(200)}, bytes_of(said), complete{});
    EXPECT_EQ(got.back(), "no") << said;
  }
  look(); // and is told nothing
  EXPECT_EQ(got.size(), 3u);
  advance(timing.probe_timeout);
  EXPECT_EQ(got.back(), "first_byte_timeout");
  look();
  answer(4, started{head_of(200)},
         bytes_of(R"({"_debug_info":{"rendered_template":"x the answer goes on here"}})"),
         complete{});
  EXPECT_EQ(got.back(), "yes");
}

TEST_F(a_prober, passes_failures_on) {
  const auto got = look_at("one");
  answer(0, failed{errc::backend_unreachable, "refused"});
  ASSERT_TRUE(got->failed);
  EXPECT_EQ(got->failed->detail, "refused");
  const auto none = look_at("unknown");
  ASSERT_TRUE(none->failed);
  EXPECT_EQ(none->failed->code, errc::unknown_backend);
}

} // namespace
} // namespace conductor::test

#include "tests/world/world_fixture.hpp"

#include <random>

namespace conductor::test {
namespace {

using namespace std::chrono_literals;

// B4: no deadline stands on the whole of a stream.
TEST_F(a_node, carries_a_stream_for_ten_minutes) {
  start();
  http_client c{port};
  c.ask("POST", "/api/generate", generate(R"({"records":126,"gap_ms":5000})"));
  const auto a = c.read_answer(false, 15min);
  EXPECT_TRUE(a.whole) << a.problem;
  EXPECT_EQ(lines_of(a.body).size(), 127u);
}

/// One client that asks, and stays or leaves as chance has it, until `end`.
void come_and_go(std::uint16_t port, unsigned seed,
                 std::chrono::steady_clock::time_point end) {
  std::mt19937 chance{seed};
  const auto upto = [&](unsigned n) { return chance() % n; };
  while (std::chrono::steady_clock::now() < end) {
    const auto records = 1 + upto(200);
    const auto script = R"({"records":)" + std::to_string(records) + R"(,"gap_us":)" +
                        std::to_string(upto(3000)) + R"(,"first_ms":)" +
                        std::to_string(upto(20)) + "}";
    http_client c{port};
    ASSERT_TRUE(
        c.ask("POST", "/api/generate",
              R"({"model":"canned","prompt":"hi","options":{"script":)" + script + "}}"));
    switch (upto(4)) {
    case 0: // leaves at once
      continue;
    case 1: // leaves inside the answer
      c.read_first_chunk();
      continue;
    case 2: // half-closes
      c.half_close();
      c.closed_by_peer();
      continue;
    default:
      const auto a = c.read_answer(false, 60s);
      ASSERT_TRUE(a.whole) << a.problem;
      ASSERT_EQ(lines_of(a.body).size(), records + 1);
    }
  }
}

// Soak: nothing is left behind by clients that leave in any phase, for five minutes.
TEST_F(a_node, forgets_clients_that_come_and_go) {
  values.backends.clear();
  add_backend("one", ollama.port()).parallel = 8;
  values.runtime.lanes = 2;
  start();
  const auto end = std::chrono::steady_clock::now() + 5min;
  std::vector<std::thread> clients;
  for (unsigned i = 0; i < 32; ++i)
    clients.emplace_back(come_and_go, port, i, end);
  for (auto& c : clients)
    c.join();
  EXPECT_EQ(ollama.wait_for_in_flight(0), "");
  EXPECT_LE(ollama.seen().max_in_flight, 8u + 32u);
  EXPECT_GT(ollama.seen().cancels, 100u);
  EXPECT_GT(ollama.seen().answers_finished, 100u);
}

} // namespace
} // namespace conductor::test

#include "runtime/liveness.hpp"

#include "adapters/lane/hosted.hpp"

#include <boost/asio/post.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace conductor::test {
namespace {

using namespace std::chrono_literals;

/// Two lanes and two workers, which a test can block.
class a_living_node : public ::testing::Test {
protected:
  a_living_node() {
    cfg.set("scheduler.max-threads", 2);
    system = std::make_unique<caf::actor_system>(cfg);
    for (const auto* name : {"lane-0", "lane-1"})
      lanes.push_back(std::make_unique<lane>(*system, name));
    for (auto& l : lanes)
      l->start();
    subject = std::make_unique<liveness>(*system, lanes, 50ms);
  }
  ~a_living_node() override {
    subject->end();
    system->await_all_actors_done();
    for (auto& l : lanes)
      l->release();
    for (auto& l : lanes)
      l->join();
    subject.reset();
    system.reset();
  }

  /// What it tells once `fits`, or after a long time.
  std::string told(const std::function<bool(const std::string&)>& fits) {
    std::string text;
    for (const auto end = std::chrono::steady_clock::now() + 20s;
         std::chrono::steady_clock::now() < end; std::this_thread::yield()) {
      subject->prod();
      text = subject->stuck();
      if (fits(text))
        break;
    }
    return text;
  }
  std::string told_to_be_stuck() {
    return told([](const std::string& t) { return !t.empty(); });
  }
  std::string told_to_turn() {
    return told([](const std::string& t) { return t.empty(); });
  }

  /// An actor that blocks its thread in its first message until `let_go`.
  caf::behavior stuck_handler() {
    return {[this](caf::unit_t) { wait(); }};
  }
  void wait() {
    blocked.set_value();
    free.wait();
  }
  void let_go() { release.set_value(); }

  caf::actor_system_config cfg;
  std::unique_ptr<caf::actor_system> system;
  std::vector<std::unique_ptr<lane>> lanes;
  std::unique_ptr<liveness> subject;
  std::promise<void> blocked, release;
  std::shared_future<void> free = release.get_future().share();
};

TEST_F(a_living_node, is_well_while_all_turn) {
  EXPECT_EQ(told_to_turn(), "");
}

TEST_F(a_living_node, tells_of_a_lane_that_an_io_handler_blocks) {
  boost::asio::post(lanes[1]->io(), [this] { wait(); });
  blocked.get_future().wait();
  EXPECT_EQ(told_to_be_stuck().rfind("lane-1 has not turned for ", 0), 0u);
  let_go();
  EXPECT_EQ(told_to_turn(), "");
}

TEST_F(a_living_node, tells_of_one_blocked_worker_though_another_turns) {
  auto actor = spawn_worker(*system, [this](caf::event_based_actor*) -> caf::behavior {
    return stuck_handler();
  });
  caf::anon_send(actor, caf::unit);
  blocked.get_future().wait();
  const auto text = told_to_be_stuck();
  EXPECT_NE(text.find(" has been in "), std::string::npos) << text;
  let_go();
  EXPECT_EQ(told_to_turn(), "");
}

TEST_F(a_living_node, tells_of_an_actor_that_blocks_its_lane) {
  auto actor = spawn_on(*lanes[0], [this](caf::event_based_actor*) -> caf::behavior {
    return stuck_handler();
  });
  caf::anon_send(actor, caf::unit);
  blocked.get_future().wait();
  const auto text =
      told([](const std::string& t) { return t.find("lane-0 has been in ") != t.npos; });
  EXPECT_NE(text.find("lane-0 has been in "), std::string::npos) << text;
  let_go();
  EXPECT_EQ(told_to_turn(), "");
}

} // namespace
} // namespace conductor::test

#include "adapters/lane/hosted.hpp"

#include <boost/asio/steady_timer.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <future>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace conductor::test {
namespace {

using namespace std::chrono_literals;

/// Two lanes over a live actor system, taken down in the order that the design asks for.
class lanes : public ::testing::Test {
protected:
  lanes() {
    first->start();
    second->start();
  }
  ~lanes() override {
    system->await_all_actors_done();
    first->release();
    second->release();
    first->join();
    second->join();
    system.reset();
  }
  template <class T>
  static T get(std::future<T> f) {
    if (f.wait_for(5s) != std::future_status::ready) {
      ADD_FAILURE() << "no answer within 5 s";
      return T{};
    }
    return f.get();
  }

  caf::actor_system_config cfg;
  std::unique_ptr<caf::actor_system> system = std::make_unique<caf::actor_system>(cfg);
  std::unique_ptr<lane> first = std::make_unique<lane>(*system, "lane-a");
  std::unique_ptr<lane> second = std::make_unique<lane>(*system, "lane-b");
};

std::ptrdiff_t open_descriptors() {
  const std::filesystem::directory_iterator all{"/proc/self/fd"};
  return std::distance(begin(all), end(all));
}

// Where none are left, a connection that was accepted must not end the node.
TEST_F(lanes, take_all_their_own_descriptors_at_their_start) {
  const auto before = open_descriptors();
  std::promise<void> waited;
  boost::asio::steady_timer timer{second->io(), 1ms};
  timer.async_wait([&](boost::system::error_code) { waited.set_value(); });
  ASSERT_EQ(waited.get_future().wait_for(5s), std::future_status::ready);
  EXPECT_EQ(open_descriptors(), before);
}

using thread_promise = std::shared_ptr<std::promise<std::thread::id>>;

caf::behavior telling(caf::event_based_actor* self, thread_promise where) {
  return {[self, where](int) {
    where->set_value(std::this_thread::get_id());
    self->quit();
  }};
}

std::thread::id thread_of(lane& l) {
  std::promise<std::thread::id> p;
  boost::asio::post(l.io(), [&] { p.set_value(std::this_thread::get_id()); });
  return p.get_future().get();
}

TEST_F(lanes, run_their_actors_wherever_the_message_comes_from) {
  auto where = std::make_shared<std::promise<std::thread::id>>();
  auto a = spawn_on(*first, telling, where);
  caf::anon_send(a, 1);
  EXPECT_EQ(get(where->get_future()), thread_of(*first));
}

TEST_F(lanes, leave_plain_actors_to_the_workers) {
  auto where = std::make_shared<std::promise<std::thread::id>>();
  auto a = spawn_worker(*system, telling, where);
  boost::asio::post(first->io(), [this, a] {
    lane::turn scope{*first, "test"};
    caf::anon_send(a, 1);
  });
  const auto id = get(where->get_future());
  EXPECT_NE(id, thread_of(*first));
  EXPECT_NE(id, thread_of(*second));
}

caf::behavior pong(caf::event_based_actor* self) {
  return {[self](int n) {
    if (n == 0)
      self->quit();
    return n + 1;
  }};
}

caf::behavior ping(caf::event_based_actor* self, caf::actor other, int rounds,
                   std::shared_ptr<std::promise<int>> done) {
  self->send(other, 1);
  return {[=](int) mutable {
    if (--rounds > 0) {
      self->send(other, 1);
      return;
    }
    self->send(other, 0);
    self->quit();
    done->set_value(0);
  }};
}

TEST_F(lanes, talk_to_each_other_and_to_themselves) {
  for (auto* there : {first.get(), second.get()}) {
    auto done = std::make_shared<std::promise<int>>();
    auto other = spawn_on(*there, pong);
    spawn_on(*first, ping, other, 10'000, done);
    EXPECT_EQ(get(done->get_future()), 0);
  }
}

TEST_F(lanes, let_sockets_breathe_while_actors_chat_without_end) {
  auto other = spawn_on(*first, pong);
  auto done = std::make_shared<std::promise<int>>();
  auto chatter = spawn_on(*first, ping, other, 1'000'000'000, done);
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(thread_of(*first), thread_of(*first));
  caf::anon_send_exit(chatter, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(other, caf::exit_reason::user_shutdown);
}

TEST_F(lanes, destroy_what_is_theirs_on_their_own_thread) {
  struct witness {
    std::promise<std::thread::id>* died;
    ~witness() { died->set_value(std::this_thread::get_id()); }
  };
  std::promise<std::thread::id> died;
  on_lane<witness> w{new witness{&died}, destroy_on_lane{first.get()}};
  w.reset();
  EXPECT_EQ(get(died.get_future()), thread_of(*first));
}

/// The negative control of the rule that no handler blocks: a planted block of 80 ms.
caf::behavior blocking(caf::event_based_actor* self,
                       std::shared_ptr<std::promise<int>> done) {
  return {[=](int) {
    const auto until = std::chrono::steady_clock::now() + 80ms;
    while (std::chrono::steady_clock::now() < until) {
    }
    self->quit();
    done->set_value(0);
  }};
}

std::uint64_t stalls_of(const std::string& thread) {
  std::uint64_t n = 0;
  pulses::all().each([&](const pulse& p) {
    if (p.thread == thread)
      n += p.stalls;
  });
  return n;
}

TEST_F(lanes, have_a_planted_stall_counted_once) {
  const auto before = stalls_of("lane-a");
  auto done = std::make_shared<std::promise<int>>();
  auto a = spawn_on(*first, blocking, done);
  caf::anon_send(a, 1);
  get(done->get_future());
  thread_of(*first); // the turn is over when the next one ran
  EXPECT_EQ(stalls_of("lane-a"), before + 1);
}

TEST_F(lanes, count_a_stall_of_a_worker_too) {
  const auto all = [] {
    std::uint64_t n = 0;
    pulses::all().each([&](const pulse& p) { n += p.stalls; });
    return n;
  };
  const auto before = all();
  auto done = std::make_shared<std::promise<int>>();
  caf::anon_send(spawn_worker(*system, blocking, done), 1);
  get(done->get_future());
  const auto deadline = std::chrono::steady_clock::now() + 5s;
  while (all() == before && std::chrono::steady_clock::now() < deadline)
    std::this_thread::yield();
  EXPECT_EQ(all(), before + 1);
}

} // namespace
} // namespace conductor::test

#include "adapters/lane/channel.hpp"

#include "adapters/lane/hosted.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <functional>
#include <future>
#include <memory>
#include <string>

namespace conductor::test {
namespace {

using namespace std::chrono_literals;

/// What a channel told, each thing as a word.
struct witness final : channel::owner {
  void received(std::string_view text) override { say("received " + std::string{text}); }
  void read_failed(const boost::system::error_code& why) override {
    say(why == boost::asio::error::eof ? "end" : "read failed");
  }
  void took(std::uint64_t body_bytes) override { taken += body_bytes; }
  void full() override { ++times_full; }
  void emptied() override { say("emptied"); }
  void write_failed(const boost::system::error_code&) override { say("write failed"); }

  void say(const std::string& word) {
    if (word == awaited)
      seen.set_value();
  }
  std::string awaited;
  std::promise<void> seen;
  std::uint64_t taken = 0;
  int times_full = 0;
};

/// A channel on a live lane, and the other end of its socket in the test's hand.
class a_channel : public ::testing::Test {
protected:
  void connect(int type) {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, type, 0, ends), 0);
    peer = ends[0];
    const timeval patience{5, 0};
    ::setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    actor = caf::actor_cast<caf::strong_actor_ptr>(spawn_on(
        home, [](caf::event_based_actor*) { return caf::behavior{[](int) {}}; }));
    home.start();
    on_lane_do([&] {
      tested = std::make_unique<channel>(home, actor.get(), told);
      boost::system::error_code ec;
      tested->socket().plain().assign({AF_UNIX, 0}, ends[1], ec);
      tested->socket().connected(false);
    });
  }
  ~a_channel() override {
    on_lane_do([&] {
      tested->close();
      tested.reset();
    });
    caf::anon_send_exit(caf::actor_cast<caf::actor>(actor),
                        caf::exit_reason::user_shutdown);
    actor = nullptr;
    system->await_all_actors_done();
    home.release();
    home.join();
    system.reset();
    if (peer >= 0)
      ::close(peer);
  }
  /// Runs `f` in one turn of the lane, and waits for the turn's end.
  void on_lane_do(const std::function<void()>& f) {
    std::promise<void> done;
    boost::asio::post(home.io(), [&] {
      {
        lane::turn scope{home, "test"};
        f();
      }
      done.set_value();
    });
    done.get_future().get();
  }
  /// The next thing that the socket carried.
  std::string take(std::size_t most = 1 << 20) {
    std::string text(most, '\0');
    const auto n = ::recv(peer, text.data(), text.size(), 0);
    text.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
    return text;
  }
  testing::AssertionResult sees() {
    return told.seen.get_future().wait_for(5s) == std::future_status::ready
               ? testing::AssertionSuccess()
               : testing::AssertionFailure() << "never told: " << told.awaited;
  }

  caf::actor_system_config cfg;
  std::unique_ptr<caf::actor_system> system = std::make_unique<caf::actor_system>(cfg);
  lane home{*system, "lane-c"};
  caf::strong_actor_ptr actor;
  witness told;
  std::unique_ptr<channel> tested;
  int peer = -1;
};

TEST_F(a_channel, writes_what_one_turn_queued_at_once) {
  connect(SOCK_SEQPACKET); // keeps the borders of writes
  on_lane_do([&] {
    tested->text("head ");
    tested->body(bytes::copy_of("body"), true);
    tested->text("0\r\n\r\n");
  });
  EXPECT_EQ(take(), "head 4\r\nbody\r\n0\r\n\r\n");
  EXPECT_EQ(told.taken, 4u);
}

TEST_F(a_channel, waits_for_room_and_loses_nothing) {
  connect(SOCK_STREAM);
  std::string all;
  for (int i = 0; all.size() < (4u << 20); ++i)
    all += std::to_string(i) + " ";
  told.awaited = "emptied";
  on_lane_do([&] { tested->body(bytes::copy_of(all), false); });
  on_lane_do([&] { EXPECT_EQ(told.times_full, 1); });
  std::string got;
  while (got.size() < all.size()) {
    const auto part = take();
    ASSERT_FALSE(part.empty());
    got += part;
  }
  EXPECT_TRUE(sees());
  EXPECT_TRUE(got == all);
  on_lane_do([&] { EXPECT_EQ(told.taken, all.size()); });
}

TEST_F(a_channel, reads_once_for_each_time_it_is_asked) {
  connect(SOCK_STREAM);
  told.awaited = "received one";
  on_lane_do([&] { tested->read(); });
  ASSERT_EQ(::send(peer, "one", 3, 0), 3);
  EXPECT_TRUE(sees());
  on_lane_do([&] {
    EXPECT_FALSE(tested->reading());
    told.awaited = "received two";
    told.seen = {};
  });
  ASSERT_EQ(::send(peer, "two", 3, 0), 3); // before it is asked for
  on_lane_do([&] { tested->read(); });
  EXPECT_TRUE(sees());
}

TEST_F(a_channel, tells_the_end_of_its_peer) {
  connect(SOCK_STREAM);
  told.awaited = "end";
  on_lane_do([&] { tested->read(); });
  ::close(std::exchange(peer, -1));
  EXPECT_TRUE(sees());
}

TEST_F(a_channel, tells_that_it_cannot_write) {
  connect(SOCK_STREAM);
  ::close(std::exchange(peer, -1));
  told.awaited = "write failed";
  std::signal(SIGPIPE, SIG_IGN);
  on_lane_do([&] { tested->text("too late"); });
  EXPECT_TRUE(sees());
}

TEST_F(a_channel, is_silent_once_it_is_closed) {
  connect(SOCK_STREAM);
  on_lane_do([&] {
    tested->read();
    tested->text("never");
    tested->close();
  });
  EXPECT_EQ(take(), "");
  on_lane_do([&] { EXPECT_EQ(told.taken, 0u); });
}

} // namespace
} // namespace conductor::test

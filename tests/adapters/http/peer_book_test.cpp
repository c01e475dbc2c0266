#include "adapters/http/peer_book.hpp"

#include <boost/asio/post.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <gtest/gtest.h>

#include <future>

namespace conductor::test {
namespace {

class a_peer_book : public ::testing::Test {
protected:
  a_peer_book() { home.start(); }
  ~a_peer_book() override {
    home.release();
    home.join();
  }
  /// What `ask` says, asked on the lane, behind what was posted before.
  template <class Ask>
  bool on_lane(Ask ask) {
    std::promise<bool> said;
    boost::asio::post(home.io(), [&] { said.set_value(ask()); });
    return said.get_future().get();
  }
  bool has_room(const std::string& address) {
    return on_lane([&] { return book->has_room(address); });
  }
  peer_book::seat take(const std::string& address) {
    peer_book::seat seat;
    on_lane([&] {
      seat = book->take_seat(address);
      return true;
    });
    return seat;
  }

  caf::actor_system_config cfg;
  caf::actor_system system{cfg};
  lane home{system, "lane-a"};
  std::shared_ptr<peer_book> book = std::make_shared<peer_book>(
      home, 2, std::vector<network>{parse_network("10.0.0.0/8")});
};

TEST_F(a_peer_book, lets_each_address_have_so_many_and_no_more) {
  auto one = take("192.0.2.1");
  EXPECT_TRUE(has_room("192.0.2.1"));
  auto two = take("192.0.2.1");
  EXPECT_FALSE(has_room("192.0.2.1"));
  EXPECT_TRUE(has_room("192.0.2.2"));
  one = {}; // on another thread than the lane's
  EXPECT_TRUE(has_room("192.0.2.1"));
  auto three = take("192.0.2.1");
  EXPECT_FALSE(has_room("192.0.2.1"));
}

TEST_F(a_peer_book, takes_all_addresses_of_one_customer_for_one) {
  auto one = take("2001:db8:1:2::1"), two = take("2001:db8:1:2:ffff::9");
  EXPECT_FALSE(has_room("2001:db8:1:2:3:4:5:6"));
  EXPECT_TRUE(has_room("2001:db8:1:3::1"));
  EXPECT_EQ(one.held, two.held);
  one = {};
  EXPECT_TRUE(has_room("2001:db8:1:2::1"));
}

TEST_F(a_peer_book, does_not_count_whom_it_is_told_to_exempt) {
  std::vector<peer_book::seat> all;
  for (int i = 0; i < 10; ++i)
    all.push_back(take("10.1.2.3"));
  EXPECT_TRUE(has_room("10.1.2.3"));
  EXPECT_EQ(all.front().held, nullptr);
}

TEST_F(a_peer_book, without_a_limit_has_room_for_all) {
  book = std::make_shared<peer_book>(home, 0, std::vector<network>{});
  auto one = take("192.0.2.1");
  EXPECT_TRUE(has_room("192.0.2.1"));
}

TEST_F(a_peer_book, has_one_sum_for_each_address_for_as_long_as_it_holds_something) {
  auto one = take("192.0.2.1");
  auto two = take("192.0.2.1");
  EXPECT_EQ(one.held, two.held);
  EXPECT_NE(one.held, take("192.0.2.2").held);
  share body{one.held};
  body.set(300);
  one = two = {}; // both hang up; the body is there still
  auto again = take("192.0.2.1");
  EXPECT_EQ(value_of(again.held), 300u);
  body = share{};
  EXPECT_EQ(value_of(again.held), 0u);
  again = {};
  EXPECT_EQ(value_of(take("192.0.2.1").held), 0u);
}

} // namespace
} // namespace conductor::test

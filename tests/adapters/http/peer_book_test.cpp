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
  std::shared_ptr<void> take(const std::string& address) {
    std::shared_ptr<void> seat;
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
  one.reset(); // on another thread than the lane's
  EXPECT_TRUE(has_room("192.0.2.1"));
  auto three = take("192.0.2.1");
  EXPECT_FALSE(has_room("192.0.2.1"));
}

TEST_F(a_peer_book, does_not_count_whom_it_is_told_to_exempt) {
  std::vector<std::shared_ptr<void>> all;
  for (int i = 0; i < 10; ++i)
    all.push_back(take("10.1.2.3"));
  EXPECT_TRUE(has_room("10.1.2.3"));
}

TEST_F(a_peer_book, without_a_limit_counts_nobody) {
  book = std::make_shared<peer_book>(home, 0, std::vector<network>{});
  auto one = take("192.0.2.1");
  EXPECT_TRUE(has_room("192.0.2.1"));
}

} // namespace
} // namespace conductor::test

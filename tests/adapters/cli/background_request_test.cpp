#include "adapters/cli/background_request.hpp"
#include "tests/adapters/cli/peer.hpp"

#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace conductor::cli {
namespace {

class a_background_request : public testing::Test {
protected:
  void begin(std::size_t n) {
    stream_reader reader;
    reader.on_line = [this, n](std::string_view line) { heard_[n] += line; };
    asked_[n].emplace(clients_[n], request{"GET", "/"}, reader,
                      [this, n](std::exception_ptr why) {
                        EXPECT_FALSE(why);
                        over_[n] = true;
                      });
  }
  /// One step of the loop, before which whatever can happen has happened.
  void step() {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    loop_->run_one();
  }
  void run_dry() {
    loop_->run();
    loop_->restart();
  }

  std::shared_ptr<boost::asio::io_context> loop_ =
      std::make_shared<boost::asio::io_context>(1);
  std::array<peer, 2> servers_{peer{{stream_of({"{}\n"})}}, peer{{stream_of({"{}\n"})}}};
  std::array<client, 2> clients_{client{{servers_[0].at()}, "the first", "", loop_},
                                 client{{servers_[1].at()}, "the second", "", loop_}};
  std::array<std::optional<background_request>, 2> asked_;
  std::array<std::string, 2> heard_;
  std::array<bool, 2> over_{};
};

TEST_F(a_background_request, hears_its_lines_and_its_end) {
  begin(0);
  run_dry();
  EXPECT_TRUE(over_[0]);
  EXPECT_EQ(heard_[0], "{}");
}

TEST_F(a_background_request, is_given_up_before_its_answer) {
  begin(0);
  asked_[0].reset();
  run_dry();
  EXPECT_FALSE(over_[0]);
  EXPECT_EQ(heard_[0], "");
  EXPECT_TRUE(servers_[0].requests().empty());
}

TEST_F(a_background_request, is_given_up_while_its_end_waits_in_the_loop) {
  begin(0);
  begin(1);
  while (!over_[0] && !over_[1])
    step();
  const auto other = over_[0] ? 1 : 0;
  asked_[other].reset(); // whose last step is due already
  run_dry();
  EXPECT_FALSE(over_[other]);
}

} // namespace
} // namespace conductor::cli

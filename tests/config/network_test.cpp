#include "config/network.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace conductor {
namespace {

TEST(network, holds_the_addresses_that_begin_with_its_bits) {
  const auto ten = parse_network("10.0.0.0/8");
  EXPECT_TRUE(contains(ten, "10.255.0.1"));
  EXPECT_TRUE(contains(ten, "::ffff:10.1.2.3"));
  EXPECT_FALSE(contains(ten, "11.0.0.1"));
  EXPECT_FALSE(contains(ten, "fd00::1"));
  const auto odd = parse_network("192.168.4.0/22");
  EXPECT_TRUE(contains(odd, "192.168.7.255"));
  EXPECT_FALSE(contains(odd, "192.168.8.0"));
  const auto local = parse_network("fd00::/8");
  EXPECT_TRUE(contains(local, "fdff::1"));
  EXPECT_FALSE(contains(local, "fe80::1"));
  EXPECT_TRUE(contains(parse_network("0.0.0.0/0"), "203.0.113.9"));
  EXPECT_FALSE(contains(parse_network("0.0.0.0/0"), "2001:db8::1"));
}

TEST(network, of_one_address_holds_that_one) {
  EXPECT_TRUE(contains(parse_network("127.0.0.1"), "127.0.0.1"));
  EXPECT_FALSE(contains(parse_network("127.0.0.1"), "127.0.0.2"));
  EXPECT_TRUE(contains(parse_network("::1"), "::1"));
}

TEST(network, holds_nothing_that_is_no_address) {
  for (const auto* text : {"", "localhost", "unix:uid=0", "10.0.0.1:80", "[::1]"})
    EXPECT_FALSE(contains(parse_network("0.0.0.0/0"), text)) << text;
}

TEST(network, is_spelled_without_the_bits_that_do_not_count) {
  EXPECT_EQ(to_string(parse_network("10.1.2.3/8")), "10.0.0.0/8");
  EXPECT_EQ(to_string(parse_network("10.1.2.3/32")), "10.1.2.3");
  EXPECT_EQ(to_string(parse_network("FD00:0::1/9")), "fd00::/9");
  EXPECT_EQ(to_string(parse_network("0.0.0.0/0")), "0.0.0.0/0");
  EXPECT_EQ(to_string(parse_network("::/0")), "::/0");
}

TEST(network, that_is_none_is_refused_with_what_is_allowed) {
  for (const auto* bad : {"", "10.0.0.0/33", "10.0.0/8", "::1/129", "10.0.0.0/",
                          "10.0.0.0/-1", "10.0.0.0/8x", "box", "/8"})
    try {
      parse_network(bad);
      ADD_FAILURE() << bad;
    } catch (const std::invalid_argument& why) {
      EXPECT_NE(std::string{why.what()}.find("as 10.0.0.0/8"), std::string::npos) << bad;
    }
}

TEST(network, of_one_customer_is_an_address_or_a_range) {
  EXPECT_EQ(neighbourhood("192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(neighbourhood("::ffff:192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(neighbourhood("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
  EXPECT_EQ(neighbourhood("fe80::1%eth0"), "fe80::/64");
  EXPECT_EQ(neighbourhood("::1"), "::/64");
  EXPECT_EQ(neighbourhood("unknown"), "unknown");
}

} // namespace
} // namespace conductor

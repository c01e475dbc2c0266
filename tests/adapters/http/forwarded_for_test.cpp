#include "adapters/http/forwarded_for.hpp"

#include <gtest/gtest.h>

namespace conductor::test {
namespace {

const std::vector<network> proxies{parse_network("10.0.0.0/8"), parse_network("::1")};

asker asks(const std::string& peer, std::vector<std::string> forwarded,
           const std::vector<network>& trusted = proxies) {
  request_head head;
  for (auto& value : forwarded)
    head.fields.push_back({"x-forwarded-for", std::move(value)});
  return find_asker(head, peer, trusted);
}

void is(const asker& found, const std::string& peer, bool proxied) {
  EXPECT_EQ(found.peer, peer);
  EXPECT_EQ(found.proxied, proxied);
}

TEST(an_asker, is_the_peer_where_nothing_is_passed_on) {
  is(asks("10.0.0.1:5", {}), "10.0.0.1:5", false);
  is(asks("127.0.0.1:5", {}), "127.0.0.1:5", false);
  is(asks("unix:uid=7", {}), "unix:uid=7", false);
}

TEST(an_asker, whom_a_stranger_names_is_nobody_known) {
  is(asks("127.0.0.1:5", {"192.0.2.9"}), "127.0.0.1:5", true);
  is(asks("127.0.0.1:5", {"192.0.2.9"}, {}), "127.0.0.1:5", true);
  is(asks("unix:uid=7", {"192.0.2.9"}), "unix:uid=7", true);
}

TEST(an_asker, is_whom_a_trusted_proxy_names) {
  is(asks("10.0.0.1:5", {"192.0.2.9"}), "192.0.2.9:0", false);
  is(asks("::1:5", {" 2001:DB8::1 "}), "2001:db8::1:0", false);
  is(asks("10.0.0.1:5", {"192.0.2.9:4711"}), "192.0.2.9:0", false);
  is(asks("10.0.0.1:5", {"[2001:db8::1]:4711"}), "2001:db8::1:0", false);
}

TEST(an_asker, is_the_last_who_is_no_proxy_whatever_stands_before) {
  is(asks("10.0.0.1:5", {"127.0.0.1, 192.0.2.9"}), "192.0.2.9:0", false);
  is(asks("10.0.0.1:5", {"127.0.0.1", "192.0.2.9, 10.9.9.9"}), "192.0.2.9:0", false);
  is(asks("10.0.0.1:5", {"junk, 192.0.2.9"}), "192.0.2.9:0", false);
  is(asks("10.0.0.1:5", {"10.1.1.1, 10.2.2.2"}), "10.1.1.1:0", false);
}

TEST(an_asker, whom_nobody_can_read_is_nobody_known) {
  for (const auto* bad : {"", "junk", "192.0.2.9,", "unknown", "[", "[]", "192.0.2", ",",
                          "192.0.2.9, _hidden"})
    is(asks("10.0.0.1:5", {bad}), "10.0.0.1:5", true);
}

TEST(an_asker, behind_a_proxy_that_says_only_that_it_is_one_is_nobody_known) {
  request_head head;
  head.fields.push_back({"Via", "1.1 proxy"});
  is(find_asker(head, "10.0.0.1:5", proxies), "10.0.0.1:5", true);
}

} // namespace
} // namespace conductor::test

#include "adapters/cli/node.hpp"

#include <gtest/gtest.h>

#include <map>
#include <stdexcept>

namespace conductor::cli {
namespace {

endpoint tcp(const std::string& host, std::uint16_t port, const std::string& path = "") {
  return {endpoint::kind::tcp, host, port, path};
}
endpoint unix_socket(const std::string& path) {
  return {endpoint::kind::unix_socket, {}, 0, path};
}

std::vector<endpoint> candidates(const std::string& flag,
                                 std::map<std::string, std::string> variables,
                                 const std::string& existing = "") {
  return node_candidates(
      flag, [&](const char* name) { return variables[name]; },
      [&](const std::string& path) { return path == existing; });
}

TEST(node_address, is_read_in_every_form_and_defaults_to_conductors_port) {
  EXPECT_EQ(parse_node("127.0.0.1"), tcp("127.0.0.1", 11435));
  EXPECT_EQ(parse_node(" \"box:1234\" "), tcp("box", 1234));
  EXPECT_EQ(parse_node(":1234"), tcp("127.0.0.1", 1234));
  EXPECT_EQ(parse_node("[::1]"), tcp("::1", 11435));
  EXPECT_EQ(parse_node("[::1]:99"), tcp("::1", 99));
  EXPECT_EQ(parse_node("::1"), tcp("::1", 11435));
  EXPECT_EQ(parse_node("http://box"), tcp("box", 80));
  EXPECT_EQ(parse_node("http://box:1/t/key"), tcp("box", 1, "/t/key"));
  EXPECT_EQ(parse_node("box/t"), tcp("box", 11435, "/t"));
  EXPECT_EQ(parse_node("unix:/run/c.sock"), unix_socket("/run/c.sock"));
  EXPECT_EQ(parse_node("unix:///run/c.sock"), unix_socket("/run/c.sock"));
  EXPECT_EQ(parse_node("/run/c.sock"), unix_socket("/run/c.sock"));
  EXPECT_EQ(to_url(parse_node("https://box")), "https://box:443");
  EXPECT_THROW(parse_node("ftp://box"), std::invalid_argument);
}

TEST(node_address, comes_from_the_flag_then_the_variable_and_nothing_else_then) {
  std::map<std::string, std::string> both{{"CONDUCTOR_HOST", "a:1"},
                                          {"XDG_RUNTIME_DIR", "/run/user/1"}};
  EXPECT_EQ(candidates("b:2", both), std::vector{tcp("b", 2)});
  EXPECT_EQ(candidates("", both, "/run/user/1/conductor.sock"), std::vector{tcp("a", 1)});
}

TEST(node_address, is_the_users_socket_where_there_is_one_and_then_loopback) {
  std::map<std::string, std::string> dir{{"XDG_RUNTIME_DIR", "/run/user/1"}};
  auto loopback = tcp("127.0.0.1", 11435);
  EXPECT_EQ(candidates("", dir, "/run/user/1/conductor.sock"),
            (std::vector{unix_socket("/run/user/1/conductor.sock"), loopback}));
  EXPECT_EQ(candidates("", dir), std::vector{loopback});
  EXPECT_EQ(candidates("", {}), std::vector{loopback});
}

} // namespace
} // namespace conductor::cli

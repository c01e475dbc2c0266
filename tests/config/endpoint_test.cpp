#include "config/endpoint.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace conductor {
namespace {

TEST(listening_address, is_read_in_every_form) {
  const std::vector<std::pair<std::string, std::string>> forms{
      {"127.0.0.1:11435", "127.0.0.1:11435"},
      {" localhost:80 ", "localhost:80"},
      {":11435", "0.0.0.0:11435"},
      {"[::1]:11435", "[::1]:11435"},
      {"[::]:0", "[::]:0"},
      {"127.0.0.1:0", "127.0.0.1:0"},
      {"unix:/run/c.sock", "unix:/run/c.sock"},
      {"unix:///run/c.sock", "unix:/run/c.sock"},
  };
  for (const auto& [text, shown] : forms) {
    EXPECT_EQ(to_string(parse_listen(text)), shown) << text;
    EXPECT_EQ(parse_listen(shown), parse_listen(text)) << "round trip of " << shown;
  }
}

TEST(listening_address, that_is_none_is_refused_with_the_reason_and_what_is_allowed) {
  const std::vector<std::pair<std::string, std::string>> refused{
      {"", "no port"},
      {"127.0.0.1", "no port"},
      {"11435", "no port"},
      {"::1", "no port"},
      {"127.0.0.1:", "the port is no number from 0 to 65535"},
      {"127.0.0.1:65536", "the port is no number from 0 to 65535"},
      {"127.0.0.1:x", "the port is no number from 0 to 65535"},
      {"http://127.0.0.1:1", "an address to listen on has no '/'"},
      {"/run/c.sock", "an address to listen on has no '/'"},
      {"bo x:80", "\"bo x\" is no host"},
      {"me@box:80", "\"me@box\" is no host"},
      {"unix:c.sock", "the socket's path must be absolute"},
      {"unix:/run/", "the socket's path must be absolute"},
      {"unix:", "the socket's path must be absolute"},
      {"unix:/" + std::string(107, 'x'), "a socket's path has 1 to 107 bytes"},
  };
  for (const auto& [text, why] : refused)
    try {
      parse_listen(text);
      ADD_FAILURE() << "accepted: " << text;
    } catch (const std::invalid_argument& e) {
      EXPECT_NE(std::string(e.what()).find(why), std::string::npos) << e.what();
      EXPECT_NE(std::string(e.what()).find("; allowed: host:port, :port"),
                std::string::npos)
          << e.what();
    }
}

TEST(listening_address, is_local_only_where_no_other_machine_reaches_it) {
  for (const auto* local : {"127.0.0.1:1", "127.8.9.10:1", "[::1]:1", "localhost:1",
                            "LOCALHOST:1", "unix:/run/c.sock", "[::ffff:127.0.0.1]:1"})
    EXPECT_TRUE(is_local(parse_listen(local))) << local;
  for (const auto* open :
       {":1", "0.0.0.0:1", "[::]:1", "192.168.1.5:1", "box:1", "127.evil.example:1",
        "localhost.evil.example:1", "[fe80::1]:1"})
    EXPECT_FALSE(is_local(parse_listen(open))) << open;
}

TEST(url, of_a_backend_reads_back_as_the_same_backend) {
  for (const auto* text : {"box", "[::1]:99", "http://box:1/t/key", ":5", "https://box",
                           "https://[fd00::1]:8443/ollama"}) {
    const auto e = parse_backend(text);
    EXPECT_EQ(parse_backend(to_url(e)), e) << text;
  }
}

TEST(listener, speaks_tls_where_https_stands_before_its_address) {
  const auto e = parse_listen(" https://0.0.0.0:8443 ");
  EXPECT_TRUE(e.tls);
  EXPECT_EQ(to_string(e), "0.0.0.0:8443");
  EXPECT_EQ(to_listen(e), "https://0.0.0.0:8443");
  EXPECT_EQ(parse_listen(to_listen(e)), e);
  EXPECT_FALSE(parse_listen("0.0.0.0:8443").tls);
  EXPECT_EQ(to_listen(parse_listen(":1")), "0.0.0.0:1");
  for (const auto* bad : {"https://unix:/tmp/x", "https://box", "https://box:1/path",
                          "http://box:1", "https:box:1"})
    EXPECT_THROW(parse_listen(bad), std::invalid_argument) << bad;
}

TEST(collector, is_named_by_an_http_url) {
  EXPECT_EQ(to_url(parse_collector("http://box:4318")), "http://box:4318");
  EXPECT_EQ(to_url(parse_collector(" http://[::1]:4318/otlp/ ")),
            "http://[::1]:4318/otlp");
  EXPECT_EQ(to_url(parse_collector("https://box:4318")), "https://box:4318");
  for (const auto* bad :
       {"", "box:4318", "http://box:0", "grpc://box", "http://user:secret@box:4318"})
    EXPECT_THROW(parse_collector(bad), std::invalid_argument) << bad;
}

} // namespace
} // namespace conductor

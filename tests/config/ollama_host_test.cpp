#include "config/endpoint.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace conductor {
namespace {

struct form {
  std::string value;
  std::string url;
};

// Ollama's own table, envconfig/config_test.go: TestHost and TestConnectableHost, as a
// client connects.
const std::vector<form> forms{
    {"", "http://127.0.0.1:11434"},
    {"1.2.3.4", "http://1.2.3.4:11434"},
    {":1234", "http://127.0.0.1:1234"},
    {"1.2.3.4:1234", "http://1.2.3.4:1234"},
    {"example.com", "http://example.com:11434"},
    {"example.com:1234", "http://example.com:1234"},
    {"[::1]", "http://[::1]:11434"},
    {"[::]", "http://[::1]:11434"},
    {"[::]:1234", "http://[::1]:1234"},
    {"::", "http://[::1]:11434"},
    {"::1", "http://[::1]:11434"},
    {"[::1]:1337", "http://[::1]:1337"},
    {" 1.2.3.4 ", "http://1.2.3.4:11434"},
    {"\"1.2.3.4\"", "http://1.2.3.4:11434"},
    {" \" 1.2.3.4 \" ", "http://1.2.3.4:11434"},
    {"'1.2.3.4'", "http://1.2.3.4:11434"},
    {"https://1.2.3.4", "https://1.2.3.4:443"},
    {"https://1.2.3.4:4321", "https://1.2.3.4:4321"},
    {"HTTPS://example.com/ollama", "https://example.com:443/ollama"},
    {"ollama.com", "https://ollama.com:443"},
    {"http://1.2.3.4", "http://1.2.3.4:80"},
    {"http://1.2.3.4:4321", "http://1.2.3.4:4321"},
    {"http://example.com/ollama", "http://example.com:80/ollama"},
    {"127.0.0.1", "http://127.0.0.1:11434"},
    {"0.0.0.0", "http://127.0.0.1:11434"},
    {"0.0.0.0:1234", "http://127.0.0.1:1234"},
    {"192.168.1.5:8080", "http://192.168.1.5:8080"},
    // Beyond its table, by its code.
    {"0:0:0:0:0:0:0:1", "http://[::1]:11434"},
    {"[0:0:0:0:0:0:0:0]:99", "http://[::1]:99"},
    {"::ffff:0.0.0.0", "http://127.0.0.1:11434"},
    {"::ffff:10.0.0.5", "http://10.0.0.5:11434"},
    {"2001:db8::1:1234", "http://[2001:db8::1:1234]:11434"},
    {"[::1", "http://[::1]:11434"},
    {"fe80::1%eth0", "http://[fe80::1%eth0]:11434"},
    {"[fe80::1%eth0]:1234", "http://[fe80::1%eth0]:1234"},
    {"localhost:65535", "http://localhost:65535"},
    {"gpu_1.lan.", "http://gpu_1.lan.:11434"},
    {"1.2.3.4:+80", "http://1.2.3.4:80"},
    {"box/ollama", "http://box:11434/ollama"},
    {"box:1234/a/b/", "http://box:1234/a/b"},
    {"http://box:1234/", "http://box:1234"},
    {"http://", "http://127.0.0.1:80"},
    {"http:///prefix", "http://127.0.0.1:80/prefix"},
    {"HTTP://box", "http://box:80"},
    {"http://[::1]", "http://[::1]:80"},
    {"http://[2001:db8::5]:8080/t/key", "http://[2001:db8::5]:8080/t/key"},
};

TEST(ollama_host, is_read_in_every_form_that_ollama_reads) {
  for (const auto& f : forms) {
    const auto host = parse_ollama_host(f.value);
    EXPECT_EQ(to_url(host.at), f.url) << f.value;
    EXPECT_EQ(host.warning, "") << f.value;
  }
}

TEST(ollama_host, has_the_same_forms_as_a_backend_flag) {
  for (const auto& f : forms)
    EXPECT_EQ(to_url(parse_backend(f.value)), f.url) << f.value;
}

TEST(ollama_host, with_an_invalid_port_means_the_default_port_and_a_warning) {
  const std::vector<form> invalid{
      {":66000", "http://127.0.0.1:11434"},      {":-1", "http://127.0.0.1:11434"},
      {"1.2.3.4:", "http://1.2.3.4:11434"},      {"box:http", "http://box:11434"},
      {"http://box:99999", "http://box:80"},     {"http://box:x/p/", "http://box:80/p"},
      {"[::1]:70000", "http://[::1]:11434"},     {"box: 80", "http://box:11434"},
      {"box:1234567890123", "http://box:11434"}, {"box:0x50", "http://box:11434"},
  };
  for (const auto& f : invalid) {
    const auto host = parse_ollama_host(f.value);
    EXPECT_EQ(to_url(host.at), f.url) << f.value;
    EXPECT_NE(host.warning.find("invalid port"), std::string::npos) << f.value;
    EXPECT_THROW(parse_backend(f.value), std::invalid_argument) << f.value;
  }
}

TEST(ollama_host, may_say_port_zero_and_a_backend_flag_may_not) {
  EXPECT_EQ(to_url(parse_ollama_host(":0").at), "http://127.0.0.1:0");
  EXPECT_THROW(parse_backend(":0"), std::invalid_argument);
}

struct refusal {
  std::string value;
  std::string why;
};

TEST(ollama_host, that_nothing_can_connect_to_is_refused_with_the_reason) {
  const std::vector<refusal> refused{
      {"ftp://box", "unknown scheme \"ftp\""},
      {"://box", "unknown scheme \"\""},
      {"http://me:secret@box", "credentials in an address are not supported"},
      {"me@box:80", "credentials in an address are not supported"},
      {"a:b:c", "\"a:b:c\" is no host"},
      {"bo x", "\"bo x\" is no host"},
      {"[box]x:80", "only ':port' may follow ']'"},
      {"[box:80", "a '[' without its ']'"},
      {"b\xc3\xbcro", "is no host"},
      {"box..lan", "is no host"},
      {std::string("bo\0x", 4), "is no host"},
      {"box/a b", "a path has no blanks"},
      {"box/a?b=c", "a path has no blanks"},
      {"box/\r\nHost: evil", "a path has no blanks"},
  };
  for (const auto& r : refused)
    for (const auto parse : {+[](const std::string& t) { parse_backend(t); },
                             +[](const std::string& t) { parse_ollama_host(t); }}) {
      try {
        parse(r.value);
        ADD_FAILURE() << "accepted: " << r.value;
      } catch (const std::invalid_argument& e) {
        const std::string what = e.what();
        EXPECT_NE(what.find(r.why), std::string::npos) << what;
        EXPECT_NE(what.find("; allowed: host, host:port"), std::string::npos) << what;
        EXPECT_EQ(what.find("secret"), std::string::npos) << what;
      }
    }
}

} // namespace
} // namespace conductor

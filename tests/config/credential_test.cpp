#include "config/credential.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <string>

namespace conductor {
namespace {

TEST(credential, is_a_file_where_systemd_put_it) {
  EXPECT_EQ(credential_path("credential:tls.key", "/run/credentials/x"),
            "/run/credentials/x/tls.key");
  EXPECT_EQ(credential_path("/etc/key.pem", nullptr), "/etc/key.pem");
  EXPECT_EQ(credential_path("", nullptr), "");
}

TEST(credential, cannot_leave_its_folder) {
  for (const auto* bad :
       {"credential:", "credential:..", "credential:../shadow", "credential:/etc/shadow"})
    EXPECT_THROW(credential_path(bad, "/run"), std::invalid_argument) << bad;
}

TEST(credential, without_systemd_is_refused_with_what_is_missing) {
  for (const auto* none : {static_cast<const char*>(nullptr), ""})
    try {
      credential_path("credential:a", none);
      FAIL();
    } catch (const std::invalid_argument& why) {
      EXPECT_NE(std::string{why.what()}.find("LoadCredential="), std::string::npos);
    }
}

std::string token_of(const std::string& text) {
  // Each test is a process of its own, and some run at once.
  const auto file = testing::TempDir() + "token-" + std::to_string(::getpid());
  std::ofstream{file} << text;
  struct gone_again {
    const std::string& file;
    ~gone_again() { std::remove(file.c_str()); }
  } at_end{file};
  return read_token(file);
}

TEST(token, is_one_word_without_the_blanks_around_it) {
  EXPECT_EQ(token_of("abc\n"), "abc");
  EXPECT_EQ(token_of("  a-b_c.d~\r\n\n"), "a-b_c.d~");
}

TEST(token, that_could_break_a_request_is_refused_and_not_shown) {
  for (const auto* bad : {"", "\n", "secret word", "secret\r\nHost: x", "secret\x7f"})
    try {
      token_of(bad);
      ADD_FAILURE() << bad;
    } catch (const std::runtime_error& why) {
      EXPECT_EQ(std::string{why.what()}.find("secret"), std::string::npos) << why.what();
    }
  EXPECT_THROW(read_token("/no/such/file"), std::runtime_error);
}

} // namespace
} // namespace conductor

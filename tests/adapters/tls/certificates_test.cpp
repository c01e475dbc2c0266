#include "adapters/tls/certificates.hpp"

#include "tests/adapters/tls/authority.hpp"

#include <gtest/gtest.h>

#include <ctime>
#include <fstream>
#include <stdexcept>

namespace conductor::test {
namespace {

std::string complaint(const pem_files& files) {
  try {
    accepting_context(files, tls_version::v1_2);
    return {};
  } catch (const std::runtime_error& why) {
    return why.what();
  }
}

TEST(a_certificate, that_cannot_be_used_is_named) {
  const auto good = make_certificate("box");
  const auto other = make_certificate("other");
  EXPECT_EQ(complaint(good), "");
  EXPECT_NE(complaint({"/no/such", good.key, {}}).find("the certificate /no/such"),
            std::string::npos);
  EXPECT_NE(complaint({good.certificate, "/no/such", {}}).find("private key /no/such"),
            std::string::npos);
  EXPECT_NE(complaint({good.certificate, other.key, {}}).find("key values mismatch"),
            std::string::npos);
  EXPECT_NE(complaint({good.certificate, good.key, "/no/such"}).find("/no/such"),
            std::string::npos);
  std::ofstream{good.certificate} << "-----BEGIN CERTIFICATE-----\njunk\n";
  EXPECT_NE(complaint(good).find(good.certificate), std::string::npos);
}

TEST(a_certificate, tells_when_it_ends) {
  const auto context = accepting_context(make_certificate("box", 3), tls_version::v1_2);
  const auto left = end_of_certificate(context) - std::time(nullptr);
  EXPECT_GT(left, 3 * 86'400 - 60);
  EXPECT_LE(left, 3 * 86'400);
  EXPECT_EQ(end_of_certificate(nullptr), 0);
  EXPECT_EQ(end_of_certificate(connecting_context({}, tls_version::v1_2)), 0);
}

TEST(a_certificate, is_the_same_only_as_itself) {
  const auto files = make_certificate("box");
  const auto one = accepting_context(files, tls_version::v1_2);
  EXPECT_TRUE(same_certificate(one, accepting_context(files, tls_version::v1_3)));
  EXPECT_FALSE(same_certificate(
      one, accepting_context(make_certificate("box"), tls_version::v1_2)));
  EXPECT_FALSE(same_certificate(one, nullptr));
  EXPECT_TRUE(same_certificate(nullptr, nullptr));
}

} // namespace
} // namespace conductor::test

#include "adapters/cli/record.hpp"

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include <string>

namespace conductor::cli {
namespace {

TEST(list_of, outlives_a_document_that_nobody_keeps) {
  std::string all;
  for (const auto& name : list_of(parse_document(R"({"names":["one","two"]})"), "names"))
    all += name.get<std::string>();
  for (const auto& name : list_of(parse_ordered(R"({"names":["three"]})"), "names"))
    all += name.get<std::string>();
  EXPECT_EQ(all, "onetwothree");
}

} // namespace
} // namespace conductor::cli

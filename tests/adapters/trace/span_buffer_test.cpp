#include "adapters/trace/span_buffer.hpp"

#include <gtest/gtest.h>

namespace conductor::test {
namespace {

TEST(span_buffer, gives_the_oldest_up_to_a_number_and_a_size) {
  span_buffer b{100};
  for (const auto* text : {"aa", "bb", "cc", "dd"})
    EXPECT_TRUE(b.add({text, 2}));
  EXPECT_EQ(b.spans(), 8u);
  auto got = b.take(4, 100);
  EXPECT_EQ(got.text, "aa,bb");
  EXPECT_EQ(got.spans, 4u);
  EXPECT_EQ(b.take(100, 3).text, "cc");
  EXPECT_EQ(b.take(1, 1).text, "dd") << "one at least";
  EXPECT_TRUE(b.empty());
  EXPECT_EQ(b.spans() + b.bytes(), 0u);
  EXPECT_EQ(b.take(1, 1).spans, 0u);
}

TEST(span_buffer, takes_no_more_than_it_has_room_for) {
  span_buffer b{10};
  EXPECT_TRUE(b.add({"12345678", 1}));
  EXPECT_FALSE(b.add({"123", 1}));
  EXPECT_TRUE(b.add({"12", 1}));
  b.take(1, 1);
  EXPECT_TRUE(b.add({"123", 1}));
}

} // namespace
} // namespace conductor::test

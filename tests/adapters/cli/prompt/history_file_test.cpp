#include "adapters/cli/prompt/history_file.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

namespace conductor::cli {
namespace {

std::string fresh_path(const char* name) {
  auto path = testing::TempDir() + "conductor-" + name;
  ::remove(path.c_str());
  return path;
}

TEST(history_file, keeps_entries_of_several_lines_in_one_each) {
  for (std::string entry : {"plain", "two\nlines", R"(back\slash)", R"(\n)", "\n\\\n"}) {
    auto line = history_line(entry);
    EXPECT_EQ(line.find('\n'), line.npos);
    EXPECT_EQ(history_entry(line), entry);
  }
}

TEST(history_file, reads_what_several_prompts_added_in_their_order) {
  auto path = fresh_path("history-shared");
  history_file one(path), other(path);
  EXPECT_TRUE(one.read().empty());
  one.add("a");
  other.add("b\nc");
  one.add("d");
  EXPECT_EQ(history_file(path).read(), (std::vector<std::string>{"a", "b\nc", "d"}));
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST(history_file, reads_the_last_entries_and_shortens_a_file_that_has_grown) {
  auto path = fresh_path("history-long");
  history_file file(path);
  for (std::size_t i = 0; i <= 10 * history_file::most; ++i)
    file.add(std::to_string(i));
  auto read = file.read();
  ASSERT_EQ(read.size(), history_file::most);
  EXPECT_EQ(read.back(), std::to_string(10 * history_file::most));
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_LT(info.st_size, 600);
  EXPECT_EQ(file.read(), read);
}

TEST(history_file, works_without_a_file) {
  history_file nowhere(""), refused("/proc/none/history");
  for (auto* file : {&nowhere, &refused}) {
    file->add("a");
    EXPECT_TRUE(file->read().empty());
  }
}

} // namespace
} // namespace conductor::cli

#include "adapters/keys/key_file.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace conductor::test {
namespace {

api_key a_key(const std::string& id) {
  api_key k;
  k.id = id;
  k.name = "name-" + id;
  k.salt = "5a";
  k.digest = "d1";
  return k;
}

class a_file_of_keys : public ::testing::Test {
protected:
  a_file_of_keys() {
    std::string name = std::filesystem::temp_directory_path() / "conductor-XXXXXX";
    folder = ::mkdtemp(name.data());
    file = folder / "data" / "keys.json";
  }
  ~a_file_of_keys() override { std::filesystem::remove_all(folder); }

  std::filesystem::path folder;
  std::string file;
};

TEST(a_document_of_keys, says_all_of_them) {
  auto k = a_key("a");
  k.scopes = set_of(scope::models) | set_of(scope::admin);
  k.models = {"llama3:latest", "qwen*"};
  k.highest = priority_class::normal;
  k.usual = priority_class::batch;
  k.limits = {{1, 2, 3}, {4, 5, 6}, 7};
  k.created = 1790000000000;
  k.expires = 1790000000001;
  k.public_key = "AAAAC3NzaC1lZDI1NTE5AAAAIKulBZHaWDe+q7CjlWk8QR3eBSzT+4Bxajsxbq8fCF4r";
  k.uid = 1000;
  k.trusted = k.revoked = true;
  const auto all = parse_keys(keys_document({a_key("b"), k}));
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].id, "b");
  EXPECT_FALSE(all[0].usual || all[0].uid);
  const auto& r = all[1];
  EXPECT_EQ(r.name, k.name);
  EXPECT_EQ(r.salt, k.salt);
  EXPECT_EQ(r.digest, k.digest);
  EXPECT_EQ(r.scopes, k.scopes);
  EXPECT_EQ(r.models, k.models);
  EXPECT_EQ(r.highest, k.highest);
  EXPECT_EQ(r.usual, k.usual);
  EXPECT_EQ(r.limits, k.limits);
  EXPECT_EQ(r.created, k.created);
  EXPECT_EQ(r.expires, k.expires);
  EXPECT_EQ(r.public_key, k.public_key);
  EXPECT_EQ(r.uid, k.uid);
  EXPECT_TRUE(r.trusted && r.revoked);
}

TEST(a_document_that_is_none_of_this_programs, is_refused) {
  const auto good = keys_document({a_key("a")});
  EXPECT_EQ(parse_keys(good).size(), 1u);
  const auto with = [&](const std::string& from, const std::string& to) {
    auto text = good;
    text.replace(text.find(from), from.size(), to);
    return text;
  };
  for (const auto& text :
       {std::string{}, std::string{"[]"}, good.substr(0, good.size() / 2),
        with("\"version\": 1", "\"version\": 2"), with("\"inference\"", "\"everything\""),
        with("\"revoked\": false", "\"revoked\": 0"), with("\"digest\": \"d1\",", ""),
        with("\"salt\"", "\"pepper\""),
        with("\"class\": \"interactive\"", "\"class\": 1"),
        with("\"parallel\": 0", "\"parallel\": -1"), with("\"keys\"", "\"locks\""),
        keys_document({a_key("a"), a_key("a")})})
    EXPECT_THROW(parse_keys(text), std::runtime_error) << text;
}

// A uid of 2^32 would be root's.
TEST(a_number_in_a_document_of_keys, is_refused_where_it_does_not_fit) {
  auto k = a_key("a");
  k.uid = 4294967295u;
  const auto good = keys_document({k});
  EXPECT_EQ(parse_keys(good).at(0).uid, 4294967295u);
  for (const auto& [from, to] : {std::pair{"4294967295", "4294967296"},
                                 {"\"created\": 0", "\"created\": 9223372036854775808"},
                                 {"\"expires\": 0", "\"expires\": 18446744073709551615"},
                                 {"\"version\": 1", "\"version\": 4294967297"}}) {
    auto text = good;
    text.replace(text.find(from), std::string_view{from}.size(), to);
    EXPECT_THROW(parse_keys(text), std::runtime_error) << to;
  }
}

TEST_F(a_file_of_keys, that_is_not_there_has_none) {
  EXPECT_TRUE(read_keys(file).empty());
  EXPECT_TRUE(read_keys("").empty());
}

TEST_F(a_file_of_keys, is_made_with_its_folder_for_its_owner_alone) {
  const auto all = change_keys(file, [](auto& keys) { keys.push_back(a_key("a")); });
  EXPECT_EQ(all.size(), 1u);
  EXPECT_EQ(read_keys(file).at(0).name, "name-a");
  struct stat info {};
  ASSERT_EQ(::stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(a_file_of_keys, is_its_owners_alone_also_where_a_broken_write_left_another) {
  std::filesystem::create_directories(folder / "data");
  std::ofstream{file + ".new"} << "half";
  ASSERT_EQ(::chmod((file + ".new").c_str(), 0666), 0);
  change_keys(file, [](auto& keys) { keys.push_back(a_key("a")); });
  struct stat info {};
  ASSERT_EQ(::stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_EQ(read_keys(file).size(), 1u);
}

TEST_F(a_file_of_keys, stays_as_it_was_where_a_change_fails) {
  change_keys(file, [](auto& keys) { keys.push_back(a_key("a")); });
  EXPECT_THROW(change_keys(file,
                           [](auto& keys) {
                             keys.clear();
                             throw std::runtime_error("no");
                           }),
               std::runtime_error);
  EXPECT_EQ(read_keys(file).size(), 1u);
}

TEST_F(a_file_of_keys, that_cannot_be_used_is_named_and_never_replaced) {
  std::filesystem::create_directories(folder / "data");
  std::ofstream{file} << "{}";
  try {
    change_keys(file, [](auto& keys) { keys.push_back(a_key("a")); });
    ADD_FAILURE() << "it was taken";
  } catch (const std::runtime_error& e) {
    EXPECT_NE(std::string{e.what()}.find(file), std::string::npos) << e.what();
  }
  EXPECT_EQ(std::filesystem::file_size(file), 2u);
}

} // namespace
} // namespace conductor::test

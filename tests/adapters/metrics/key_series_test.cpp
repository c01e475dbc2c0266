#include "adapters/metrics/key_series.hpp"

#include <gtest/gtest.h>
#include <prometheus/metric_family.h>

namespace conductor::test {
namespace {

/// The keys of a node that tells two of them apart.
class the_series_of_keys : public ::testing::Test {
protected:
  void add(const std::string& name, const std::string& id = "id of ") {
    api_key k;
    k.id = id + name;
    k.name = name;
    k.created = ++made;
    all.push_back(k);
    publish();
  }
  void forget(const std::string& name) {
    std::erase_if(all, [&](const auto& k) { return k.name == name; });
    publish();
  }
  void publish() { table = table_of(all, table.get()); }
  void use(const std::string& name, std::uint64_t times,
           const std::string& id = "id of ") {
    table->find(id + name)->meter->seen.admitted += times;
  }
  /// What a scrape says of it; -1: nothing.
  double scraped(const std::string& name) {
    for (const auto& f : subject.Collect())
      for (const auto& m : f.metric)
        if (f.name == "conductor_key_requests_total" && m.label[0].value == name &&
            m.label[1].value == "admitted")
          return m.counter.value;
    return -1;
  }

  std::vector<api_key> all;
  std::int64_t made = 0;
  key_table_ptr table = table_of({}, nullptr);
  key_series subject{[this] { return table; }, std::make_shared<refusal_counts>(), 2};
};

TEST_F(the_series_of_keys, are_so_many_and_the_rest_is_one) {
  for (const char* name : {"a", "b", "c", "d"}) {
    add(name);
    use(name, 1);
  }
  EXPECT_EQ(scraped("a"), 1);
  EXPECT_EQ(scraped("b"), 1);
  EXPECT_EQ(scraped("c"), -1);
  EXPECT_EQ(scraped("other"), 2);
}

TEST_F(the_series_of_keys, never_go_back_when_keys_are_forgotten) {
  for (const char* name : {"a", "b", "c", "d"}) {
    add(name);
    use(name, 10);
  }
  EXPECT_EQ(scraped("other"), 20);
  forget("a");
  forget("c");
  EXPECT_EQ(scraped("a"), -1);
  EXPECT_EQ(scraped("other"), 20); // nor does d leave it for the room that a made
  use("d", 1);
  EXPECT_EQ(scraped("other"), 21);
  add("e");
  use("e", 5);
  EXPECT_EQ(scraped("e"), 5);
}

TEST_F(the_series_of_keys, go_on_where_a_name_is_given_anew) {
  add("a");
  use("a", 3);
  EXPECT_EQ(scraped("a"), 3);
  all[0].revoked = true;
  add("a", "later id of ");
  use("a", 2, "later id of ");
  EXPECT_EQ(scraped("a"), 5);
}

} // namespace
} // namespace conductor::test

#include "actors/routing.hpp"

#include "actors/affinity.hpp"
#include "messages/model_name.hpp"

#include <gtest/gtest.h>

namespace conductor::test {
namespace {

backend_load server(std::string name, backend_state state) {
  backend_load b;
  b.status.name = std::move(name);
  b.status.state = state;
  b.status.error = state == backend_state::down ? "refused" : "";
  return b;
}

const has_place anywhere = [](const backend_load&) { return true; };
const has_place nowhere = [](const backend_load&) { return false; };

std::string choose(const std::vector<backend_load>& fleet, const acquire& wish,
                   const has_place& free = anywhere) {
  const auto c = choose_backend(fleet, wish, free);
  if (const auto* b = std::get_if<const backend_load*>(&c))
    return (*b)->status.name;
  if (const auto* f = std::get_if<failure>(&c))
    return std::string{"!"} + to_string(f->code);
  return "wait";
}

TEST(routing, takes_the_first_backend_that_is_up) {
  EXPECT_EQ(choose({server("a", backend_state::up), server("b", backend_state::up)}, {}),
            "a");
  EXPECT_EQ(
      choose({server("a", backend_state::down), server("b", backend_state::up)}, {}),
      "b");
  EXPECT_EQ(
      choose({server("a", backend_state::unknown), server("b", backend_state::up)}, {}),
      "b");
}

TEST(routing, tries_the_first_all_the_same_when_every_one_is_down) {
  EXPECT_EQ(
      choose({server("a", backend_state::down), server("b", backend_state::down)}, {}),
      "a");
}

TEST(routing, leaves_out_what_was_tried) {
  acquire wish;
  wish.tried = {"a"};
  const std::vector fleet{server("a", backend_state::up),
                          server("b", backend_state::down)};
  EXPECT_EQ(choose(fleet, wish), "b");
  wish.tried = {"a", "b"};
  EXPECT_EQ(choose(fleet, wish), "!no_backend");
}

TEST(routing, waits_for_a_full_backend_rather_than_ask_a_dead_one) {
  EXPECT_EQ(choose({server("a", backend_state::up)}, {}, nowhere), "wait");
  EXPECT_EQ(choose({server("a", backend_state::up), server("b", backend_state::down)}, {},
                   nowhere),
            "wait");
}

TEST(routing, keeps_to_the_pinned_backend) {
  acquire wish;
  wish.pinned = "b";
  EXPECT_EQ(
      choose({server("a", backend_state::up), server("b", backend_state::up)}, wish),
      "b");
  EXPECT_EQ(
      choose({server("a", backend_state::up), server("b", backend_state::down)}, wish),
      "!backend_down");
  EXPECT_EQ(choose({server("a", backend_state::up)}, wish), "!unknown_backend");
}

TEST(routing, names_the_backends_there_are_when_the_pinned_is_none) {
  acquire wish;
  wish.pinned = "x";
  const auto c = choose_backend({server("a", backend_state::up)}, wish, anywhere);
  EXPECT_EQ(std::get<failure>(c).detail, "unknown backend \"x\"; there is: a");
}

TEST(model_names, are_compared_as_ollama_compares_them) {
  EXPECT_EQ(canonical_model("Llama3"), "llama3:latest");
  EXPECT_EQ(canonical_model("llama3:8B"), "llama3:8b");
  EXPECT_EQ(canonical_model("registry.ollama.ai/library/llama3"), "llama3:latest");
  EXPECT_EQ(canonical_model("library/llama3:latest"), "llama3:latest");
  EXPECT_EQ(canonical_model("me/llama3"), "me/llama3:latest");
  EXPECT_EQ(canonical_model("host:5000/me/llama3"), "host:5000/me/llama3:latest");
  EXPECT_EQ(canonical_model(""), "");
}

TEST(routing, prefers_who_has_the_model_loaded_then_who_has_least_to_do) {
  std::vector fleet{server("a", backend_state::up), server("b", backend_state::up),
                    server("c", backend_state::up)};
  acquire wish;
  wish.model = "m:latest";
  wish.takes_place = true;
  fleet[0].in_flight = 2;
  fleet[1].in_flight = 1;
  fleet[2].in_flight = 1;
  EXPECT_EQ(choose(fleet, wish), "b");
  fleet[0].status.loaded = {{"M", {}, 0, 0, 0}};
  EXPECT_EQ(choose(fleet, wish), "a");
  fleet[2].status.loaded = fleet[0].status.loaded;
  EXPECT_EQ(choose(fleet, wish), "c");
  // Where these are full, the others serve, at the price of a load.
  EXPECT_EQ(choose(fleet, wish, [](const auto& b) { return b.status.loaded.empty(); }),
            "b");
  wish.takes_place = false;
  EXPECT_EQ(choose(fleet, wish), "a");
}

TEST(routing, sends_a_conversation_where_it_went_before) {
  std::vector<backend_load> fleet(2);
  fleet[0].status.name = "one";
  fleet[1].status.name = "two";
  fleet[0].status.state = fleet[1].status.state = backend_state::up;
  const auto chosen = [&](const has_place& free) {
    acquire wish;
    wish.takes_place = true;
    const auto choice = choose_backend(fleet, wish, free, "two");
    const auto* b = std::get_if<const backend_load*>(&choice);
    return b == nullptr ? std::string{} : (*b)->status.name;
  };
  const auto any = [](const backend_load&) { return true; };
  EXPECT_EQ(chosen(any), "two");
  EXPECT_EQ(chosen([](const auto& b) { return b.status.name == "one"; }), "one");
  fleet[1].status.state = backend_state::down;
  EXPECT_EQ(chosen(any), "one");
}

TEST(affinity, forgets_the_longest_unused) {
  affinity places{2};
  places.went("a", "one");
  places.went("b", "two");
  places.went("a", "three");
  places.went("c", "one");
  EXPECT_EQ(places.last("a"), "three");
  EXPECT_EQ(places.last("b"), "");
  EXPECT_EQ(places.last("c"), "one");
  places.went("", "one");
  EXPECT_EQ(places.last(""), "");
}

} // namespace
} // namespace conductor::test

#include "actors/routing.hpp"

#include "actors/affinity.hpp"
#include "messages/model_name.hpp"

#include <gtest/gtest.h>

namespace conductor::test {
namespace {

using fit = candidate::fit;

candidate server(std::string name, int health = 0, fit is = fit::ready) {
  candidate c;
  c.backend = std::move(name);
  c.health = health;
  c.is = is;
  c.in_use = 1;
  return c;
}

/// Where it goes; `load NAME`, `wait`, or `!errc`.
std::string choose(const std::vector<candidate>& all, const acquire& wish = {}) {
  const auto c = choose_backend(all, wish, [&](const std::string& name) {
    backend_status s;
    s.name = name;
    s.error = "refused";
    return s;
  });
  if (const auto* to = std::get_if<go_to>(&c))
    return to->backend;
  if (const auto* first = std::get_if<load_first>(&c))
    return "load " + first->backend;
  if (const auto* f = std::get_if<failure>(&c))
    return std::string{"!"} + to_string(f->code);
  return "wait";
}

backend_status nobody(const std::string&) {
  return {};
}

acquire inference() {
  acquire wish;
  wish.model = "m:latest";
  wish.takes_place = true;
  return wish;
}

TEST(routing, takes_the_first_backend_that_is_up) {
  EXPECT_EQ(choose({server("a"), server("b")}), "a");
  EXPECT_EQ(choose({server("a", 3), server("b")}), "b");
  EXPECT_EQ(choose({server("a", 1), server("b")}), "b");
  EXPECT_EQ(choose({server("a", 2), server("b", 1)}), "b");
  EXPECT_EQ(choose({server("a", 3), server("b", 2)}), "b");
}

TEST(routing, tries_the_first_all_the_same_when_every_one_is_down) {
  EXPECT_EQ(choose({server("a", 3), server("b", 3)}), "a");
}

TEST(routing, leaves_out_what_cannot_serve) {
  EXPECT_EQ(choose({server("a", 0, fit::unfit), server("b", 3)}), "b");
  EXPECT_EQ(choose({server("a", 0, fit::unfit), server("b", 3, fit::unfit)}),
            "!no_backend");
}

TEST(routing, waits_for_a_full_backend_rather_than_ask_a_dead_one) {
  EXPECT_EQ(choose({server("a", 0, fit::full)}), "wait");
  EXPECT_EQ(choose({server("a", 0, fit::full), server("b", 3)}), "wait");
}

TEST(routing, keeps_to_the_pinned_backend) {
  auto wish = inference();
  wish.pinned = "b";
  EXPECT_EQ(choose({server("a"), server("b")}, wish), "b");
  EXPECT_EQ(choose({server("a"), server("b", 3)}, wish), "!backend_down");
  EXPECT_EQ(choose({server("a"), server("b", 0, fit::unfit)}, wish), "!backend_down");
  EXPECT_EQ(choose({server("a"), server("b", 0, fit::full)}, wish), "wait");
  EXPECT_EQ(choose({server("a"), server("b", 0, fit::load)}, wish), "load b");
  EXPECT_EQ(choose({server("a")}, wish), "!unknown_backend");
}

TEST(routing, names_the_backends_there_are_when_the_pinned_is_none) {
  acquire wish;
  wish.pinned = "x";
  const auto c = choose_backend({server("a")}, wish, nobody);
  EXPECT_EQ(std::get<failure>(c).detail, "unknown backend \"x\"; there is: a");
}

// One lacks the model, and the one that has it cannot serve.
TEST(routing, explains_why_nobody_can_serve) {
  auto without = server("a");
  without.lacks_model = true;
  auto broken = server("b", 0, fit::unfit);
  broken.why = "it is drained";
  const auto c = choose_backend({without, broken}, inference(), nobody);
  EXPECT_NE(std::get<failure>(c).detail.find("b (): it is drained"), std::string::npos);
}

TEST(routing, asks_for_a_model_where_it_is) {
  auto without = server("a");
  without.lacks_model = true;
  EXPECT_EQ(choose({without, server("b")}, inference()), "b");
  EXPECT_EQ(choose({without, server("b", 3)}, inference()), "b")
      << "it is there, though that one does not answer";
  EXPECT_EQ(choose({without}, inference()), "a") << "Ollama says best what is missing";
}

TEST(routing, prefers_by_memory_then_session_then_gpu_then_tier_then_load) {
  auto plain = server("plain");
  auto in_memory = server("in memory"), last = server("last");
  in_memory.loaded = true;
  last.last = true;
  EXPECT_EQ(choose({plain, last, in_memory}, inference()), "in memory");
  last.loaded = true;
  EXPECT_EQ(choose({in_memory, last}, inference()), "last");
  auto spilled = in_memory;
  spilled.backend = "spilled";
  spilled.gpu_share = 0.5;
  EXPECT_EQ(choose({spilled, in_memory}, inference()), "in memory");
  auto second = in_memory;
  second.backend = "second tier";
  second.tier = 1;
  auto busy = in_memory;
  busy.backend = "busy";
  busy.in_use = 4;
  EXPECT_EQ(choose({second, busy}, inference()), "busy");
  EXPECT_EQ(choose({busy, in_memory}, inference()), "in memory");
}

TEST(routing, loads_elsewhere_what_would_be_waited_for_longer) {
  auto full = server("full", 0, fit::full), free = server("free", 0, fit::load);
  full.wait_s = 1;
  free.wait_s = 5;
  EXPECT_EQ(choose({full, free}, inference()), "wait");
  full.wait_s = 10;
  EXPECT_EQ(choose({full, free}, inference()), "load free");
  free.is = fit::loading;
  EXPECT_EQ(choose({full, free}, inference()), "wait");
}

// Nobody is kept waiting beside memory that nobody uses.
TEST(routing, loads_where_no_other_model_has_to_leave) {
  auto full = server("full", 0, fit::full), empty = server("empty", 0, fit::load);
  full.wait_s = 1;
  empty.wait_s = 5;
  empty.alone = true;
  EXPECT_EQ(choose({full, empty}, inference()), "load empty");
  empty.is = fit::loading;
  EXPECT_EQ(choose({full, empty}, inference()), "wait");
}

TEST(routing, tells_what_ollama_said_of_a_load_that_failed) {
  auto broken = server("a", 0, fit::unfit);
  broken.load_error = "out of memory";
  EXPECT_EQ(choose({broken}, inference()), "!load_failed");
  EXPECT_EQ(choose({broken, server("b")}, inference()), "b");
}

TEST(routing, gives_what_changes_models_to_the_primary_one) {
  auto edits = std::make_shared<request>();
  edits->edits_models = true;
  acquire wish;
  wish.about = edits;
  auto primary = server("b");
  primary.primary = true;
  EXPECT_EQ(choose({server("a"), primary}, wish), "b");
  auto with_blobs = server("c");
  with_blobs.last = true;
  EXPECT_EQ(choose({server("a"), primary, with_blobs}, wish), "c");
  EXPECT_EQ(choose({server("a"), primary}), "a") << "others go to the first";
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

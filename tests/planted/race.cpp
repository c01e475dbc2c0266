// What the thread sanitizer has to tell, and what not: `race shared` has two actors count
// in one variable, `race sent` has them pass one on by messages.
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>

#include <iostream>
#include <memory>
#include <string_view>

using counter = std::shared_ptr<int>;
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(counter)

namespace {

constexpr int rounds = 1000;

caf::behavior counting(caf::event_based_actor* self, counter shared) {
  self->send(self, rounds);
  return {[self, shared](int left) {
    ++*shared;
    if (left > 1)
      self->send(self, left - 1);
    else
      self->quit();
  }};
}

caf::behavior passing(caf::event_based_actor* self) {
  return {[self](counter& mine, const caf::actor& other) {
    const int count = ++*mine;
    if (count < rounds)
      self->send(other, std::move(mine), caf::actor{self});
    if (count >= rounds - 1)
      self->quit(); // this one has counted for the last time
  }};
}

} // namespace

int main(int argc, char** argv) {
  const std::string_view how = argc == 2 ? argv[1] : "";
  const auto value = std::make_shared<int>(0);
  caf::actor_system_config settings;
  settings.set("scheduler.max-threads", 4);
  caf::actor_system system{settings};
  if (how == "shared") {
    system.spawn(counting, value);
    system.spawn(counting, value);
  } else if (how == "sent") {
    const auto one = system.spawn(passing);
    caf::anon_send(one, value, system.spawn(passing));
  } else {
    std::cerr << "usage: race shared|sent\n";
    return 2;
  }
  system.await_all_actors_done();
  std::cout << *value << '\n';
  return 0;
}

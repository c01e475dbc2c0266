#include "messages/monitored.hpp"

#include "tests/actors/actor_fixture.hpp"

#include <functional>
#include <optional>

namespace conductor::test {
namespace {

class a_monitored_actor : public actor_fixture {
protected:
  using watcher_ptr = caf::event_based_actor*;

  ~a_monitored_actor() override { end(other); }

  /// An actor that begins with `what`, and lives until it is ended.
  template <class Body>
  caf::actor spawn(Body what) {
    auto made = system.spawn([what = std::move(what)](watcher_ptr self) -> caf::behavior {
      self->set_down_handler([](const caf::down_msg&) {});
      what(self);
      return {[](int) {}};
    });
    run();
    return made;
  }

  std::size_t kept() {
    return caf::actor_cast<caf::strong_actor_ptr>(other).get()->weak_refs;
  }

  caf::actor other = spawn([](watcher_ptr) {});
};

TEST_F(a_monitored_actor, tells_of_the_others_end) {
  int told = 0;
  auto who = spawn([&](watcher_ptr self) {
    self->set_down_handler([&](const caf::down_msg& down) {
      EXPECT_EQ(down.source, other.address());
      ++told;
    });
    self->attach_functor(
        [held = std::make_shared<monitored<caf::actor>>(self, other)] {});
  });
  end(other);
  EXPECT_EQ(told, 1);
  end(who);
}

TEST_F(a_monitored_actor, tells_nothing_once_it_is_over) {
  int told = 0;
  auto who = spawn([&](watcher_ptr self) {
    self->set_down_handler([&](const caf::down_msg&) { ++told; });
    monitored held{self, other};
    held = {};
  });
  end(other);
  EXPECT_EQ(told, 0);
  end(who);
}

TEST_F(a_monitored_actor, follows_where_it_is_moved) {
  int told = 0;
  const auto another = spawn([](watcher_ptr) {});
  auto who = spawn([&](watcher_ptr self) {
    self->set_down_handler([&](const caf::down_msg&) { ++told; });
    auto held = std::make_shared<monitored<caf::actor>>(self, other);
    *held = monitored{self, another};
    auto moved = std::make_shared<monitored<caf::actor>>(std::move(*held));
    held = nullptr;
    self->attach_functor([moved] {});
  });
  end(other);
  EXPECT_EQ(told, 0);
  end(another);
  EXPECT_EQ(told, 1);
  end(who);
}

struct watching_state {
  monitored<caf::actor> held;
};

TEST_F(a_monitored_actor, leaves_nothing_of_who_ends_first) {
  const auto before = kept();
  for (int i = 0; i < 10; ++i) {
    auto who =
        system.spawn([this](caf::stateful_actor<watching_state>* self) -> caf::behavior {
          self->state.held = {self, other};
          return {[](int) {}};
        });
    run();
    EXPECT_GT(kept(), before);
    end(who);
  }
  EXPECT_EQ(kept(), before);
  // What CAF's own leaves.
  end(spawn([&](watcher_ptr self) { self->monitor(other); }));
  EXPECT_GT(kept(), before);
}

} // namespace
} // namespace conductor::test

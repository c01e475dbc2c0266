#pragma once

#include "adapters/lane/lane.hpp"
#include "adapters/lane/pulse.hpp"

#include <boost/asio/post.hpp>
#include <caf/actor_config.hpp>
#include <caf/actor_system.hpp>
#include <caf/detail/init_fun_factory.hpp>
#include <caf/infer_handle.hpp>
#include <caf/mailbox_element.hpp>

#include <memory>
#include <stdexcept>
#include <utility>

namespace conductor {

/// An actor whose handlers the watchdog sees.
template <class Base>
class watched : public Base {
public:
  template <class... Ts>
  explicit watched(caf::actor_config& cfg, Ts&&... xs)
      : Base(cfg, std::forward<Ts>(xs)...) {}

  caf::resumable::resume_result resume(caf::execution_unit* unit,
                                       std::size_t most) override {
    beat pulse{this->name()};
    return Base::resume(unit, most);
  }
};

/// An actor that lives on a lane: its mailbox is emptied by the lane's thread, wherever a
/// message comes from. After an end that is no answer to a message (a bare `quit()` in an
/// I/O handler) it stays a zombie: send yourself a message instead.
template <class Base>
class hosted : public watched<Base> {
public:
  template <class... Ts>
  explicit hosted(caf::actor_config& cfg, Ts&&... xs)
      : watched<Base>(cfg, std::forward<Ts>(xs)...)
      , lane_(dynamic_cast<lane*>(cfg.host)) {
    if (lane_ == nullptr)
      throw std::logic_error("a hosted actor needs a lane");
  }

  using Base::enqueue;
  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit*) override {
    Base::enqueue(std::move(what), lane_);
  }
  caf::resumable::subtype_t subtype() const override { return caf::resumable::io_actor; }

  /// Keeps this actor alive until an I/O operation's handler ran.
  caf::strong_actor_ptr hold() { return caf::strong_actor_ptr{this->ctrl()}; }

  lane& home() const noexcept { return *lane_; }

private:
  lane* lane_;
};

namespace detail {

template <template <class> class Host, class F, class... Ts>
auto spawn_in(caf::actor_system& system, caf::execution_unit* unit, F fun, Ts&&... xs) {
  using impl = caf::infer_impl_from_fun_t<F>;
  caf::detail::init_fun_factory<impl, F> factory;
  caf::actor_config cfg{unit};
  cfg.init_fun = factory(std::move(fun), std::forward<Ts>(xs)...);
  return system.spawn_class<Host<impl>, caf::no_spawn_options>(cfg);
}

} // namespace detail

/// Spawns the actor with behaviour `fun` on `where`.
template <class F, class... Ts>
auto spawn_on(lane& where, F fun, Ts&&... xs) {
  return detail::spawn_in<hosted>(where.system(), &where, std::move(fun),
                                  std::forward<Ts>(xs)...);
}

/// Spawns an actor of class `T`, which derives from `hosted`, on `where`.
template <class T, class... Ts>
auto spawn_class_on(lane& where, Ts&&... xs) {
  caf::actor_config cfg{&where};
  return where.system().spawn_class<T, caf::no_spawn_options>(cfg,
                                                              std::forward<Ts>(xs)...);
}

/// Spawns the actor with behaviour `fun` on CAF's workers.
template <class F, class... Ts>
auto spawn_worker(caf::actor_system& system, F fun, Ts&&... xs) {
  return detail::spawn_in<watched>(system, nullptr, std::move(fun),
                                   std::forward<Ts>(xs)...);
}

/// Destroys what a lane's I/O objects must be destroyed by: their lane.
struct destroy_on_lane {
  lane* where = nullptr;
  template <class T>
  void operator()(T* object) const {
    if (where == nullptr || where->here())
      delete object;
    else
      boost::asio::post(where->io(), [owned = std::unique_ptr<T>(object)] {});
  }
};
template <class T>
using on_lane = std::unique_ptr<T, destroy_on_lane>;

} // namespace conductor

#include "runtime/node_parts.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <atomic>
#include <utility>

namespace conductor {

void node::begin_stop(std::function<void()> done) {
  // The doors close when nobody is on the way to them any more.
  auto open = std::make_shared<std::atomic<std::size_t>>(listeners_.size());
  for (auto& l : listeners_)
    l->stop([this, open, done] {
      if (--*open == 0)
        drain_connections(done);
    });
}

void node::drain_connections(std::function<void()> done) {
  auto left = std::make_shared<std::size_t>(stations_.size() + 1);
  system_->spawn([this, left, done](caf::event_based_actor* self) {
    const auto one_less = [=, this] {
      if (--*left == 0)
        flush_spans(self, [=] {
          self->quit();
          done();
        });
    };
    // A door that failed has nobody left to wait for.
    for (auto& s : stations_)
      self->request(s->door, caf::infinite, drain{})
          .then([=](const drained&) { one_less(); },
                [=](const caf::error&) { one_less(); });
    // Conversations whose clients have left are drained too.
    self->request(sessions_.get(), caf::infinite, drain{})
        .then([=](const drained&) { one_less(); },
              [=](const caf::error&) { one_less(); });
    self->delayed_send(self, values_.server.drain, expel{});
    return caf::behavior{[this](expel) { expel_clients(); }};
  });
}

/// What is traced leaves the node before it ends, if the collector takes it soon.
void node::flush_spans(caf::event_based_actor* self, std::function<void()> then) {
  if (!values_.trace.collector) {
    then();
    return;
  }
  constexpr auto soon = std::chrono::seconds(2);
  auto left = std::make_shared<std::size_t>(observers().size());
  const auto one_less = [=, this] {
    if (--*left == 0)
      self->request(exporter_.get(), soon, drain{})
          .then([=](const drained&) { then(); }, [=](const caf::error&) { then(); });
  };
  for (const auto& o : observers())
    self->request(o, soon, drain{})
        .then([=](const drained&) { one_less(); },
              [=](const caf::error&) { one_less(); });
}

void node::expel_clients() {
  for (auto& s : stations_)
    caf::anon_send(s->door, expel{});
  caf::anon_send(sessions_.get(), expel{});
}

void node::finish() {
  if (std::exchange(finished_, true))
    return;
  // Where the start failed, the actors of the lanes have still to hear that they end.
  for (auto& l : lanes_)
    l->start();
  // SUPERVISOR first: what ends from now on ends in order.
  const auto end = [](const auto& who) {
    if (who)
      caf::anon_send_exit(who, caf::exit_reason::user_shutdown);
  };
  end(supervisor_);
  if (liveness_)
    liveness_->end();
  for (auto& s : stations_) {
    end(s->door);
    end(s->desk);
    end(s->upstreams);
    end(s->observer);
  }
  if (aside_)
    end(aside_->upstreams);
  end(exporter_.get());
  end(shadow_.get());
  end(sessions_.get());
  end(store_.get());
  gpus_->end();
  end(prober_.get());
  end(loader_.get());
  end(overview_.get());
  end(resources_.get());
  end(conversations_.get());
  end(keys_.get());
  end(scrape_.get());
  end(process_.get());
  end(dispatcher_.get());
  end(fleet_observer_.get());
  supervisor_ = nullptr;
  exporter_.clear();
  shadow_.clear();
  aside_.reset();
  sessions_.clear();
  store_.clear();
  prober_.clear();
  loader_.clear();
  overview_.clear();
  resources_.clear();
  conversations_.clear();
  keys_.clear();
  scrape_.clear();
  process_.clear();
  dispatcher_.clear();
  fleet_observer_.clear();
  stations_.clear();
  system_->await_all_actors_done();
  for (auto& l : lanes_)
    l->release();
  for (auto& l : lanes_)
    l->join();
  listeners_.clear();
  liveness_.reset();
  store_files_.reset();
  files_.reset();
  gpus_.reset();
  system_.reset();
  lanes_.clear();
}

} // namespace conductor

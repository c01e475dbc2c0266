#pragma once

#include "runtime/node.hpp"

#include "actors/desk.hpp"
#include "adapters/http/door.hpp"
#include "adapters/lane/hosted.hpp"
#include "adapters/metrics/observer.hpp"
#include "adapters/ollama/upstreams.hpp"

namespace conductor {

/// One lane and the actors that live there.
struct node::station {
  lane* where = nullptr;
  pool_actor upstreams;
  observer_actor observer;
  desk_actor desk;
  door_actor door;
};

} // namespace conductor

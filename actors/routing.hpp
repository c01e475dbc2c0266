#pragma once

#include "messages/errors.hpp"
#include "messages/fleet.hpp"

#include <functional>
#include <string>
#include <variant>
#include <vector>

namespace conductor {

/// Every candidate is full, or has to load the model first: wait.
struct wait_for_place {};
/// That backend is to load the model; who asks waits for it.
struct load_first {
  std::string backend;
};
/// That backend serves.
struct go_to {
  std::string backend;
};
using status_by_name = std::function<backend_status(const std::string& name)>;
using choice = std::variant<go_to, wait_for_place, load_first, failure>;

/// Chooses the backend for a request, as a pure function of what is known.
///
/// Those that answer come before those not heard of yet, these before those where answers
/// keep failing, and last come those that are down, which are tried all the same when
/// there is nothing better. Of those with a free
/// place: one that has the model in memory with the same runner options; `last`, where
/// the session went before; the greatest share of the model on GPU; the lowest tier; the
/// fewest answers in flight by weight; the first. Where none has a place, the model is
/// loaded where no other has to leave for it; else the one with the shortest expected
/// wait decides whether it is loaded or a place is waited for.
/// A failure says why none can serve.
/// `status_of` tells a backend's status by its name, where a failure has to be explained.
choice choose_backend(const std::vector<candidate>& all, const acquire& wish,
                      const status_by_name& status_of);

} // namespace conductor

#pragma once

#include "messages/errors.hpp"
#include "messages/fleet.hpp"

#include <functional>
#include <string>
#include <variant>
#include <vector>

namespace conductor {

/// Whether one more answer of `model` may run on a backend.
using has_place = std::function<bool(const backend_load&)>;

/// Every candidate is full: wait.
struct wait_for_place {};

/// Chooses the backend for a request, as a pure function of what is known. Of those that
/// are up: `last`, where the session went before; one that has the model loaded; the one
/// with the fewest answers in flight; the first. Then the first not heard of, then, when
/// all are down, the first not tried yet. A failure says why none can serve, ever.
std::variant<const backend_load*, wait_for_place, failure>
choose_backend(const std::vector<backend_load>& fleet, const acquire& wish,
               const has_place& free, const std::string& last = {});

} // namespace conductor

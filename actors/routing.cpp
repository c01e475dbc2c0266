#include "actors/routing.hpp"

#include "messages/model_name.hpp"

#include <algorithm>
#include <tuple>

namespace conductor {
namespace {

std::string names_of(const std::vector<backend_load>& fleet) {
  std::string names;
  for (const auto& b : fleet)
    names += (names.empty() ? "" : ", ") + b.status.name;
  return names;
}

std::string reasons_of(const std::vector<backend_load>& fleet) {
  std::string text = "no Ollama server answers";
  const char* separator = ": ";
  for (const auto& b : fleet) {
    text += separator + b.status.name + " (" + b.status.url + ")";
    if (!b.status.error.empty())
      text += " " + b.status.error;
    separator = "; ";
  }
  return text;
}

bool has_loaded(const backend_load& b, const std::string& model) {
  const auto& all = b.status.loaded;
  return std::any_of(all.begin(), all.end(),
                     [&](const auto& m) { return canonical_model(m.name) == model; });
}

/// What takes no place goes to the first: all are alike to it.
bool is_better(const backend_load& one, const backend_load& other, const acquire& wish,
               const std::string& last) {
  if (!wish.takes_place)
    return false;
  const auto merit = [&](const backend_load& b) {
    return std::tuple{b.status.name == last, has_loaded(b, wish.model)};
  };
  return merit(one) != merit(other) ? merit(one) > merit(other)
                                    : one.in_flight < other.in_flight;
}

} // namespace

std::variant<const backend_load*, wait_for_place, failure>
choose_backend(const std::vector<backend_load>& fleet, const acquire& wish,
               const has_place& free, const std::string& last) {
  if (!wish.pinned.empty()) {
    const auto i = std::find_if(fleet.begin(), fleet.end(), [&](const auto& b) {
      return b.status.name == wish.pinned;
    });
    if (i == fleet.end())
      return failure{errc::unknown_backend, "unknown backend \"" + wish.pinned +
                                                "\"; there is: " + names_of(fleet)};
    if (i->status.state == backend_state::down)
      return failure{errc::backend_down,
                     "backend " + wish.pinned + " is down: " + i->status.error};
    if (!free(*i))
      return wait_for_place{};
    return &*i;
  }
  const auto fits = [&](const backend_load& b, backend_state state) {
    return b.status.state == state && std::find(wish.tried.begin(), wish.tried.end(),
                                                b.status.name) == wish.tried.end();
  };
  bool full = false;
  for (auto state : {backend_state::up, backend_state::unknown, backend_state::down}) {
    const backend_load* best = nullptr;
    for (const auto& b : fleet) {
      if (!fits(b, state))
        continue;
      full = true;
      if (free(b) && (best == nullptr || is_better(b, *best, wish, last)))
        best = &b;
    }
    if (best != nullptr)
      return best;
    // A full backend that answers is waited for; one that is down is no better.
    if (full)
      return wait_for_place{};
  }
  return failure{errc::no_backend, reasons_of(fleet)};
}

} // namespace conductor

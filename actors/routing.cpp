#include "actors/routing.hpp"

#include <algorithm>

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
  for (const auto& b : fleet)
    if (b.status.name == last && fits(b, backend_state::up) && free(b))
      return &b;
  bool full = false;
  for (auto state : {backend_state::up, backend_state::unknown, backend_state::down}) {
    for (const auto& b : fleet) {
      if (!fits(b, state))
        continue;
      if (free(b))
        return &b;
      full = true;
    }
    // A full backend that answers is waited for; one that is down is no better.
    if (full)
      return wait_for_place{};
  }
  return failure{errc::no_backend, reasons_of(fleet)};
}

} // namespace conductor

#include "actors/routing.hpp"

#include <algorithm>
#include <tuple>

namespace conductor {
namespace {

using fit = candidate::fit;

std::string names_of(const std::vector<candidate>& all) {
  std::string names;
  for (const auto& c : all)
    names += (names.empty() ? "" : ", ") + c.backend;
  return names;
}

/// Of servers that do not answer what they last said, of others why they cannot serve.
std::string reasons_of(const std::vector<candidate>& all,
                       const status_by_name& status_of) {
  std::string text = "no Ollama server answers";
  const char* separator = ": ";
  for (const auto& c : all) {
    const auto b = status_of(c.backend);
    text += separator + c.backend + " (" + b.url + ")";
    if (!b.error.empty())
      text += " " + b.error;
    else if (c.is == fit::unfit)
      text += std::string{": "} + c.why;
    separator = "; ";
  }
  return text;
}

/// To what takes no place all are alike, but for where its model or its blobs are.
auto merit(const candidate& c, const acquire& wish) {
  const bool place = wish.takes_place;
  const bool edits = wish.about && wish.about->edits_models;
  return std::tuple{place && c.loaded,
                    c.last,
                    edits && c.primary,
                    place ? c.gpu_share : 0.0,
                    -static_cast<double>(place ? c.tier : 0),
                    place ? -c.in_use : 0.0};
}

choice judge(const candidate& c) {
  if (c.is == fit::ready)
    return go_to{c.backend};
  if (c.is == fit::load)
    return load_first{c.backend};
  return wait_for_place{};
}

choice choose_pinned(const std::vector<candidate>& all, const acquire& wish,
                     const status_by_name& status_of) {
  const auto i = std::find_if(all.begin(), all.end(),
                              [&](const auto& c) { return c.backend == wish.pinned; });
  if (i == all.end())
    return failure{errc::unknown_backend,
                   "unknown backend \"" + wish.pinned + "\"; there is: " + names_of(all)};
  if (i->health == 3)
    return failure{errc::backend_down, "backend " + wish.pinned +
                                           " is down: " + status_of(wish.pinned).error};
  if (!i->load_error.empty())
    return failure{errc::load_failed, i->load_error};
  if (i->is == fit::unfit)
    return failure{errc::backend_down,
                   "backend " + wish.pinned + " cannot serve: " + i->why};
  return judge(*i);
}

} // namespace

choice choose_backend(const std::vector<candidate>& all, const acquire& wish,
                      const status_by_name& status_of) {
  if (!wish.pinned.empty())
    return choose_pinned(all, wish, status_of);
  // A model that none has is asked for all the same: Ollama says best that it is not
  // there.
  const bool somewhere =
      std::any_of(all.begin(), all.end(), [](const auto& c) { return !c.lacks_model; });
  const auto better = [&](const candidate& one, const candidate* other) {
    return other == nullptr || merit(one, wish) > merit(*other, wish);
  };
  for (const int health : {0, 1, 2, 3}) {
    const candidate* best = nullptr;
    const candidate* soonest = nullptr;
    const candidate* spare = nullptr; // memory that nobody uses
    for (const auto& c : all) {
      if (c.health != health || c.is == fit::unfit || (somewhere && c.lacks_model))
        continue;
      if (c.is == fit::ready && better(c, best))
        best = &c;
      if (c.is != fit::ready && (soonest == nullptr || c.wait_s < soonest->wait_s ||
                                 (c.wait_s == soonest->wait_s && better(c, soonest))))
        soonest = &c;
      if (c.is == fit::load && c.alone && better(c, spare))
        spare = &c;
    }
    if (best != nullptr)
      return go_to{best->backend};
    if (spare != nullptr)
      return load_first{spare->backend};
    // A full backend that answers is waited for; one that is down is no better.
    if (soonest != nullptr)
      return judge(*soonest);
  }
  const auto broken = std::find_if(all.begin(), all.end(),
                                   [](const auto& c) { return !c.load_error.empty(); });
  if (broken != all.end())
    return failure{errc::load_failed, broken->load_error};
  return failure{errc::no_backend, reasons_of(all, status_of)};
}

} // namespace conductor

#pragma once

#include "actors/capacity.hpp"
#include "actors/stall.hpp"
#include "config/settings.hpp"
#include "messages/fleet.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace conductor {

/// One model in one server's memory, as far as is known. Aliases of the same weights are
/// one runner, as they are for Ollama.
struct runner {
  using time_point = std::chrono::steady_clock::time_point;

  /// The place of an answer that was given up: Ollama may still be at it.
  struct zombie {
    std::uint64_t lease = 0; ///< that it had
    time_point since{};
    /// Of the model, when it was given up; `?`: to be learned. Empty: it was given up
    /// before its first record, when Ollama calls the model idle at once but goes on to
    /// read the prompt.
    std::string expires;
    std::string flow;
    priority_class priority = priority_class::normal;
    std::uint64_t tested_by = 0; ///< lease of who was sent to wait for it; 0: nobody
  };

  std::string model;   ///< canonical name that it was last asked for by
  std::string options; ///< runner options that it was loaded with
  bool options_known = false;
  bool loaded = false;
  time_point loaded_at{};
  time_point used_at{}; ///< an answer ended
  loaded_model seen;    ///< by the last probe that had it; `context` 0: not since it
                        ///< was loaded
  bool pinned = false;  ///< is to be in memory, whoever asks
  bool straight =
      false; ///< it cannot be loaded without a prompt: requests go as they are
  unsigned running = 0;
  std::uint64_t newest = 0; ///< lease that was given last
  std::deque<zombie> zombies;
  capacity room;
  stall_detector stalls{std::chrono::seconds(30)};

  /// Places that are taken; who tests a zombie has its place.
  unsigned used() const {
    return running + static_cast<unsigned>(
                         std::count_if(zombies.begin(), zombies.end(),
                                       [](const zombie& z) { return z.tested_by == 0; }));
  }
  /// The oldest one that nobody tests, since that time or longer; null: there is none.
  const zombie* untested(time_point since) const {
    const auto z = std::find_if(zombies.begin(), zombies.end(), [&](const zombie& one) {
      return one.tested_by == 0 && one.since <= since;
    });
    return z == zombies.end() ? nullptr : &*z;
  }
  /// That lease's holder waits for the oldest zombie's place.
  void test(std::uint64_t lease) {
    for (auto& z : zombies)
      if (z.tested_by == 0) {
        z.tested_by = lease;
        return;
      }
  }
};

/// Runner options as a sorted `key=value,…` text and as a map.
std::map<std::string, std::string> options_of(std::string_view text);
std::string options_text(const std::map<std::string, std::string>& options);

/// Whether requests with `wanted` options find what is loaded fit for them: a reload is
/// forced by every difference, also between a value that is given and one that is not.
bool has_options(const runner& r, const std::string& wanted);

/// The options that a request gets by policy, and what is to be changed in its body.
/// `loaded`: the runner that it goes to; null: none is known.
struct shaped {
  std::string options;
  body_changes changes;
};
shaped shape(const model_settings* policy, const std::string& model,
             const std::string& asked, dialect speaks, const runner* loaded);

/// What a model with that context is called where dialects cannot carry options.
std::string derived_name(const std::string& model, unsigned num_ctx);

} // namespace conductor

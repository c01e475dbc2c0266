#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>
#include <unordered_set>

namespace conductor {

/// How many answers one runner (a model in one Ollama's memory) gives at once: a pure
/// decision, fed with times. Nobody but the one that counts the places uses it.
///
/// Ollama does not tell. It has a semaphore for each model, first come, first served:
/// an answer beyond what it gives at once sends nothing until another has ended. So the
/// limit is raised while answers begin in time, and falls to the number that runs when
/// one begins late although others run. Only answers beyond what is proven are watched,
/// and none for a second when many in a row began at once: then it is calm, and watching
/// would cost more than a wait does.
/// A place is asked for when the model is loaded: a load would look like a wait.
class capacity {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// With a number that was configured nothing is found out and nothing is watched.
  explicit capacity(std::optional<unsigned> configured = {});

  unsigned limit() const { return limit_; } ///< answers that may be in flight now
  /// A wait inside Ollama was seen, so the limit is a finding.
  bool learned() const { return learned_; }
  /// A place was given; it is one of `running` (itself included). True: report its first
  /// record (`began`).
  bool granted(std::uint64_t id, unsigned running, time_point now);
  void began(std::uint64_t id, time_point now); ///< its first record came
  /// Over, however, and its place is free; unknown ids are ignored everywhere. The limit
  /// may have changed.
  void ended(std::uint64_t id, time_point now);
  /// Looks for watched answers that wait inside Ollama while others run. True: the limit
  /// changed.
  bool look(unsigned running, time_point now);
  /// True, once: it was calm long enough. What is in flight is to be watched from now on,
  /// and nothing kept for others that was granted meanwhile.
  bool calm_ended(time_point now);
  bool watching() const; ///< look() may find something later
  void forget();         ///< another instance of the model: all is unknown again
  /// The server has just come back: one answer first, and each that begins allows twice
  /// as many, up to what was configured. What is inferred starts small by itself.
  void start_slowly();

private:
  using nanoseconds = std::chrono::nanoseconds;

  /// An answer of which no record came yet.
  struct watch {
    time_point granted{};
    unsigned running = 0;   ///< then, itself included
    std::uint64_t ends = 0; ///< seen until then
    bool suspected = false;
    bool from_grant = true; ///< watched since it was granted
  };
  /// What one that began tells.
  struct finding {
    std::uint64_t id = 0;
    time_point at{};
    std::uint64_t ends = 0; ///< seen until then
    unsigned places = 0;    ///< in Ollama that must have been taken then
    nanoseconds delay{};
    watch of;
  };
  /// A limit that was learned is doubted from time to time, when answers would take more
  /// than the limit.
  enum class doubt {
    none,
    of_limit, ///< proves the limit again: it may be too high
    settled,  ///< it is not
    of_more,  ///< tries one more
  };

  bool calm() const;
  nanoseconds bound() const;
  bool holds_place(const watch& w) const;
  unsigned holding(unsigned running) const;
  void doubt_finding(time_point now);
  void learn_delay(nanoseconds delay, bool waited_for_nobody);
  void settle(time_point now);
  void prove(unsigned places, time_point now);
  bool crowded(const watch& w, nanoseconds delay);
  void weigh_doubt(const watch& w, time_point now);
  void suspect(time_point now, time_point other_began);
  void waits_inside(time_point now);
  void rest_until(time_point then);

  std::optional<unsigned> configured_;
  unsigned limit_;
  unsigned proven_ = 0; ///< most that were seen to have a place in Ollama at once
  bool learned_ = false;
  unsigned running_ = 0; ///< as told, less those that ended since
  unsigned at_once_ = 0; ///< watched answers in a row that began so
  std::optional<time_point> calm_until_;
  std::unordered_map<std::uint64_t, time_point> answers_; ///< in flight: since when begun
  std::unordered_map<std::uint64_t, watch> waiting_;
  std::unordered_set<std::uint64_t> unseen_; ///< in flight, granted while it was calm
  std::deque<finding> findings_;
  std::uint64_t ends_ = 0;
  time_point newest_begun_{};       ///< when it was granted
  std::optional<nanoseconds> mean_; ///< until the first record, without a wait
  nanoseconds crowd_mean_{};        ///< the same of those that may have waited
  unsigned crowd_ = 0;              ///< how many those were
  doubt doubt_ = doubt::none;
  unsigned tries_ = 0; ///< answers that began during this doubt and settled nothing
  nanoseconds cool_down_{};
  time_point doubt_at_{};
};

} // namespace conductor

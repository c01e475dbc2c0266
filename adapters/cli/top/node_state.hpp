#pragma once

#include <nlohmann/json.hpp>

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace conductor::cli {

/// Seconds to the first token that so many of the last answers stayed below.
struct first_tokens {
  double p50 = 0, p90 = 0, p99 = 0;
  std::size_t count = 0; ///< 0: no answer told
};

/// What the node said of itself last, and what follows from that and what it said before.
class node_state {
public:
  /// An event `overview`, heard at `now` seconds of any steady clock.
  void take(nlohmann::json event, double now);

  /// `/conductor/v1/gpus?history=1`: what was before the first event.
  void take_history(const nlohmann::json& document);

  /// The node is away, and why; until the next event.
  void lose(std::string why) { away_ = std::move(why); }

  /// Empty: it is there.
  const std::string& away() const { return away_; }

  /// Whether there was an event at all.
  bool known() const { return last_.is_object(); }

  /// The entries of a part, as in `generations`; an empty list where it has none.
  const nlohmann::json& entries(const char* part) const;
  const nlohmann::json& status() const;

  /// Where models lie, as in `/conductor/v1/gpus`.
  const nlohmann::json& placements() const;

  /// Pieces a second of one answer, and of all, since the event before the last.
  double rate(const std::string& generation) const;
  double rate() const { return rates_.empty() ? 0 : rates_.back(); }

  /// What rate() was, and how busy a GPU was (0 to 1), the latest last.
  const std::vector<double>& rates() const { return rates_; }
  const std::vector<double>& busy(const std::string& gpu) const;

  first_tokens first() const;

  /// How many of the last requests failed.
  std::size_t failures() const;

private:
  std::string away_ = "not heard of yet";
  nlohmann::json last_;
  double heard_ = 0;
  std::map<std::string, double> pieces_, rate_;
  std::vector<double> rates_;
  std::map<std::string, std::vector<double>> busy_;
};

/// Whether a request of the list ended badly; one that its client gave up did not.
bool failed(const nlohmann::json& request);

} // namespace conductor::cli

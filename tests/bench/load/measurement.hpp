#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <vector>

#include <sys/types.h>

namespace conductor::bench {

/// What arrived between begin and end: every single sample, so that percentiles are
/// exact.
class measurement {
public:
  explicit measurement(std::vector<pid_t> watched);

  void begin();
  void end();
  bool open() const { return began_ != 0 && ended_ == 0; }

  /// The first line of an answer came `since_asked` after its request.
  void begun(std::int64_t since_asked) { begun_.push_back(since_asked); }
  /// A record came `ns` after it was sent or due; the first one also `since_asked` after
  /// its request.
  void record(std::int64_t ns) { records_.push_back(ns); }
  void first(std::int64_t since_asked) { firsts_.push_back(since_asked); }
  void answer(std::int64_t since_asked) { answers_.push_back(since_asked); }

  /// Rates, percentiles in microseconds, processor time of the watched processes.
  nlohmann::ordered_json result();

private:
  std::vector<pid_t> watched_;
  std::int64_t began_ = 0, ended_ = 0;
  std::int64_t cpu_ = 0, own_ = 0; ///< at begin; after the end: used meanwhile
  std::vector<std::int64_t> records_, begun_, firsts_, answers_;
};

} // namespace conductor::bench

#pragma once

#include "tests/bench/load/measurement.hpp"
#include "tests/bench/load/questions.hpp"
#include "tests/bench/load/streams.hpp"

#include <nlohmann/json_fwd.hpp>

namespace conductor::bench {

/// Paced or saturated streams: every connection asks one request after the other, until
/// the window is over and the last answer has come.
class timed_run : public streams {
public:
  timed_run(boost::asio::io_context& io, const load_plan& plan);

  nlohmann::ordered_json result();

private:
  void ready(stream& s, bool last) override;
  void begun(stream& s, std::int64_t asked, std::int64_t arrived) override;
  void record(stream& s, bool first, std::int64_t asked, std::int64_t sent,
              std::int64_t arrived) override;
  void answered(stream& s, std::int64_t asked, std::int64_t arrived) override;
  void ask(stream& s, unsigned records);
  void begin();
  void end();

  measurement measured_;
  questions questions_;
  std::vector<question> asked_; ///< what each stream asks at present
  std::vector<std::unique_ptr<boost::asio::steady_timer>> starts_;
  boost::asio::steady_timer clock_;
  unsigned asking_ = 0; ///< streams that have not ended
  bool stopping_ = false;
  std::uint64_t answers_ = 0, records_ = 0; ///< checked in the whole run
  std::uint64_t wanted_ = 0;                ///< content records that were asked for
};

} // namespace conductor::bench

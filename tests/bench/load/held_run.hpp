#pragma once

#include "tests/bench/load/streams.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <nlohmann/json_fwd.hpp>

namespace conductor::bench {

/// Connections that do nothing, or streams that wait for their second record, so that
/// somebody else can measure what they cost. Says `ready` on standard output when all are
/// there and lets go when standard input ends. Fails when the peer ends one meanwhile.
class held_run : public streams {
public:
  held_run(boost::asio::io_context& io, const load_plan& plan);

  nlohmann::ordered_json result() const;

private:
  void ready(stream& s, bool last) override;
  void record(stream& s, bool first, std::int64_t asked, std::int64_t sent,
              std::int64_t arrived) override;
  void answered(stream& s, std::int64_t asked, std::int64_t arrived) override;
  void one_there();
  void wait_for_end();

  bool answers_end_; ///< idle connections have had their answer, held streams have not
  question question_;
  unsigned there_ = 0;
  boost::asio::posix::stream_descriptor input_;
  char byte_ = 0;
};

} // namespace conductor::bench

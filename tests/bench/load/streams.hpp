#pragma once

#include "tests/bench/load/plan.hpp"
#include "tests/bench/load/stream.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <string>
#include <vector>

namespace conductor::bench {

/// All connections of a run, opened a few at a time so that no listening queue overflows.
class streams : public audience {
public:
  streams(boost::asio::io_context& io, const load_plan& plan);

  /// Begins to connect.
  void start();

protected:
  /// A stream is connected; all are when `last`.
  virtual void ready(stream& s, bool last) = 0;

  void connected(stream& s) final;
  std::vector<std::unique_ptr<stream>>& all() { return all_; }
  void close_all();
  boost::asio::io_context& io() { return io_; }
  const load_plan& plan() const { return plan_; }

  /// Throws load_error(`what`) out of the loop unless called again within the plan's
  /// patience and `more` seconds.
  void expect_within(double more, std::string what);
  void expect_nothing() { deadline_.cancel(); }

private:
  void connect_next();

  boost::asio::io_context& io_;
  const load_plan& plan_;
  std::vector<std::unique_ptr<stream>> all_;
  unsigned next_ = 0;
  unsigned connected_ = 0;
  boost::asio::steady_timer deadline_;
};

} // namespace conductor::bench

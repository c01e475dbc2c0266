#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace conductor::test {

/// An OpenTelemetry collector that takes OTLP over HTTP in JSON, and answers as the test
/// says. One connection after the other, on a thread of its own; stops at its end.
class collector {
public:
  using milliseconds = std::chrono::milliseconds;

  collector();
  ~collector();
  collector(const collector&) = delete;

  std::uint16_t port() const { return port_; }

  /// Every request from now on gets that status; only what is answered 200 counts as
  /// taken.
  void answer(int status);
  /// Requests are read, and answered when this ends.
  void hold(bool on);

  /// Spans that were taken, in order, each with the `resource` that it came with.
  std::vector<nlohmann::json> spans() const;
  /// Requests that were read, whatever the answer.
  std::size_t requests() const;
  /// Waits at most so long; empty, or what was not seen.
  std::string wait_for_spans(std::size_t n,
                             milliseconds most = milliseconds(10'000)) const;
  std::string wait_for_requests(std::size_t n,
                                milliseconds most = milliseconds(10'000)) const;

private:
  void serve();
  void talk(boost::asio::ip::tcp::socket& peer);
  void take(const std::string& target, const std::string& type, const std::string& body);
  template <class Condition>
  std::string wait_for(const std::string& what, milliseconds most, Condition seen) const;

  boost::asio::io_context io_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::uint16_t port_ = 0;
  mutable std::mutex lock_;
  mutable std::condition_variable changed_;
  std::vector<nlohmann::json> spans_;
  std::size_t requests_ = 0;
  int status_ = 200;
  bool held_ = false;
  bool stopped_ = false;
  int peer_ = -1; ///< the socket that is open now
  std::thread thread_;
};

} // namespace conductor::test

#pragma once

#include "tests/support/ollama/server.hpp"
#include "tests/support/ollama/world.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace conductor::test {

/// An Ollama that behaves as the real one does, down to heads that come with the first
/// record, and answers as the test scripts it. Runs on threads of its own; stops at its
/// end.
class scripted_ollama {
public:
  using milliseconds = std::chrono::milliseconds;

  explicit scripted_ollama(scripted_ollama_options o = {}) : world_(std::move(o)) {}

  std::uint16_t port() const { return server_.port(); }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port()); }

  /// Scripts: for every answer, for the next one, for the next request of a route, for
  /// all of a route.
  void set_default(script s) { world_.scripts.set_default(std::move(s)); }
  void next(script s) { world_.scripts.next(std::move(s)); }
  void on(std::string route, script s) {
    world_.scripts.on(std::move(route), std::move(s));
  }
  void always(std::string route, script s) {
    world_.scripts.always(std::move(route), std::move(s));
  }

  catalogue& models() { return world_.models; }
  counts seen() const { return world_.seen.now(); }
  std::vector<seen_request> requests() const { return world_.seen.requests(); }

  /// Each waits at most so long; empty, or what was not seen.
  std::string wait_for_requests(std::uint64_t n,
                                milliseconds most = milliseconds(5000)) const {
    return world_.seen.wait_for(std::to_string(n) + " requests", most,
                                [n](const counts& c) { return c.requests >= n; });
  }
  std::string wait_for_cancels(std::uint64_t n,
                               milliseconds most = milliseconds(5000)) const {
    return world_.seen.wait_for(std::to_string(n) + " cancels", most,
                                [n](const counts& c) { return c.cancels >= n; });
  }
  std::string wait_for_open_streams(std::uint64_t n,
                                    milliseconds most = milliseconds(5000)) const {
    return world_.seen.wait_for(std::to_string(n) + " open streams", most,
                                [n](const counts& c) { return c.open_streams == n; });
  }
  std::string wait_for_in_flight(std::uint64_t n,
                                 milliseconds most = milliseconds(5000)) const {
    return world_.seen.wait_for(std::to_string(n) + " answers in flight", most,
                                [n](const counts& c) { return c.in_flight == n; });
  }

private:
  world world_;
  server server_{world_};
};

} // namespace conductor::test

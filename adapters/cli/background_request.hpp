#pragma once

#include "adapters/cli/client.hpp"

#include <exception>
#include <functional>
#include <memory>

namespace conductor::cli {

/// A stream that goes on while others use its client's loop, whoever runs that.
/// Destroyed, it is given up and nobody hears of it any more.
class background_request {
public:
  /// `reader` hears lines; `over` hears once that it ended, with what client::stream
  /// would have thrown, and may destroy this.
  background_request(client& node, request what, stream_reader reader,
                     std::function<void(std::exception_ptr)> over);
  ~background_request();
  background_request(const background_request&) = delete;
  background_request& operator=(const background_request&) = delete;

private:
  struct state;
  std::shared_ptr<state> state_;
};

} // namespace conductor::cli

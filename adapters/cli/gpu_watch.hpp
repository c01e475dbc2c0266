#pragma once

#include <boost/asio/io_context.hpp>

#include <memory>
#include <string_view>
#include <vector>

namespace conductor::cli {

/// What the GPUs of this machine did at one moment: the busiest one's utilisation, and
/// the power of all together.
struct gpu_sample {
  double percent = 0;
  double watts = 0;
};

/// Runs nvidia-smi as a child that reports ten times a second, and collects what it says
/// while the loop runs. The child ends with this object.
class gpu_watch {
public:
  explicit gpu_watch(boost::asio::io_context& io);
  ~gpu_watch();

  /// Whether there is an nvidia-smi that could be started.
  bool running() const { return state_ != nullptr; }

  /// The samples since the last call; the first one of a phase may still be of before.
  std::vector<gpu_sample> take();

private:
  struct state;
  std::shared_ptr<state> state_;
};

/// One line of `--query-gpu=index,utilization.gpu,power.draw`, put into `samples`: GPU 0
/// begins a new sample, the others add to it. What is not supported counts as 0.
void add_gpu_line(std::string_view line, std::vector<gpu_sample>& samples);

} // namespace conductor::cli

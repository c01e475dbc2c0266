#include "adapters/cli/gpu_watch.hpp"

#include "adapters/cli/line_splitter.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

extern char** environ;

namespace conductor::cli {

namespace {

// Starts nvidia-smi with its standard output in `reader`; -1 if there is none.
pid_t start(int& reader) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0)
    return -1;
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, pipe[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  const char* arguments[] = {"nvidia-smi", "--query-gpu=index,utilization.gpu,power.draw",
                             "--format=csv,noheader,nounits", "--loop-ms=100", nullptr};
  // We ignore a closed pipe; the child shall end of it, should we be killed.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t defaults;
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  pid_t child = -1;
  auto error = ::posix_spawnp(&child, arguments[0], &files, &attributes,
                              const_cast<char**>(arguments), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  ::close(pipe[1]);
  if (error != 0) {
    ::close(pipe[0]);
    return -1;
  }
  reader = pipe[0];
  return child;
}

double number(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

} // namespace

struct gpu_watch::state : std::enable_shared_from_this<state> {
  explicit state(boost::asio::io_context& io) : output(io) {}

  void read() {
    output.async_read_some(
        boost::asio::buffer(space), [self = shared_from_this()](auto ec, std::size_t n) {
          if (ec)
            return;
          self->lines.feed({self->space.data(), n},
                           [&](auto line) { add_gpu_line(line, self->samples); });
          self->read();
        });
  }

  boost::asio::posix::stream_descriptor output;
  pid_t child = -1;
  std::array<char, 4096> space;
  line_splitter lines;
  std::vector<gpu_sample> samples;
};

gpu_watch::gpu_watch(boost::asio::io_context& io) {
  int reader = -1;
  auto child = start(reader);
  if (child < 0)
    return;
  state_ = std::make_shared<state>(io);
  state_->child = child;
  state_->output.assign(reader);
  state_->read();
}

gpu_watch::~gpu_watch() {
  if (!state_)
    return;
  boost::system::error_code ignored;
  state_->output.close(ignored);
  ::kill(state_->child, SIGTERM);
  ::waitpid(state_->child, nullptr, WNOHANG); // if not yet, init does it soon
}

std::vector<gpu_sample> gpu_watch::take() {
  return state_ ? std::exchange(state_->samples, {}) : std::vector<gpu_sample>{};
}

void add_gpu_line(std::string_view line, std::vector<gpu_sample>& samples) {
  std::array<double, 3> fields{}; // index, percent, watts
  for (auto& field : fields) {
    auto comma = line.find(',');
    field = number(line.substr(0, comma));
    line.remove_prefix(comma == std::string_view::npos ? line.size() : comma + 1);
  }
  if (fields[0] == 0 || samples.empty())
    samples.emplace_back();
  auto& sample = samples.back();
  sample.percent = std::max(sample.percent, fields[1]);
  sample.watts += fields[2];
}

} // namespace conductor::cli

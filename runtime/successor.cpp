#include "runtime/successor.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <cerrno>
#include <charconv>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <memory>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

extern char** environ;

namespace conductor {
namespace {

namespace asio = boost::asio;

/// Where sd_listen_fds looks for the first descriptor.
constexpr int first_descriptor = 3;

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

/// The arguments of this process, as it was started.
std::vector<std::string> arguments() {
  std::ifstream in{"/proc/self/cmdline", std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  std::vector<std::string> all;
  for (std::size_t at = 0; at < text.size();) {
    all.emplace_back(text.c_str() + at);
    at += all.back().size() + 1;
  }
  return all;
}

bool is_of_this_process(std::string_view variable) {
  for (const auto* name :
       {"LISTEN_PID=", "LISTEN_FDS=", "LISTEN_FDNAMES=", "WATCHDOG_PID="})
    if (variable.starts_with(name))
      return true;
  return false;
}

std::string name_of(const handed_socket& s) {
  return std::string{s.admin ? admin_name : "listen"} +
         (s.at.tls ? "-" + std::string{tls_mark} : "") + (s.own ? own_suffix : "");
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (auto& t : texts)
    all.push_back(t.data());
  all.push_back(nullptr);
  return all;
}

/// All that the child needs is made before: between fork and exec it may not even
/// allocate, for other threads may have held a lock.
struct launch {
  std::string program;
  std::vector<std::string> words = arguments();
  std::vector<std::string> variables;
  std::vector<int> descriptors;

  void run() {
    auto argv = pointers(words);
    auto envp = pointers(variables);
    char* const digits = variables.back().data() + variables.back().find('=') + 1;
    const auto room = variables.back().size() -
                      static_cast<std::size_t>(digits - variables.back().data());
    const int count = static_cast<int>(descriptors.size());
    const pid_t child = ::fork();
    if (child < 0)
      fail("fork");
    if (child > 0) {
      pid = child;
      return;
    }
    *std::to_chars(digits, digits + room, ::getpid()).ptr = '\0';
    // Out of the way first: a number may be another's place.
    for (auto& d : descriptors)
      d = ::fcntl(d, F_DUPFD_CLOEXEC, first_descriptor + count);
    for (int i = 0; i < count; ++i)
      ::dup2(descriptors[static_cast<std::size_t>(i)], first_descriptor + i);
    ::close_range(static_cast<unsigned>(first_descriptor + count), UINT_MAX, 0);
    ::execve(program.c_str(), argv.data(), envp.data());
    ::_exit(127);
  }

  pid_t pid = -1;
};

} // namespace

successor::successor(asio::io_context& loop, const std::string& program,
                     const std::vector<handed_socket>& sockets,
                     std::function<void()> serves, std::function<void()> failed)
    : line_(loop) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    fail("socketpair");
  line_.assign(boost::asio::local::stream_protocol{}, ends[0]);
  launch l;
  l.program = program;
  std::string names;
  for (const auto& s : sockets) {
    l.descriptors.push_back(s.descriptor);
    names += name_of(s) + ":";
  }
  l.descriptors.push_back(ends[1]);
  for (char** e = environ; *e != nullptr; ++e)
    if (!is_of_this_process(*e))
      l.variables.emplace_back(*e);
  l.variables.push_back("LISTEN_FDS=" + std::to_string(l.descriptors.size()));
  l.variables.push_back("LISTEN_FDNAMES=" + names + predecessor_name);
  l.variables.push_back("LISTEN_PID=" + std::string(12, '0')); // filled in by the child
  std::signal(SIGCHLD, SIG_IGN);                               // nobody asks how it ended
  try {
    l.run();
  } catch (...) {
    ::close(ends[1]);
    throw;
  }
  ::close(ends[1]);
  pid_ = l.pid;
  asio::async_read(line_, asio::buffer(&word_, 1),
                   [serves = std::move(serves), failed = std::move(failed)](
                       const boost::system::error_code& ec, std::size_t) {
                     if (!ec)
                       serves();
                     else if (ec != asio::error::operation_aborted)
                       failed();
                   });
}

predecessor::predecessor(asio::io_context& loop, int line, std::function<void()> gone)
    : line_(loop, boost::asio::local::stream_protocol{}, line) {
  asio::async_read(
      line_, asio::buffer(&word_, 1),
      [gone = std::move(gone)](const boost::system::error_code& ec, std::size_t) {
        if (ec != asio::error::operation_aborted)
          gone();
      });
}

void predecessor::tell_ready() {
  auto word = std::make_shared<char>('r');
  asio::async_write(line_, asio::buffer(word.get(), 1),
                    [word](const boost::system::error_code&, std::size_t) {});
}

std::string program_file() {
  char path[PATH_MAX];
  const auto n = ::readlink("/proc/self/exe", path, sizeof path);
  return n < 0 ? std::string{} : std::string{path, static_cast<std::size_t>(n)};
}

} // namespace conductor

#include "runtime/file_watch.hpp"

#include <boost/asio/buffer.hpp>
#include <spdlog/spdlog.h>

#include <cerrno>
#include <cstring>
#include <sys/inotify.h>
#include <utility>

namespace conductor {
namespace {

/// One save is several events.
constexpr auto settle = std::chrono::milliseconds(200);

} // namespace

file_watch::file_watch(boost::asio::io_context& loop, const std::string& file,
                       std::function<void()> changed)
    : events_(loop), calm_(loop), changed_(std::move(changed)) {
  if (file.empty())
    return;
  const auto slash = file.rfind('/');
  const auto folder = slash == std::string::npos ? std::string{"."}
                      : slash == 0               ? std::string{"/"}
                                                 : file.substr(0, slash);
  const int descriptor = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (descriptor >= 0)
    events_.assign(descriptor);
  if (descriptor < 0 ||
      ::inotify_add_watch(descriptor, folder.c_str(),
                          IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO | IN_DELETE) < 0) {
    // Who configures nothing has no folder for it.
    spdlog::log(errno == ENOENT ? spdlog::level::info : spdlog::level::warn,
                "{} is not watched for changes: {}; SIGHUP makes the node read its file",
                folder, std::strerror(errno));
    return;
  }
  read();
}

void file_watch::read() {
  events_.async_read_some(boost::asio::buffer(buffer_),
                          [this](const boost::system::error_code& ec, std::size_t) {
                            if (ec)
                              return;
                            calm_.expires_after(settle);
                            calm_.async_wait(
                                [this](const boost::system::error_code& moved) {
                                  if (!moved)
                                    changed_();
                                });
                            read();
                          });
}

} // namespace conductor

#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <functional>
#include <string>

namespace conductor {

/// FILE WATCH: calls `changed` on the loop some time after anything happened in a file's
/// folder: editors and orchestrators replace a file rather than write it. What cannot be
/// watched is said once, and is no failure.
class file_watch {
public:
  file_watch(boost::asio::io_context& loop, const std::string& file,
             std::function<void()> changed);

private:
  void read();

  boost::asio::posix::stream_descriptor events_;
  boost::asio::steady_timer calm_;
  std::function<void()> changed_;
  std::array<char, 4096> buffer_{};
};

} // namespace conductor

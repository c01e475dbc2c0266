#pragma once

#include "runtime/handed.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <functional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace conductor {

/// SUCCESSOR: a process of the same program and arguments, as these are on the disk now,
/// that gets this one's listening sockets and takes its place. The line between the two
/// is closed when either ends. The loop's thread only.
class successor {
public:
  /// Starts it. `serves` is called when it does, `failed` when it ended before that; one
  /// of them, once, on the loop. Throws std::system_error.
  successor(boost::asio::io_context& loop, const std::string& program,
            const std::vector<handed_socket>& sockets, std::function<void()> serves,
            std::function<void()> failed);

  pid_t pid() const noexcept { return pid_; }

private:
  boost::asio::local::stream_protocol::socket line_;
  char word_ = 0;
  pid_t pid_ = -1;
};

/// PREDECESSOR: the line to the node whose place this one takes.
class predecessor {
public:
  /// `gone` is called on the loop when that node has ended.
  predecessor(boost::asio::io_context& loop, int line, std::function<void()> gone);

  /// This node serves; that one may go.
  void tell_ready();

private:
  boost::asio::local::stream_protocol::socket line_;
  char word_ = 0;
};

/// The file of the running program, to be asked for at the start: a package that is
/// upgraded replaces it.
std::string program_file();

} // namespace conductor

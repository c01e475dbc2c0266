#include "adapters/cli/doctor/checks.hpp"
#include "adapters/cli/human.hpp"
#include "config/source.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace conductor::cli {

namespace {

namespace asio = boost::asio;

constexpr std::uint64_t little_room = 1u << 30;

/// Why nobody may make files in that folder; empty: one may.
std::string write_obstacle(const std::string& folder) {
  struct stat about {};
  if (::stat(folder.c_str(), &about) == 0 && !S_ISDIR(about.st_mode))
    return std::strerror(ENOTDIR);
  return ::access(folder.c_str(), W_OK | X_OK) == 0 ? "" : std::strerror(errno);
}

bool exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

/// Why nobody could listen there now; empty: one could.
std::string obstacle(const endpoint& at) {
  asio::io_context io;
  boost::system::error_code ec;
  if (at.type == endpoint::kind::unix_socket) {
    const auto folder = at.path.substr(0, at.path.rfind('/'));
    if (const auto why = write_obstacle(folder.empty() ? "/" : folder); !why.empty())
      return folder + ": " + why;
    asio::local::stream_protocol::socket probe(io);
    probe.connect(asio::local::stream_protocol::endpoint(at.path), ec);
    return ec ? "" : "another program listens there";
  }
  const auto address = asio::ip::make_address(at.host, ec);
  if (ec)
    return ""; // a name: the node resolves it
  asio::ip::tcp::acceptor probe(io);
  const asio::ip::tcp::endpoint where(address, at.port);
  probe.open(where.protocol(), ec);
  if (!ec)
    probe.set_option(asio::socket_base::reuse_address(true), ec);
  if (!ec)
    probe.bind(where, ec);
  return ec == asio::error::address_in_use ? "another program listens there"
         : ec                              ? ec.message()
                                           : "";
}

/// The nearest folder above that exists.
std::string existing_part(std::string path) {
  while (!path.empty() && !exists(path))
    path.erase(path.rfind('/') == std::string::npos ? 0 : path.rfind('/'));
  return path.empty() ? "/" : path;
}

} // namespace

std::optional<settings> check_configuration(const std::string& file, findings& into) {
  const std::string what = "configuration";
  try {
    const auto from = find_config(file);
    const auto inputs = read_config(from);
    const auto loaded = load_config(inputs);
    const auto name =
        inputs.file_name.empty()
            ? "the defaults" + (from.file.empty() ? "" : "; there is no " + from.file)
            : inputs.file_name;
    struct stat about {};
    if (!inputs.file_name.empty() && ::stat(inputs.file_name.c_str(), &about) == 0 &&
        (about.st_mode & S_IWOTH) != 0)
      into.warning(what, name + " can be changed by everybody",
                   "chmod o-w " + inputs.file_name);
    else if (!loaded.warnings.empty())
      into.warning(what, loaded.warnings.front(), "see `conductor config show`");
    else
      into.ok(what, name);
    return loaded.values;
  } catch (const std::exception& bad) {
    into.failed(what, bad.what(), "mend it, then: conductor config check");
    return std::nullopt;
  }
}

void check_listening(const settings& own, findings& into) {
  auto all = own.server.listen;
  if (own.server.admin_listen)
    all.push_back(*own.server.admin_listen);
  for (const auto& at : all) {
    const auto why = obstacle(at);
    if (why.empty())
      into.ok("listening", "a node could listen at " + to_string(at));
    else
      into.failed("listening", "a node cannot listen at " + to_string(at) + ": " + why,
                  "stop that program (see `ss -ltnp`), or give the node another address "
                  "with --listen or server.listen");
  }
}

void check_store(const settings& own, bool runs, findings& into) {
  const std::string what = "store";
  if (own.data_dir.empty()) {
    into.skipped(what, "the configuration names no folder for conversations");
    return;
  }
  const auto folder = existing_part(own.data_dir);
  // A node may run as somebody else; then its own word counts, which was asked for.
  if (const auto why = write_obstacle(folder); !runs && !why.empty()) {
    into.failed(what,
                "conversations cannot be kept in " + own.data_dir + ": " + folder + ": " +
                    why,
                "give that folder to who runs the node, or set store.data_dir");
    return;
  }
  struct statvfs disk {};
  if (::statvfs(folder.c_str(), &disk) != 0) {
    into.skipped(what, folder + ": " + std::strerror(errno));
    return;
  }
  const auto room = static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
  const auto found =
      human_bytes(static_cast<std::int64_t>(room)) + " are free for " + own.data_dir;
  if (room < little_room)
    into.warning(what, found, "make room, or conversations will no longer be saved");
  else
    into.ok(what, found);
}

} // namespace conductor::cli

#include "adapters/cli/new_file.hpp"

#include "adapters/cli/failure.hpp"
#include "adapters/cli/terminal.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

namespace conductor::cli {

namespace {

namespace files = std::filesystem;

failure exists(const std::string& path) {
  return failure(path + " exists already; --force replaces it");
}

// Whether the file behind the descriptor is still the one of that name.
bool has_name(int descriptor, const std::string& path) {
  struct stat open {};
  struct stat named {};
  return ::fstat(descriptor, &open) == 0 && ::stat(path.c_str(), &named) == 0 &&
         open.st_dev == named.st_dev && open.st_ino == named.st_ino;
}

} // namespace

new_file::new_file(std::string path, bool replace)
    : path_(std::move(path)), replace_(replace) {
  std::error_code ec;
  auto status = files::status(path_, ec);
  if (files::exists(status)) {
    if (!files::is_regular_file(status))
      throw failure(path_ + " is no regular file");
    if (!replace_)
      throw exists(path_);
    // The file that a link leads to, not the link.
    path_ = files::canonical(path_, ec).string();
  }
  partial_ = path_ + ".partial";
  auto opened =
      ::open(partial_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (opened < 0)
    fail(errno);
  // One that was left behind may be used again, one that is being written may not.
  bool locked = ::flock(opened, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
  if (!locked || !has_name(opened, partial_)) {
    ::close(opened);
    throw failure(partial_ + " is being written by another command");
  }
  descriptor_ = opened;
  if (::fchmod(descriptor_, 0600) != 0 || ::ftruncate(descriptor_, 0) != 0) {
    auto error = errno;
    ::close(std::exchange(descriptor_, -1));
    fail(error);
  }
}

new_file::~new_file() {
  if (descriptor_ < 0)
    return;
  ::unlink(partial_.c_str()); // before another one may lock it
  ::close(descriptor_);
}

void new_file::write(std::string_view bytes) {
  if (auto error = write_all(descriptor_, bytes); error != 0)
    fail(error);
}

void new_file::finish() {
  if (::fsync(descriptor_) != 0)
    fail(errno);
  rename();
  ::close(std::exchange(descriptor_, -1));
  auto folder = files::path(path_).parent_path();
  auto opened = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_CLOEXEC);
  if (opened < 0)
    return; // the file is there; that a crash keeps its name cannot be asked for
  ::fsync(opened);
  ::close(opened);
}

void new_file::rename() const {
  const auto *from = partial_.c_str(), *to = path_.c_str();
  if (!replace_) {
    if (::renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
      return;
    if (errno == EEXIST)
      throw exists(path_);
    if (errno != EINVAL && errno != ENOSYS)
      fail(errno);
    // A file system that cannot: a link never takes a name that exists.
    if (::link(from, to) == 0) {
      ::unlink(from);
      return;
    }
    if (errno == EEXIST)
      throw exists(path_);
    fail(errno);
  }
  if (std::rename(from, to) != 0)
    fail(errno);
}

void new_file::fail(int error) const {
  throw failure("cannot write " + path_ + ": " + std::generic_category().message(error));
}

} // namespace conductor::cli

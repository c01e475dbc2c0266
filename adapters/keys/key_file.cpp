#include "adapters/keys/key_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace conductor {
namespace {

[[noreturn]] void fail(const std::string& what, const std::string& file) {
  throw std::runtime_error("cannot " + what + " " + file + ": " + std::strerror(errno));
}

/// A descriptor that is closed with it.
class open_file {
public:
  open_file(const std::string& file, int flags)
      : handle_(::open(file.c_str(), flags | O_CLOEXEC, S_IRUSR | S_IWUSR)) {
    if (handle_ < 0)
      fail("open", file);
  }
  ~open_file() { ::close(handle_); }
  open_file(const open_file&) = delete;
  int get() const { return handle_; }

private:
  int handle_;
};

void write_whole(const std::string& file, std::string_view text) {
  const auto fresh = file + ".new";
  {
    const open_file to{fresh, O_WRONLY | O_CREAT | O_TRUNC};
    // What a write before this one left, or somebody else, may be open to others.
    if (::fchmod(to.get(), S_IRUSR | S_IWUSR) != 0)
      fail("close to others", fresh);
    while (!text.empty()) {
      const auto n = ::write(to.get(), text.data(), text.size());
      if (n < 0)
        fail("write", fresh);
      text.remove_prefix(static_cast<std::size_t>(n));
    }
    if (::fsync(to.get()) != 0)
      fail("write", fresh);
  }
  if (::rename(fresh.c_str(), file.c_str()) != 0)
    fail("replace", file);
  const open_file folder{std::filesystem::path(file).parent_path(),
                         O_RDONLY | O_DIRECTORY};
  if (::fsync(folder.get()) != 0)
    fail("write the folder of", file);
}

} // namespace

std::vector<api_key> read_keys(const std::string& file) {
  if (file.empty() || !std::filesystem::exists(file))
    return {};
  std::ifstream in{file, std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  if (!in)
    fail("read", file);
  try {
    return parse_keys(text);
  } catch (const std::exception& bad) {
    throw std::runtime_error("the file of keys " + file +
                             " cannot be used: " + bad.what());
  }
}

std::vector<api_key>
change_keys(const std::string& file,
            const std::function<void(std::vector<api_key>&)>& change) {
  if (file.empty())
    throw std::runtime_error("keys need store.data_dir, which is not set");
  std::filesystem::create_directories(std::filesystem::path(file).parent_path());
  const open_file lock{file + ".lock", O_RDWR | O_CREAT};
  if (::flock(lock.get(), LOCK_EX) != 0)
    fail("lock", file);
  auto all = read_keys(file);
  change(all);
  write_whole(file, keys_document(all));
  return all;
}

} // namespace conductor

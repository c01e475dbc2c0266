#pragma once

#include "adapters/tls/certificates.hpp"
#include "config/settings.hpp"
#include "runtime/slot.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace conductor {

/// The certificates that the node shows and trusts. They are read by `main`'s thread, at
/// the start and when their files change; connections begin with the present ones. Whom
/// the system trusts is some hundred certificates: they are read only where a backend or
/// a collector under TLS needs them. Any thread may ask.
class certificates {
public:
  /// `aside` runs a job on a thread that may wait for files.
  explicit certificates(std::function<void(std::function<void()>)> aside)
      : aside_(std::move(aside)) {}

  /// Whether clients see another one than before. Throws std::runtime_error that names
  /// the file and what is wrong; then those from before stay in use.
  bool read(const settings& values);

  /// Of `https://` listeners; null: there is none.
  tls_context accepting() const { return accepting_.get(); }
  /// Towards backends; null: it was not needed before, and is being read.
  tls_context connecting();
  /// When the listeners' certificate ends, in seconds since 1970; 0: there is none.
  std::int64_t end() const { return end_of_certificate(accepting()); }

private:
  void read_aside();

  std::function<void(std::function<void()>)> aside_;
  slot<tls_context> accepting_;
  slot<tls_context> connecting_;
  slot<tls_settings> settings_;
  std::atomic<bool> being_read_{false};
};

/// Of the files that those settings name, one in each folder: to be watched.
std::vector<std::string> files_to_watch(const tls_settings& tls);

/// Reads each backend's token from the file that it names. Throws config_error.
void read_tokens(std::vector<backend_settings>& backends);

} // namespace conductor

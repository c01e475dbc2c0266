#pragma once

#include "adapters/tls/certificates.hpp"
#include "config/settings.hpp"
#include "runtime/slot.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace conductor {

/// The certificates that the node shows and trusts. They are read by `main`'s thread, at
/// the start and when their files change; connections begin with the present ones. Any
/// thread may ask.
class certificates {
public:
  /// Whether clients see another one than before. Throws std::runtime_error that names
  /// the file and what is wrong; then those from before stay in use.
  bool read(const tls_settings& files);

  /// Of `https://` listeners; null: there is none.
  tls_context accepting() const { return accepting_.get(); }
  /// Towards backends.
  tls_context connecting() const { return connecting_.get(); }
  /// When the listeners' certificate ends, in seconds since 1970; 0: there is none.
  std::int64_t end() const { return end_of_certificate(accepting()); }

private:
  slot<tls_context> accepting_;
  slot<tls_context> connecting_;
};

/// The files that those settings name.
std::vector<std::string> files_of(const tls_settings& tls);

/// Reads each backend's token from the file that it names. Throws config_error.
void read_tokens(std::vector<backend_settings>& backends);

} // namespace conductor

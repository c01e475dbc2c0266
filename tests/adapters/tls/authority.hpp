#pragma once

#include "adapters/tls/certificates.hpp"

#include <string>

namespace conductor::test {

/// PEM files of a certificate that signs itself, for `name` (a DNS name), which ends
/// `days` from now. Made in the test's own folder.
pem_files make_certificate(const std::string& name, int days = 1);

} // namespace conductor::test

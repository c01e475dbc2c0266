#include "adapters/cli/version.hpp"

namespace conductor::cli {

const std::string_view version = CONDUCTOR_VERSION;

} // namespace conductor::cli

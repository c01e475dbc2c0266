#include "adapters/log/audit.hpp"

#include <spdlog/spdlog.h>

#include <memory>

namespace conductor {

void audit(std::string_view who, std::string_view method, std::string_view path,
           int status, std::string_view detail) {
  const auto own = spdlog::get("audit"); // null: the log has not begun, or has ended
  auto* to = own ? own.get() : spdlog::default_logger_raw();
  to->info("audit {}: {} {} status={}{}{}", who, method, path, status,
           detail.empty() ? "" : " ", detail);
}

} // namespace conductor

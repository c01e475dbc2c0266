#include "adapters/log/audit.hpp"

#include "messages/key_mark.hpp"

#include <spdlog/spdlog.h>

#include <memory>
#include <string>

namespace conductor {

void audit(std::string_view who, std::string_view method, std::string_view path,
           int status, std::string_view detail) {
  const auto own = spdlog::get("audit"); // null: the log has not begun, or has ended
  auto* to = own ? own.get() : spdlog::default_logger_raw();
  to->info("audit {}: {} {} status={}{}{}", who, method,
           without_secrets(std::string{path}), status, detail.empty() ? "" : " ",
           without_secrets(std::string{detail}));
}

} // namespace conductor

#include "adapters/log/log.hpp"

#include <nlohmann/json.hpp>
#include <spdlog/async.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <string>

namespace conductor {
namespace {

constexpr std::size_t queued_lines = 8192;

/// The message as a JSON string, quotes included: a log line is data, whatever is in it.
class json_message final : public spdlog::custom_flag_formatter {
public:
  void format(const spdlog::details::log_msg& message, const std::tm&,
              spdlog::memory_buf_t& to) override {
    const nlohmann::json text = std::string{message.payload.data(), message.payload.size()};
    const auto line
      = text.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    to.append(line.data(), line.data() + line.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<json_message>();
  }
};

spdlog::level::level_enum level_of(log_level level) {
  switch (level) {
  case log_level::trace: return spdlog::level::trace;
  case log_level::debug: return spdlog::level::debug;
  case log_level::info: return spdlog::level::info;
  case log_level::warn: return spdlog::level::warn;
  case log_level::error: return spdlog::level::err;
  }
  return spdlog::level::info;
}

} // namespace

void start_log(const log_settings& settings) {
  spdlog::init_thread_pool(queued_lines, 1);
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  auto logger = std::make_shared<spdlog::async_logger>(
    "conductor", std::move(sink), spdlog::thread_pool(),
    spdlog::async_overflow_policy::overrun_oldest);
  logger->set_level(level_of(settings.level));
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  formatter->add_flag<json_message>('*');
  formatter->set_pattern(settings.format == log_format::json
                           ? R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l","message":%*})"
                           : "%Y-%m-%dT%H:%M:%S.%e %l %v");
  logger->set_formatter(std::move(formatter));
  spdlog::set_default_logger(std::move(logger));
}

void stop_log() {
  if (const auto pool = spdlog::thread_pool())
    if (const auto lost = pool->overrun_counter(); lost > 0)
      spdlog::warn("the log lost {} lines: its queue was full", lost);
  spdlog::shutdown();
}

} // namespace conductor

#include "adapters/log/log.hpp"

#include <nlohmann/json.hpp>
#include <spdlog/async.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace conductor {
namespace {

constexpr std::size_t queued_lines = 8192;

/// The message as a JSON string, quotes included: a log line is data, whatever is in it.
class json_message final : public spdlog::custom_flag_formatter {
public:
  void format(const spdlog::details::log_msg& message, const std::tm&,
              spdlog::memory_buf_t& to) override {
    const nlohmann::json text =
        std::string{message.payload.data(), message.payload.size()};
    const auto line = text.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    to.append(line.data(), line.data() + line.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<json_message>();
  }
};

/// The message with control characters as \xNN: a model's name that a peer sent cannot
/// forge a line of its own.
class one_line_message final : public spdlog::custom_flag_formatter {
public:
  void format(const spdlog::details::log_msg& message, const std::tm&,
              spdlog::memory_buf_t& to) override {
    constexpr std::string_view hex = "0123456789abcdef";
    for (const unsigned char c : message.payload) {
      if (c >= 0x20 && c != 0x7f) {
        to.push_back(static_cast<char>(c));
        continue;
      }
      const std::array escaped{'\\', 'x', hex[c >> 4], hex[c & 15]};
      to.append(escaped.data(), escaped.data() + escaped.size());
    }
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<one_line_message>();
  }
};

spdlog::level::level_enum level_of(log_level level) {
  switch (level) {
  case log_level::trace:
    return spdlog::level::trace;
  case log_level::debug:
    return spdlog::level::debug;
  case log_level::info:
    return spdlog::level::info;
  case log_level::warn:
    return spdlog::level::warn;
  case log_level::error:
    return spdlog::level::err;
  }
  return spdlog::level::info;
}

} // namespace

void start_log(const log_settings& settings) {
  spdlog::init_thread_pool(queued_lines, 1);
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  const auto made = [&](const char* name) {
    return std::make_shared<spdlog::async_logger>(
        name, sink, spdlog::thread_pool(), spdlog::async_overflow_policy::overrun_oldest);
  };
  auto logger = made("conductor");
  logger->set_level(level_of(settings.level));
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  formatter->add_flag<json_message>('*').add_flag<one_line_message>('&');
  formatter->set_pattern(
      settings.format == log_format::json
          ? R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l","logger":"%n","message":%*})"
          : "%Y-%m-%dT%H:%M:%S.%e %l %&");
  logger->set_formatter(std::move(formatter));
  spdlog::set_default_logger(std::move(logger));
  auto audit = made("audit"); // whatever else is logged; the sink is the same
  spdlog::register_logger(std::move(audit));
}

void stop_log() {
  if (const auto pool = spdlog::thread_pool())
    if (const auto lost = pool->overrun_counter(); lost > 0)
      spdlog::warn("the log lost {} lines: its queue was full", lost);
  // A line after spdlog::shutdown() would crash, so what still comes is written directly.
  spdlog::drop("audit");
  const auto queued = spdlog::default_logger();
  auto direct = std::make_shared<spdlog::logger>("direct", queued->sinks().begin(),
                                                 queued->sinks().end());
  direct->set_level(queued->level());
  spdlog::set_default_logger(std::move(direct));
  spdlog::details::registry::instance().set_tp(nullptr); // writes what is queued, joins
}

} // namespace conductor

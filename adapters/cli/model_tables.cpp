#include "adapters/cli/models.hpp"
#include "adapters/cli/record.hpp"
#include "adapters/cli/table.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>
#include <cmath>

namespace conductor::cli {

namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string time_text(const nlohmann::json& model, const char* key, moment now) {
  auto when = parse_moment(text_of(model, key));
  return when ? human_time(*when, now) : "Never";
}

} // namespace

std::string processor(std::int64_t size, std::int64_t on_gpu) {
  if (on_gpu == 0)
    return "100% CPU";
  if (on_gpu == size)
    return "100% GPU";
  if (on_gpu > size || size == 0)
    return "Unknown";
  auto share = static_cast<double>(size - on_gpu) / static_cast<double>(size);
  auto cpu = static_cast<int>(std::round(share * 100));
  return std::to_string(cpu) + "%/" + std::to_string(100 - cpu) + "% CPU/GPU";
}

std::string models_table(const nlohmann::json& tags, const std::string& prefix,
                         moment now) {
  std::vector<row> rows{{"NAME", "ID", "SIZE", "MODIFIED"}};
  for (const auto& model : list_of(tags, "models")) {
    auto name = text_of(model, "name");
    if (!lower(name).starts_with(lower(prefix)))
      continue;
    bool remote = !text_of(model, "remote_model").empty();
    rows.push_back({name, text_of(model, "digest").substr(0, 12),
                    remote ? "-" : human_bytes(number_of(model, "size")),
                    time_text(model, "modified_at", now)});
  }
  return table(rows);
}

std::string running_table(const nlohmann::json& ps, const std::string& prefix,
                          moment now) {
  std::vector<row> rows{{"NAME", "ID", "SIZE", "PROCESSOR", "CONTEXT", "UNTIL"}};
  for (const auto& model : list_of(ps, "models")) {
    auto name = text_of(model, "name");
    if (!name.starts_with(prefix))
      continue;
    auto size = number_of(model, "size");
    // The end is set only when a model goes idle: in the past means that it is going, or
    // busy after its last end.
    auto until = parse_moment(text_of(model, "expires_at"));
    rows.push_back(
        {name, text_of(model, "digest").substr(0, 12), human_bytes(size),
         processor(size, number_of(model, "size_vram")),
         std::to_string(number_of(model, "context_length")),
         until && *until < now ? "Stopping..." : time_text(model, "expires_at", now)});
  }
  return table(rows);
}

} // namespace conductor::cli

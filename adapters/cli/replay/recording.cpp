#include "adapters/cli/replay/recording.hpp"

#include "adapters/cli/failure.hpp"
#include "adapters/cli/human.hpp"
#include "adapters/cli/record.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>

namespace conductor::cli {

namespace {

using nlohmann::json;

double seconds_of(const json& object, const char* key) {
  const auto at = object.find(key);
  return at != object.end() && at->is_number() ? std::max(0.0, at->get<double>()) : 0;
}

/// Empty: it cannot be asked again.
std::optional<std::pair<moment, recorded_request>> read(const json& told) {
  const auto when = parse_moment(text_of(told, "time"));
  recorded_request r;
  r.model = text_of(told, "model");
  r.priority = text_of(told, "class"); // what takes a place has one
  if (!when || r.model.empty() || r.priority.empty())
    return std::nullopt;
  const auto path = text_of(told, "path"), outcome = text_of(told, "outcome");
  const auto &timing = list_of(told, "timing"), &used = list_of(told, "usage");
  r.embeds = path.find("embed") != std::string::npos;
  r.cancelled = outcome == "cancelled";
  r.failed = !r.cancelled && (outcome != "done" || number_of(told, "status") >= 400);
  r.flow = text_of(told, "flow");
  r.session = text_of(told, "session");
  r.prompt_tokens = static_cast<std::uint64_t>(number_of(used, "prompt_tokens"));
  r.answer_tokens = static_cast<std::uint64_t>(number_of(used, "completion_tokens"));
  r.queue_s = seconds_of(timing, "queue");
  r.first_s = seconds_of(timing, "first");
  r.total_s = seconds_of(told, "seconds");
  return std::pair{*when, std::move(r)};
}

/// One document, or one request in each line.
json requests_in(std::string_view text, const std::string& name) {
  if (const auto whole = json::parse(text, nullptr, false);
      whole.is_object() && whole.contains("requests"))
    return list_of(whole, "requests");
  auto all = json::array();
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos)
      continue;
    auto told = json::parse(line, nullptr, false);
    if (!told.is_object() || !told.contains("time"))
      throw failure(
          name + ":" + std::to_string(number) +
              ": this is no request; what `conductor requests --json` prints is "
              "wanted, or the lines of `conductor requests --follow --json`",
          exit_usage);
    all.push_back(std::move(told));
  }
  return all;
}

} // namespace

recording parse_recording(std::string_view text, const std::string& name) {
  recording all;
  std::vector<std::pair<moment, recorded_request>> found;
  for (const auto& told : requests_in(text, name)) {
    if (auto r = told.is_object() ? read(told) : std::nullopt)
      found.push_back(std::move(*r));
    else
      ++all.left_out;
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [when, r] : found) {
    r.at_s = std::chrono::duration<double>(when - found.front().first).count();
    all.requests.push_back(std::move(r));
  }
  return all;
}

} // namespace conductor::cli

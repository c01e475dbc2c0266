#include "adapters/cli/requests.hpp"

#include "adapters/cli/failure.hpp"
#include "adapters/cli/node.hpp"
#include "adapters/cli/percent.hpp"
#include "adapters/cli/record.hpp"
#include "adapters/cli/table.hpp"
#include "adapters/cli/terminal.hpp"

#include <nlohmann/json.hpp>

namespace conductor::cli {

namespace {

using nlohmann::json;

moment now() {
  return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
}

// `-` where nothing was told.
std::string seconds_text(const json& object, const char* key) {
  auto at = object.find(key);
  auto seconds = at != object.end() && at->is_number() ? at->get<double>() : 0;
  if (seconds <= 0)
    return "-";
  return seconds < 1 ? fixed(seconds * 1000, 1) + " ms" : fixed(seconds, 2) + " s";
}

std::string or_dash(std::string text) {
  return text.empty() ? "-" : std::move(text);
}

row line_of(const json& r, moment now) {
  auto when = parse_moment(text_of(r, "time"));
  const auto &timing = list_of(r, "timing"), &used = list_of(r, "usage");
  auto model = text_of(r, "model");
  return {text_of(r, "id"),
          when ? human_time(*when, now) : "-",
          model.empty() ? text_of(r, "method") + " " + text_of(r, "path") : model,
          or_dash(text_of(r, "backend")),
          std::to_string(number_of(r, "status")),
          text_of(r, "outcome"),
          seconds_text(timing, "queue"),
          seconds_text(timing, "load"),
          seconds_text(timing, "first"),
          seconds_text(r, "seconds"),
          used.empty() ? "-"
                       : std::to_string(number_of(used, "prompt_tokens")) + "/" +
                             std::to_string(number_of(used, "completion_tokens"))};
}

} // namespace

std::string requests_table(const json& document, moment now) {
  std::vector<row> rows{{"ID", "READ", "MODEL", "BACKEND", "STATUS", "OUTCOME", "QUEUE",
                         "LOAD", "FIRST", "TOTAL", "TOKENS"}};
  for (const auto& r : list_of(document, "requests"))
    if (r.is_object())
      rows.push_back(line_of(r, now));
  return table(rows, 60);
}

int list_requests(const requests_options& options) {
  catch_signals();
  auto target = "/conductor/v1/requests?limit=" + std::to_string(options.limit);
  if (!options.outcome.empty())
    target += "&outcome=" + percent_encoded(options.outcome);
  if (!options.model.empty())
    target += "&model=" + percent_encoded(options.model);
  auto body = node_client(options.host).fetch({"GET", target}).body;
  write_out(options.raw ? body + "\n" : requests_table(parse_document(body), now()));
  return exit_ok;
}

} // namespace conductor::cli

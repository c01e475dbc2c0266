#include "adapters/cli/requests.hpp"

#include "adapters/cli/ended_requests.hpp"
#include "adapters/cli/failure.hpp"
#include "adapters/cli/node.hpp"
#include "adapters/cli/percent.hpp"
#include "adapters/cli/record.hpp"
#include "adapters/cli/table.hpp"
#include "adapters/cli/terminal.hpp"
#include "adapters/cli/text_width.hpp"

#include <nlohmann/json.hpp>

#include <array>

namespace conductor::cli {

namespace {

using nlohmann::json;

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

row headings() {
  return {"ID",    "READ", "MODEL", "BACKEND", "STATUS", "OUTCOME",
          "QUEUE", "LOAD", "FIRST", "TOTAL",   "TOKENS"};
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
  std::vector<row> rows{headings()};
  for (const auto& r : list_of(document, "requests"))
    if (r.is_object())
      rows.push_back(line_of(r, now));
  return table(rows, 60);
}

namespace {

std::string padded_line(const row& cells) {
  constexpr std::array<std::size_t, 11> widths{36, 8, 24, 12, 6, 14, 9, 9, 9, 9, 0};
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    line += cells[i];
    const auto width = text_width(cells[i]);
    if (i + 1 < cells.size())
      line.append(width < widths.at(i) ? widths.at(i) - width : 0, ' ').append("  ");
  }
  return line + "\n";
}

// The second of a time in RFC 3339: lines that stay do not say how long ago.
std::string clock_text(const std::string& time) {
  return time.size() < 19 ? "-" : time.substr(11, 8);
}

// Until Ctrl-C. Of those that have ended already the last `limit` are told first.
int follow_requests(const requests_options& options) {
  auto node = node_client(options.host);
  ended_requests watch;
  const auto wanted = [&](const json& r) {
    return (options.outcome.empty() || text_of(r, "outcome") == options.outcome) &&
           (options.model.empty() || text_of(r, "model") == options.model);
  };
  if (!options.raw)
    write_out(padded_line(headings()));
  for (bool first = true;; first = false) {
    auto news = watch.news(node.fetch(ended_requests::asking()).body);
    std::erase_if(news, [&](const json& r) { return !wanted(r); });
    const auto most = static_cast<std::size_t>(options.limit);
    if (first && news.size() > most)
      news.erase(news.begin(), news.end() - options.limit);
    if (watch.missed())
      write_error("some are missing: more ended in a second than the node keeps "
                  "(log.keep_requests)\n");
    for (const auto& r : news) {
      auto cells = line_of(r, now());
      cells[1] = clock_text(text_of(r, "time"));
      write_out(options.raw ? r.dump() + "\n" : padded_line(cells));
    }
    node.idle(std::chrono::seconds(1), [] {});
  }
}

} // namespace

int list_requests(const requests_options& options) {
  catch_signals();
  if (options.follow)
    return follow_requests(options);
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

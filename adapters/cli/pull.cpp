#include "adapters/cli/pull.hpp"

#include "adapters/cli/failure.hpp"
#include "adapters/cli/progress_bar.hpp"
#include "adapters/cli/record.hpp"
#include "adapters/cli/spinner.hpp"
#include "adapters/cli/terminal.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <utility>
#include <variant>
#include <vector>

namespace conductor::cli {

namespace {

using clock = std::chrono::steady_clock;

std::string layer_name(const std::string& digest) {
  constexpr std::string_view prefix = "sha256:";
  return digest.starts_with(prefix) ? digest.substr(prefix.size(), 12) : digest;
}

// The steps so far, one line each; redrawn in place.
class live_view {
public:
  void step(const std::string& status) { rows_.emplace_back(status); }

  void layer(const std::string& digest, std::int64_t total, std::int64_t done) {
    auto now = clock::now();
    auto [at, fresh] = bars_.try_emplace(digest, rows_.size());
    if (fresh)
      rows_.emplace_back(
          progress_bar("pulling " + layer_name(digest) + ":", total, done, now));
    std::get<progress_bar>(rows_[at->second]).set(done, now);
  }

  void draw(bool last = false) {
    auto columns = terminal_width(2);
    std::string out = "\x1b[?2026h\x1b[?25l";
    for (std::size_t i = 1; i < drawn_; ++i)
      out += "\x1b[A";
    out += "\x1b[1G";
    // What does not fit on the screen could not be drawn over again.
    auto shown = std::min<std::size_t>(rows_.size(), terminal_height(2));
    for (auto i = rows_.size() - shown; i < rows_.size(); ++i) {
      out += i == rows_.size() - shown ? "" : "\n";
      if (const auto* bar = std::get_if<progress_bar>(&rows_[i]))
        out += bar->render(columns);
      else
        out.append(std::get<std::string>(rows_[i]));
      if (rows_[i].index() == 0 && i + 1 == rows_.size() && !last)
        out.append(" ").append(spin_.next());
      out += "\x1b[K";
    }
    drawn_ = shown;
    write_error(out + "\x1b[?25h\x1b[?2026l" + (last ? "\n" : ""));
  }

private:
  std::vector<std::variant<std::string, progress_bar>> rows_;
  std::map<std::string, std::size_t> bars_; // digest to row
  std::size_t drawn_ = 0;
  spinner spin_;
};

// One line for each step, and for a layer when it is done.
class plain_view {
public:
  void step(const std::string& status) { write_error(status + "\n"); }
  void layer(const std::string& digest, std::int64_t total, std::int64_t done) {
    progress_bar bar("", total, done, {});
    if (bar.finished() && !std::exchange(finished_[digest], true))
      write_error("pulling " + layer_name(digest) + ": done\n");
  }

private:
  std::map<std::string, bool> finished_;
};

template <class View>
void show(View& view, const nlohmann::json& record, std::string& status) {
  auto digest = text_of(record, "digest");
  auto done = number_of(record, "completed");
  if (!digest.empty()) {
    if (done > 0)
      view.layer(digest, number_of(record, "total"), done);
    return;
  }
  auto next = text_of(record, "status");
  if (next == status)
    return;
  status = next;
  view.step(status);
}

} // namespace

void pull_model(client& node, const std::string& model, bool insecure) {
  nlohmann::ordered_json body{{"model", model}};
  if (insecure)
    body["insecure"] = true;
  request what{"POST", "/api/pull", body.dump()};
  bool live = surface_of(2).terminal;
  live_view bars;
  plain_view lines;
  std::string status;
  stream_reader reader;
  reader.on_line = [&](std::string_view line) {
    auto record = parse_record(line);
    if (live)
      show(bars, record, status);
    else
      show(lines, record, status);
  };
  if (live)
    reader.on_tick = [&] { bars.draw(); };
  try {
    node.stream(what, reader);
  } catch (...) {
    if (live)
      bars.draw(true);
    throw;
  }
  if (live)
    bars.draw(true);
  if (status != "success")
    throw failure("the download of " + model + " ended before it was complete");
}

} // namespace conductor::cli

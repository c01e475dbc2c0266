#include "adapters/cli/gpus.hpp"

#include "adapters/cli/backend_cells.hpp"
#include "adapters/cli/failure.hpp"
#include "adapters/cli/human.hpp"
#include "adapters/cli/models.hpp"
#include "adapters/cli/node.hpp"
#include "adapters/cli/record.hpp"
#include "adapters/cli/table.hpp"
#include "adapters/cli/terminal.hpp"

#include <nlohmann/json.hpp>

#include <chrono>

namespace conductor::cli {

namespace {

using nlohmann::json;

const std::string target = "/conductor/v1/gpus";

bool has(const json& object, const char* key) {
  auto at = object.find(key);
  return at != object.end() && at->is_number();
}

/// A number of the node in another unit, with its name behind it.
std::string measure(const json& d, const char* key, double unit, const char* name) {
  return has(d, key) ? fixed(d[key].get<double>() * unit, 0) + name : "";
}

/// `38 GB of 80 GB`: what is used of what there is.
std::string of_all(const std::string& part, const std::string& whole) {
  return whole.empty() ? part : part + " of " + whole;
}

std::string bytes_text(const json& d, const char* key) {
  return has(d, key) ? human_bytes(number_of(d, key)) : "";
}

std::string memory_text(const json& d) {
  return of_all(bytes_text(d, "memory_used_bytes"), bytes_text(d, "memory_total_bytes"));
}

std::string words_of(const json& list) {
  std::string all;
  for (const auto& word : list)
    if (word.is_string())
      all += (all.empty() ? "" : ", ") + word.get<std::string>();
  return all;
}

/// What is not as it should be.
std::string notes_of(const json& d) {
  std::string all;
  auto add = [&](const std::string& note) {
    all += (all.empty() || note.empty() ? "" : "; ") + note;
  };
  if (auto state = text_of(d, "state"); state != "up")
    add(state + ": " + text_of(d, "problem"));
  if (auto slowed = words_of(list_of(d, "throttled")); !slowed.empty())
    add("throttled: " + slowed);
  if (number_of(d, "xid_errors") > 0)
    add(std::to_string(number_of(d, "xid_errors")) + " XID errors, last " +
        std::to_string(number_of(d, "last_xid")));
  if (number_of(d, "ecc_uncorrected") > 0)
    add(std::to_string(number_of(d, "ecc_uncorrected")) + " uncorrected memory errors");
  return all;
}

std::string device_table(const json& gpus) {
  constexpr std::size_t widest = 40;
  std::vector<row> rows{
      {"GPU", "NAME", "BUSY", "MEMORY", "TEMP", "POWER", "CLOCK", "FAN", "NOTES"}};
  for (const auto& d : gpus) {
    if (!d.is_object())
      continue;
    auto index = count_text(d, "index");
    rows.push_back({index, or_dash(text_of(d, "name")),
                    or_dash(measure(d, "utilization", 100, "%")), or_dash(memory_text(d)),
                    or_dash(measure(d, "temperature_c", 1, " C")),
                    or_dash(of_all(measure(d, "power_w", 1, " W"),
                                   measure(d, "power_limit_w", 1, " W"))),
                    or_dash(measure(d, "core_clock_hz", 1e-6, " MHz")),
                    or_dash(measure(d, "fan", 100, "%")), notes_of(d)});
    for (const auto& p : list_of(d, "partitions"))
      if (p.is_object())
        rows.push_back({index + ":" + count_text(p, "index"), or_dash(text_of(p, "name")),
                        "-", or_dash(memory_text(p)), "-", "-", "-", "-", ""});
  }
  return table(rows, widest);
}

/// The rows below what is there; nothing where they are but a head.
std::string below(const std::vector<row>& rows) {
  constexpr std::size_t widest = 60;
  std::string text;
  if (rows.size() > 1)
    text.append("\n").append(table(rows, widest));
  return text;
}

std::string process_table(const json& gpus) {
  std::vector<row> rows{{"GPU", "PID", "MEMORY", "PROCESS"}};
  for (const auto& d : gpus)
    if (d.is_object())
      for (const auto& p : list_of(d, "processes"))
        if (p.is_object())
          rows.push_back({count_text(d, "index"), count_text(p, "pid"),
                          or_dash(bytes_text(p, "memory_bytes")),
                          or_dash(text_of(p, "name"))});
  return below(rows);
}

std::string placement_table(const json& models) {
  std::vector<row> rows{{"MODEL", "BACKEND", "SIZE", "PROCESSOR"}};
  for (const auto& m : models)
    if (m.is_object())
      rows.push_back({text_of(m, "model"), text_of(m, "backend"),
                      or_dash(bytes_text(m, "size_bytes")),
                      processor(number_of(m, "size_bytes"), number_of(m, "gpu_bytes"))});
  return below(rows);
}

} // namespace

std::string gpus_text(const json& document) {
  const auto& all = list_of(document, "gpus");
  std::string text;
  if (auto stale = document.find("stale"); stale != document.end() && *stale == true)
    text += "The GPU driver does not answer: this is old.\n";
  if (text_of(document, "probe").empty()) {
    text += "The node has not looked at its GPUs yet.\n";
  } else if (all.empty()) {
    auto why = text_of(document, "problem");
    text +=
        "No GPU is seen on the node's machine" + (why.empty() ? "" : ": " + why) + ".\n";
  } else {
    text += device_table(all) + process_table(all);
  }
  return text + placement_table(list_of(document, "models"));
}

int gpus(const gpu_options& options) {
  constexpr auto pause = std::chrono::seconds(1);
  catch_signals();
  auto node = node_client(options.host);
  auto ask = [&] {
    auto body = node.fetch({"GET", target}).body;
    return options.raw ? body + "\n" : gpus_text(parse_document(body));
  };
  auto text = ask();
  for (bool clears = !options.raw && surface_of(1).terminal; options.watch;
       text = ask()) {
    write_out(clears ? "\x1b[H\x1b[2J" + text : text + (options.raw ? "" : "\n"));
    node.idle(pause, [] {});
  }
  write_out(text);
  return exit_ok;
}

} // namespace conductor::cli

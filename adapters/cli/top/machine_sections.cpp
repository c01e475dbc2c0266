#include "adapters/cli/top/machine_sections.hpp"

#include "adapters/cli/backend_cells.hpp"
#include "adapters/cli/record.hpp"
#include "adapters/cli/screen/glyphs.hpp"

#include <algorithm>
#include <utility>

namespace conductor::cli {

namespace {

using nlohmann::json;

constexpr std::size_t bar_width = 8;

double real_of(const json& object, const char* key) {
  auto at = object.find(key);
  return at != object.end() && at->is_number() ? at->get<double>() : 0;
}

bool flag_of(const json& object, const char* key) {
  auto at = object.find(key);
  return at != object.end() && *at == true;
}

tone heat(double share) {
  return share >= 0.9 ? tone::warn : tone::good;
}

cell share_cell(double part, double whole) {
  if (whole <= 0)
    return {{fixed(part, 0), {}}, part};
  return {{bar(part / whole, bar_width) + " " + fixed(part, 0) + "/" + fixed(whole, 0),
           {heat(part / whole)}},
          part};
}

// How much of a model in memory lies on GPUs; nothing where Ollama did not tell.
std::string placed(const json& placements, const std::string& backend,
                   const std::string& model) {
  for (const auto& p : placements)
    if (p.is_object() && text_of(p, "backend") == backend && text_of(p, "model") == model)
      return fixed(real_of(p, "gpu_ratio") * 100, 0) + "% GPU, " +
             human_bytes(number_of(p, "size_bytes"));
  return {};
}

entry runner_row(const json& r, const json& placements, const std::string& backend) {
  auto model = text_of(r, "model");
  std::string notes = placed(placements, backend, model);
  auto add = [&](const std::string& note) {
    notes += (notes.empty() || note.empty() ? "" : ", ") + note;
  };
  add(flag_of(r, "pinned") ? "pinned" : "");
  add(number_of(r, "zombies") > 0 ? std::to_string(number_of(r, "zombies")) + " zombies"
                                  : "");
  bool loaded = flag_of(r, "loaded");
  return {backend,
          model,
          {{piece("  " + model)},
           {{loaded ? "in memory" : "not loaded", {loaded ? tone::good : tone::faint}}},
           share_cell(real_of(r, "running"), real_of(r, "places")),
           {{"", {}}},
           {piece(notes)}}};
}

std::string memory_text(const json& d) {
  if (!d.contains("memory_total_bytes"))
    return "-";
  return bar(real_of(d, "memory_used_bytes") / real_of(d, "memory_total_bytes"),
             bar_width) +
         " " + human_bytes(number_of(d, "memory_used_bytes")) + "/" +
         human_bytes(number_of(d, "memory_total_bytes"));
}

} // namespace

section backends_section(const node_state& node) {
  section s{topic::backends,
            "BACKENDS",
            {{"BACKEND", 0, 10, 40},
             {"STATE", 1, 8, 24},
             {"BUSY", 2, 5},
             {"LATENCY", 4, 7, 10, true},
             {"NOTES", 3, 8, 60}},
            {}};
  for (const auto& b : node.entries("backends")) {
    if (!b.is_object())
      continue;
    auto name = text_of(b, "name"), state = state_text(b);
    auto latency = real_of(b, "latency_us") / 1000;
    auto notes = text_of(b, "url");
    auto add = [&](const std::string& note, const char* before = "") {
      if (!note.empty())
        notes += ", " + (before + note);
    };
    add(text_of(b, "error"));
    add(text_of(b, "version"));
    add(text_of(b, "loading"), "loads ");
    s.entries.push_back({name,
                         {},
                         {{piece(name, {tone::plain, true})},
                          {piece(state, {state == "up"                 ? tone::good
                                         : text_of(b, "state") == "up" ? tone::warn
                                                                       : tone::bad})},
                          share_cell(real_of(b, "in_flight"), real_of(b, "parallel")),
                          {{latency > 0 ? fixed(latency, 1) + " ms" : "-", {}}, latency},
                          {piece(notes, {tone::faint})}}});
    for (const auto& r : list_of(b, "runners"))
      if (r.is_object())
        s.entries.push_back(runner_row(r, node.placements(), name));
  }
  return s;
}

section gpus_section(const node_state& node) {
  section s{topic::gpus,
            "GPUS",
            {{"GPU", 0, 3},
             {"NAME", 4, 8, 24},
             {"BUSY", 1, 6},
             {"LAST", 3, 12, 12},
             {"MEMORY", 2, 12},
             {"TEMP", 4, 5, 8, true},
             {"POWER", 5, 6, 16, true},
             {"NOTES", 6, 6, 40}},
            {}};
  for (const auto& d : node.entries("gpus")) {
    if (!d.is_object())
      continue;
    auto index = std::to_string(number_of(d, "index"));
    auto busy = real_of(d, "utilization");
    auto state = text_of(d, "state");
    std::string notes = state == "up" ? "" : state + " " + text_of(d, "problem");
    for (const auto& why : list_of(d, "throttled"))
      if (why.is_string())
        notes += (notes.empty() ? "" : ", ") + why.get<std::string>();
    s.entries.push_back(
        {index,
         {},
         {{piece(index), std::stod(index)},
          {piece(text_of(d, "name"))},
          {{bar(busy, bar_width) + " " + fixed(busy * 100, 0) + "%", {heat(busy)}}, busy},
          {{spark(node.busy(index), 12, 1), {tone::accent}}},
          {{memory_text(d), {}}, real_of(d, "memory_used_bytes")},
          {{d.contains("temperature_c") ? fixed(real_of(d, "temperature_c"), 0) + " C"
                                        : "-",
            {}},
           real_of(d, "temperature_c")},
          {{d.contains("power_w") ? fixed(real_of(d, "power_w"), 0) + " W" : "-", {}},
           real_of(d, "power_w")},
          {piece(notes, {tone::warn})}}});
  }
  return s;
}

} // namespace conductor::cli

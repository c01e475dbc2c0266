#include "adapters/cli/top/sections.hpp"

#include "adapters/cli/record.hpp"
#include "adapters/cli/screen/glyphs.hpp"
#include "adapters/cli/top/machine_sections.hpp"

#include <algorithm>
#include <utility>

namespace conductor::cli {

namespace {

using nlohmann::json;

double real_of(const json& object, const char* key) {
  auto at = object.find(key);
  return at != object.end() && at->is_number() ? at->get<double>() : 0;
}

cell text_cell(std::string_view text, tone colour = tone::plain) {
  return {piece(text.empty() ? "-" : text, {colour})};
}

cell text_cell(const json& object, const char* key, tone colour = tone::plain) {
  return text_cell(text_of(object, key), colour);
}

std::string span_text(double seconds) {
  if (seconds < 1)
    return fixed(seconds * 1000, 0) + " ms";
  return seconds < 10
             ? fixed(seconds, 1) + " s"
             : short_duration(std::chrono::seconds(static_cast<std::int64_t>(seconds)));
}

// Nothing where nobody told.
cell seconds_cell(double seconds) {
  if (seconds <= 0)
    return {{"-", {}}, 0};
  return {{span_text(seconds), {}}, seconds};
}

cell number_cell(double value, int decimals = 0) {
  return {{value > 0 ? fixed(value, decimals) : "-", {}}, value};
}

cell when_cell(const json& object, const char* key, moment now) {
  auto when = parse_moment(text_of(object, key));
  if (!when)
    return text_cell("");
  return {{human_time(*when, now), {}},
          static_cast<double>(when->time_since_epoch().count())};
}

std::string title_of(const node_state& node, const std::string& session) {
  for (const auto& s : node.entries("sessions"))
    if (s.is_object() && text_of(s, "id") == session)
      return text_of(s, "title");
  return {};
}

section answers(const node_state& node) {
  section s{topic::answers,
            "ANSWERS",
            {{"MODEL", 0, 8, 32},
             {"STATE", 1, 7},
             {"BACKEND", 3, 4, 20},
             {"AGE", 2, 4, 10, true},
             {"FIRST", 4, 4, 10, true},
             {"TOKENS", 2, 6, 10, true},
             {"TOK/S", 1, 5, 10, true},
             {"FOR", 5, 6, 28},
             {"ID", 6, 8, 36}},
            {}};
  for (const auto& g : node.entries("generations")) {
    if (!g.is_object())
      continue;
    auto id = text_of(g, "id"), session = text_of(g, "session");
    auto state = text_of(g, "state");
    bool began = real_of(g, "pieces") > 0;
    auto shown = began || state != "running" ? state : "reading";
    auto whose = session.empty() ? text_of(g, "peer") : title_of(node, session);
    s.entries.push_back(
        {id,
         {},
         {text_cell(g, "model"),
          text_cell(began ? "answers" : shown, began ? tone::good : tone::warn),
          text_cell(g, "backend"), seconds_cell(real_of(g, "age_ms") / 1000),
          began ? cell{{span_text(real_of(g, "first_ms") / 1000), {}},
                       real_of(g, "first_ms") / 1000}
                : text_cell(""),
          number_cell(real_of(g, "pieces")), number_cell(node.rate(id), 1),
          text_cell(whose.empty() ? session : whose), text_cell(id, tone::faint)}});
  }
  return s;
}

section queue(const node_state& node) {
  section s{topic::queue,
            "QUEUE",
            {{"POS", 1, 3, 6, true},
             {"CLASS", 1, 6},
             {"FLOW", 2, 8, 32},
             {"MODEL", 0, 8, 32},
             {"WAITED", 2, 5, 10, true},
             {"ETA", 3, 4, 10, true},
             {"ID", 4, 8, 36}},
            {}};
  for (const auto& q : node.entries("queue")) {
    if (!q.is_object())
      continue;
    auto kind = text_of(q, "class");
    s.entries.push_back(
        {text_of(q, "id"),
         {},
         {number_cell(real_of(q, "position")),
          text_cell(kind, kind == "interactive" ? tone::accent
                          : kind == "batch"     ? tone::faint
                                                : tone::plain),
          text_cell(q, "flow"), text_cell(q, "model"),
          seconds_cell(real_of(q, "waited_ms") / 1000),
          seconds_cell(real_of(q, "eta_ms") / 1000), text_cell(q, "id", tone::faint)}});
  }
  return s;
}

section sessions(const node_state& node, moment now) {
  section s{topic::sessions,
            "SESSIONS",
            {{"TITLE", 0, 12, 48},
             {"MODEL", 1, 8, 32},
             {"STATE", 2, 7},
             {"UPDATED", 3, 6, 20},
             {"ID", 4, 8, 36}},
            {}};
  for (const auto& one : node.entries("sessions")) {
    if (!one.is_object())
      continue;
    auto id = text_of(one, "id");
    const auto& running = node.entries("generations");
    bool busy = std::any_of(running.begin(), running.end(), [&](const json& g) {
      return g.is_object() && text_of(g, "session") == id;
    });
    s.entries.push_back(
        {id,
         {},
         {text_cell(one, "title"), text_cell(one, "model"),
          busy ? text_cell("answers", tone::good) : text_cell(""),
          when_cell(one, "updated_at", now), text_cell(id, tone::faint)}});
  }
  return s;
}

section requests(const node_state& node, moment now) {
  section s{topic::requests,
            "RECENT",
            {{"READ", 4, 6, 20},
             {"WHAT", 0, 8, 36},
             {"OUTCOME", 1, 7, 24},
             {"BACKEND", 5, 4, 20},
             {"QUEUE", 6, 5, 10, true},
             {"FIRST", 2, 5, 10, true},
             {"TOTAL", 3, 5, 10, true},
             {"TOKENS", 4, 6, 12, true},
             {"ID", 7, 8, 36}},
            {}};
  for (const auto& r : node.entries("requests")) {
    if (!r.is_object())
      continue;
    auto model = text_of(r, "model"), outcome = text_of(r, "outcome");
    const auto &timing = list_of(r, "timing"), &used = list_of(r, "usage");
    auto status = number_of(r, "status");
    if (outcome == "done" && status >= 400)
      outcome = std::to_string(status);
    s.entries.push_back(
        {text_of(r, "id"),
         {},
         {when_cell(r, "time", now),
          text_cell(model.empty() ? text_of(r, "method") + " " + text_of(r, "path")
                                  : model),
          text_cell(outcome, failed(r)           ? tone::bad
                             : outcome == "done" ? tone::good
                                                 : tone::warn),
          text_cell(r, "backend"), seconds_cell(real_of(timing, "queue")),
          seconds_cell(real_of(timing, "first")), seconds_cell(real_of(r, "seconds")),
          number_cell(real_of(used, "completion_tokens")),
          text_cell(r, "id", tone::faint)},
         failed(r)});
  }
  return s;
}

} // namespace

section section_of(topic about, const node_state& node, moment now) {
  switch (about) {
  case topic::answers:
    return answers(node);
  case topic::queue:
    return queue(node);
  case topic::backends:
    return backends_section(node);
  case topic::gpus:
    return gpus_section(node);
  case topic::sessions:
    return sessions(node, now);
  case topic::requests:
    return requests(node, now);
  }
  return {};
}

lines laid_out(const section& s, std::size_t width) {
  std::vector<std::vector<span>> rows;
  for (const auto& e : s.entries) {
    rows.emplace_back();
    for (const auto& c : e.cells)
      rows.back().push_back(c.shown);
  }
  return laid_out(s.columns, rows, width);
}

lines summary_of(const node_state& node, std::size_t width) {
  const auto& status = node.status();
  line first{piece("Conductor " + text_of(status, "version"), {tone::head})};
  if (status.is_object() && status.contains("uptime_s"))
    first.push_back(
        {"  up " + short_duration(std::chrono::seconds(number_of(status, "uptime_s"))),
         {}});
  line where;
  if (!node.away().empty())
    where.push_back(piece("AWAY: " + node.away(), {tone::bad, true}));
  else if (const auto& at = list_of(status, "listen"); !at.empty() && at[0].is_string())
    where.push_back(piece(at[0].get<std::string>(), {tone::faint}));
  lines out;
  if (!node.away().empty() && width_of(first) + width_of(where) + 1 > width)
    out.push_back(fitted(where, width)); // that the node is away is what matters
  else
    out.push_back(spread(first, where, width));
  if (!node.known())
    return out;
  std::size_t up = 0, all = 0;
  for (const auto& b : node.entries("backends"))
    if (b.is_object())
      ++all, up += text_of(b, "state") == "up";
  line second;
  auto add = [&](std::string text, style look = {}) {
    auto fresh = piece((second.empty() ? "" : "  ") + text, look);
    if (width_of(second) + width_of({fresh}) <= width)
      second.push_back(std::move(fresh));
  };
  add(std::to_string(node.entries("generations").size()) + " answering");
  auto waiting = node.entries("queue").size();
  add(std::to_string(waiting) + " waiting", {waiting > 0 ? tone::warn : tone::plain});
  add(std::to_string(up) + "/" + std::to_string(all) + " up",
      {up == all ? tone::good : tone::bad});
  add(fixed(node.rate(), 0) + " tok/s");
  if (auto errors = node.failures(); errors > 0)
    add(std::to_string(errors) + " failed", {tone::bad});
  if (auto t = node.first(); t.count > 0)
    add("first token p50 " + span_text(t.p50) + " p90 " + span_text(t.p90) + " p99 " +
        span_text(t.p99));
  add(spark(node.rates(), 20), {tone::accent});
  out.push_back(std::move(second));
  return out;
}

} // namespace conductor::cli

#include "adapters/cli/explain.hpp"

#include "adapters/cli/failure.hpp"
#include "adapters/cli/human.hpp"
#include "adapters/cli/node.hpp"
#include "adapters/cli/percent.hpp"
#include "adapters/cli/record.hpp"
#include "adapters/cli/table.hpp"
#include "adapters/cli/terminal.hpp"

#include <nlohmann/json.hpp>

#include <cmath>

namespace conductor::cli {

namespace {

using nlohmann::json;

std::string span_text(std::int64_t ms) {
  if (ms < 1000)
    return std::to_string(ms) + " ms";
  if (ms < 60'000)
    return fixed(static_cast<double>(ms) / 1000, 1) + " s";
  return short_duration(std::chrono::seconds(ms / 1000));
}

double real_of(const json& object, const char* key) {
  auto at = object.find(key);
  return at != object.end() && at->is_number() ? at->get<double>() : 0;
}

std::string load_text(double answers) {
  return fixed(answers, answers == std::floor(answers) ? 0 : 2);
}

std::string yes_text(const json& object, const char* key) {
  auto at = object.find(key);
  return at != object.end() && at->is_boolean() && at->get<bool>() ? "yes" : "no";
}

row line_of(const json& c) {
  auto fit = text_of(c, "fit");
  return {text_of(c, "backend"),
          fit,
          text_of(c, "why"),
          yes_text(c, "answers"),
          yes_text(c, "loaded"),
          yes_text(c, "last_of_session"),
          fixed(100 * real_of(c, "gpu_share"), 0) + "%",
          std::to_string(number_of(c, "tier")),
          load_text(real_of(c, "in_use")),
          fit == "unfit" ? "-" : span_text(number_of(c, "wait_ms"))};
}

// `kept` and `granted` are ways to a backend; anything else names what was wrong.
std::string sentence(const json& decision) {
  auto decided = text_of(decision, "decided"), backend = text_of(decision, "backend"),
       model = text_of(decision, "model");
  auto text = backend.empty() ? "no backend" : backend;
  if (!model.empty())
    text += " for the model " + model;
  if (decided == "kept")
    return text + ", by the place that the request before left";
  if (decided != "granted")
    text += ": " + decided;
  auto waited = number_of(decision, "waited_ms");
  if (waited == 0)
    return text + ", at once";
  text += ", after a wait of ";
  return text + span_text(waited);
}

} // namespace

std::string explanation_text(const json& document) {
  std::string out;
  for (const auto& decision : list_of(document, "decisions")) {
    if (!decision.is_object())
      continue;
    if (!out.empty())
      out += "\n";
    out += sentence(decision);
    out += "\n";
    std::vector<row> rows{{"BACKEND", "FIT", "WHY", "ANSWERS", "LOADED", "LAST", "GPU",
                           "TIER", "IN USE", "WAIT"}};
    for (const auto& c : list_of(decision, "candidates"))
      if (c.is_object())
        rows.push_back(line_of(c));
    if (rows.size() > 1)
      out += table(rows, 60);
  }
  return out;
}

int explain(const explain_options& options) {
  catch_signals();
  auto body =
      node_client(options.host)
          .fetch({"GET", "/conductor/v1/requests/" + percent_encoded(options.request)})
          .body;
  write_out(options.raw ? body + "\n" : explanation_text(parse_document(body)));
  return exit_ok;
}

} // namespace conductor::cli

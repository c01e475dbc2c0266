#include "adapters/cli/doctor/doctor.hpp"

#include "adapters/cli/doctor/checks.hpp"
#include "adapters/cli/failure.hpp"
#include "adapters/cli/node.hpp"
#include "adapters/cli/terminal.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace conductor::cli {

namespace {

struct look {
  const char* word;
  const char* colour;
};

look look_of(finding::state s) {
  constexpr std::array<look, 4> all{{{"ok", "\x1b[32m"},
                                     {"skipped", "\x1b[2m"},
                                     {"warning", "\x1b[33m"},
                                     {"failed", "\x1b[31m"}}};
  return all.at(static_cast<std::size_t>(s));
}

std::size_t count(const findings& all, finding::state s) {
  return static_cast<std::size_t>(std::count_if(
      all.all.begin(), all.all.end(), [s](const finding& f) { return f.is == s; }));
}

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(width, text.size()), ' ');
  return text;
}

std::string counted(std::size_t n, const char* one, const char* many) {
  return std::to_string(n) + " " + (n == 1 ? one : many);
}

} // namespace

std::string doctor_text(const findings& all, bool colour) {
  std::size_t width = 0;
  for (const auto& f : all.all)
    width = std::max(width, f.what.size());
  std::string text;
  for (const auto& f : all.all) {
    const auto look = look_of(f.is);
    const auto word = padded(look.word, 9);
    text += (colour ? look.colour + word + "\x1b[0m" : word) + padded(f.what, width + 2) +
            f.found + "\n";
    if (!f.advice.empty())
      text += std::string(9 + width + 2, ' ') + "-> " + f.advice + "\n";
  }
  const auto failed = count(all, finding::state::failed),
             warned = count(all, finding::state::warning);
  if (failed + warned == 0)
    return text + "\nAll is well.\n";
  text += "\n";
  if (failed > 0)
    text += counted(failed, "check failed", "checks failed") + (warned > 0 ? ", " : "");
  if (warned > 0)
    text += counted(warned, "warning", "warnings");
  return text + ".\n";
}

std::string doctor_json(const findings& all) {
  auto checks = nlohmann::ordered_json::array();
  for (const auto& f : all.all) {
    nlohmann::ordered_json check{
        {"check", f.what}, {"state", look_of(f.is).word}, {"found", f.found}};
    if (!f.advice.empty())
      check["advice"] = f.advice;
    checks.push_back(std::move(check));
  }
  return nlohmann::ordered_json{{"checks", std::move(checks)},
                                {"failed", count(all, finding::state::failed)},
                                {"warnings", count(all, finding::state::warning)}}
      .dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

int doctor(const doctor_options& options) {
  catch_signals();
  findings found;
  auto node = node_client(options.host);
  const auto own = check_configuration(options.config, found);
  const auto told = check_node(node, found);
  if (told) {
    check_health(node, *told, found);
    check_backends(node, *told, found);
    check_gpus(node, found);
  } else if (own) {
    check_listening(*own, found);
    check_ollama(*own, found);
  }
  // Another machine's disk is not seen from here.
  const bool at_home = options.host.empty() && environment("CONDUCTOR_HOST").empty();
  if (own && (at_home || !told))
    check_store(*own, told.has_value(), found);
  if (own && (at_home || !told))
    check_tls(*own, found);
  check_machine(found);
  write_out(options.raw ? doctor_json(found) + "\n"
                        : doctor_text(found, surface_of(1).colour));
  return count(found, finding::state::failed) > 0 ? exit_error : exit_ok;
}

} // namespace conductor::cli

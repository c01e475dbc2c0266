#include "adapters/cli/doctor/checks.hpp"
#include "adapters/cli/doctor/exposure.hpp"
#include "adapters/cli/failure.hpp"
#include "adapters/cli/record.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <ctime>
#include <set>
#include <stdexcept>

namespace conductor::cli {

namespace {

using nlohmann::json;

constexpr double most_seconds_apart = 5;

/// What an Ollama server says when it is asked from here.
struct seen_from_here {
  std::string version; ///< empty: it does not answer
  std::string error;
  double ahead_s = 0; ///< of this machine's clock
};

seen_from_here look_at(const endpoint& at) {
  seen_from_here seen;
  try {
    client ollama({at}, "Ollama server", "");
    const auto answer = ollama.fetch({"GET", "/api/version"});
    seen.version = text_of(parse_document(answer.body), "version");
    std::tm parts{};
    if (::strptime(answer.date.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts) != nullptr)
      seen.ahead_s = std::difftime(::timegm(&parts), std::time(nullptr));
  } catch (const failure& e) {
    seen.error = e.what();
  }
  return seen;
}

void check_clock(const std::string& name, const seen_from_here& seen, findings& into) {
  if (std::abs(seen.ahead_s) > most_seconds_apart)
    into.warning("clock",
                 "the clock of " + name + " differs by " +
                     std::to_string(static_cast<long>(seen.ahead_s)) + " s from this one",
                 "synchronise both: timedatectl set-ntp true");
}

void check_exposure(const std::string& name, const endpoint& at, findings& into) {
  if (!is_local(at))
    return;
  if (const auto open = reachable_beyond(at.port); !open.empty())
    into.warning("exposure",
                 name + " itself listens on " + open + ", where nobody needs a key",
                 "start Ollama with OLLAMA_HOST=127.0.0.1:" + std::to_string(at.port));
}

void check_one(const json& b, findings& into) {
  const auto what = "backend " + text_of(b, "name");
  const auto url = text_of(b, "url");
  endpoint at;
  try {
    at = parse_backend(url);
  } catch (const std::invalid_argument&) {
    return; // of a kind that is not asked from here
  }
  const auto state = text_of(b, "state");
  if (state == "unknown")
    return into.skipped(what, "the node has not heard from " + url + " yet");
  const auto seen = look_at(at);
  if (state != "up") {
    const auto why = text_of(b, "error");
    into.failed(
        what, url + " does not answer the node" + (why.empty() ? "" : ": " + why),
        seen.version.empty()
            ? "start it (`ollama serve`, `systemctl start ollama`), or mend its address"
            : "it answers here: look at the network between the node and it");
    return;
  }
  const auto found = "Ollama " + text_of(b, "version") + " at " + url;
  if (b.value("tripped", false))
    into.warning(what, found + ", whose answers keep failing",
                 "see its log, and `conductor requests --outcome upstream_error`");
  else if (number_of(b, "zombies") > 0)
    into.warning(what,
                 found + ", which is still at " +
                     std::to_string(number_of(b, "zombies")) +
                     " answers that were given up",
                 "they end by themselves; an Ollama that hangs needs a restart");
  else if (b.value("draining", false))
    into.warning(what, found + ", which gets nothing new",
                 "conductor undrain " + text_of(b, "name"));
  else
    into.ok(what, found);
  check_clock(text_of(b, "name"), seen, into);
  check_exposure(text_of(b, "name"), at, into);
}

void check_versions(const json& backends, findings& into) {
  std::set<std::string> versions;
  for (const auto& b : backends)
    if (auto v = text_of(b, "version"); !v.empty())
      versions.insert(std::move(v));
  if (versions.size() < 2)
    return;
  std::string all;
  for (const auto& v : versions)
    all += (all.empty() ? "" : ", ") + v;
  into.warning("versions", "the backends are of different versions: " + all,
               "the same model may answer differently: bring them to one version");
}

void check_models(client& node, findings& into) {
  try {
    const auto n =
        list_of(parse_document(node.fetch({"GET", "/api/tags"}).body), "models").size();
    if (n == 0)
      into.warning("models", "there is none", "conductor pull MODEL, as in smollm2");
    else
      into.ok("models", std::to_string(n) + (n == 1 ? " is" : " are") + " there");
  } catch (const failure& e) {
    into.failed("models", e.what(), "");
  }
}

} // namespace

void check_backends(client& node, const json& status, findings& into) {
  const auto& backends = list_of(status, "backends");
  if (backends.empty())
    into.failed("backends", "the node has none", "conductor backends add NAME URL");
  bool any = false;
  for (const auto& b : backends) {
    check_one(b, into);
    any = any || text_of(b, "state") == "up";
  }
  check_versions(backends, into);
  if (any)
    check_models(node, into);
}

void check_ollama(const settings& own, findings& into) {
  for (const auto& b : own.backends) {
    const auto seen = look_at(b.url);
    const auto what = "backend " + b.name;
    if (seen.version.empty())
      into.failed(
          what, seen.error.empty() ? to_url(b.url) + " is no Ollama server" : seen.error,
          "start it (`ollama serve`, `systemctl start ollama`), or mend its address");
    else
      into.ok(what, "Ollama " + seen.version + " at " + to_url(b.url));
    check_exposure(b.name, b.url, into);
  }
}

} // namespace conductor::cli

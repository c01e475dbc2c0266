#include "adapters/native/fleet_json.hpp"

namespace conductor {
namespace {

using json = nlohmann::ordered_json;

std::int64_t ms(std::chrono::nanoseconds t) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(t).count();
}

json to_json(const runner_load& r) {
  json j{{"model", r.model}};
  if (!r.options.empty())
    j["options"] = r.options;
  j.update({{"loaded", r.loaded},
            {"pinned", r.pinned},
            {"running", r.running},
            {"zombies", r.zombies},
            {"places", r.places},
            {"places_learned", r.learned}});
  return j;
}

const char* name_of(candidate::fit f) {
  using fit = candidate::fit;
  switch (f) {
  case fit::unfit:
    return "unfit";
  case fit::ready:
    return "ready";
  case fit::full:
    return "full";
  case fit::load:
    return "load";
  case fit::loading:
    return "loading";
  case fit::blocked:
    return "blocked";
  }
  return "unfit";
}

json to_json(const candidate& c) {
  return {{"backend", c.backend},
          {"fit", name_of(c.is)},
          {"why", c.lacks_model   ? "it does not have the model"
                  : c.health == 2 ? "answers keep failing there"
                                  : c.why},
          {"answers", c.health == 0 || c.health == 2},
          {"loaded", c.loaded},
          {"last_of_session", c.last},
          {"gpu_share", c.gpu_share},
          {"tier", c.tier},
          {"in_use", c.in_use},
          {"wait_ms", static_cast<std::int64_t>(c.wait_s * 1000)}};
}

} // namespace

json to_json(const backend_load& b) {
  json j{{"name", b.status.name},
         {"url", b.status.url},
         {"state", to_string(b.status.state)}};
  if (!b.status.version.empty())
    j["version"] = b.status.version;
  if (b.status.latency.count() > 0)
    j["latency_us"] = b.status.latency.count();
  if (!b.status.error.empty())
    j["error"] = b.status.error;
  if (b.draining)
    j["draining"] = true;
  if (b.tripped)
    j["tripped"] = true;
  j["in_flight"] = b.in_flight;
  j["relayed"] = b.relayed;
  j["zombies"] = b.zombies;
  if (b.status.parallel)
    j["parallel"] = *b.status.parallel;
  if (!b.loading.empty())
    j["loading"] = b.loading;
  j["runners"] = json::array();
  for (const auto& r : b.runners)
    j["runners"].push_back(to_json(r));
  return j;
}

json to_json(const explanation& e) {
  json j{{"decided", e.decided}, {"model", e.model}};
  if (!e.backend.empty())
    j["backend"] = e.backend;
  j["waited_ms"] = ms(e.waited);
  j["candidates"] = json::array();
  for (const auto& c : e.candidates)
    j["candidates"].push_back(to_json(c));
  return j;
}

} // namespace conductor

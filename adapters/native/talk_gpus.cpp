#include "adapters/native/talk.hpp"

#include "adapters/native/gpu_json.hpp"
#include "adapters/native/session_requests.hpp"
#include "adapters/native/time_text.hpp"

#include <utility>

namespace conductor {
namespace {

using json_input::json;

constexpr const char* topic = "gpus";

/// What every event of the topic begins with.
json event_of(const char* type) {
  return {{"topic", topic}, {"type", type}};
}

} // namespace

void talk::obey_topic(const json& op, const std::string& ref, const std::string& what) {
  json_input::allow(op, {"op", "ref", "topic"});
  if (json_input::needed_text(op, "topic") != topic)
    throw bad_request("\"topic\" must be \"gpus\"");
  if (what == "subscribe") {
    if (gpus_)
      throw bad_request("the topic is subscribed already");
    gpus_ = std::make_shared<const gpu_report>();
  } else if (what == "unsubscribe") {
    if (!gpus_)
      throw bad_request("the topic is not subscribed");
    gpus_ = nullptr;
  } else {
    throw bad_request("\"op\" of a topic must be \"subscribe\" or \"unsubscribe\"");
  }
  acknowledge(ref, {{"topic", topic}});
  ask_gpus();
}

/// One report at a time, as the socket takes them: one that is slow misses some.
void talk::ask_gpus() {
  if (!gpus_ || gpus_awaited_ || closing_ || waiting_ >= links_.max_waiting)
    return;
  gpus_awaited_ = true;
  request(links_.gpus(), caf::infinite, gpu_follow{gpus_->number})
      .then(
          [this](const gpu_report_ptr& now) {
            gpus_awaited_ = false;
            if (gpus_)
              tell_gpus(now);
          },
          [this](const caf::error& e) {
            gpus_awaited_ = false;
            if (!std::exchange(gpus_, nullptr))
              return;
            const auto f = to_failure(e);
            auto j = event_of("error");
            j.update({{"code", to_string(f.code)}, {"detail", f.detail}});
            write(json_input::dump(j));
          });
}

void talk::tell_gpus(const gpu_report_ptr& now) {
  for (const auto& m : moved_models(gpus_->models, now->models)) {
    auto j = event_of("placement");
    j.update(to_json(m));
    write(json_input::dump(j));
  }
  gpus_ = now;
  auto j = event_of("gpu");
  j.update(to_json(*now));
  write(json_input::dump(j));
  ask_gpus();
}

} // namespace conductor

#include "adapters/native/talk.hpp"

#include "adapters/native/gpu_json.hpp"
#include "adapters/native/time_text.hpp"

#include <utility>

namespace conductor {
namespace {

using json_input::json;

/// What every event of a topic begins with.
json event_of(const char* topic, const char* type) {
  return {{"topic", topic}, {"type", type}};
}

} // namespace

/// What is told of the node is an admin's; no error: the peer is one.
caf::error talk::check_admin() const {
  if (is_admin(links_.peer.by))
    return {};
  return make_error(errc::forbidden, "the key \"" + links_.peer.by->key.name +
                                         "\" has no scope \"admin\", which this needs");
}

void talk::obey(const std::string& ref, const ask_topic& command) {
  const auto& [topic, what] = command;
  if (const auto refused = check_admin()) {
    refuse(ref, refused);
    return;
  }
  if (topic == "gpus")
    gpus_.follow(what);
  else if (topic == "overview")
    overview_.follow(what);
  else
    throw json_input::bad_request("\"topic\" must be \"gpus\" or \"overview\"");
  acknowledge(ref, {{"topic", topic}});
  ask_topics();
}

/// By his key as it is now: a topic goes on without being asked for again.
template <class Event>
bool talk::may_be_told(followed<Event>& what, const char* topic) {
  if (!may_go_on())
    return false;
  const auto refused = check_admin();
  if (refused) {
    what.told = nullptr;
    fail_topic(topic, refused);
  }
  return !refused;
}

void talk::ask_topics() {
  ask_gpus();
  ask_overview();
}

/// One report at a time, as the socket takes them: one that is slow misses some.
void talk::ask_gpus() {
  if (!gpus_.told || gpus_.awaited != 0 || closing_ || waiting_ >= links_.max_waiting)
    return;
  const auto number = gpus_.ask();
  request(links_.gpus(), caf::infinite, gpu_follow{gpus_.told->number})
      .then(
          [this, number](const gpu_report_ptr& now) {
            if (gpus_.answers(number) && may_be_told(gpus_, "gpus"))
              tell_gpus(now);
          },
          [this, number](const caf::error& e) {
            if (gpus_.answers(number)) {
              gpus_.told = nullptr;
              fail_topic("gpus", e);
            }
          });
}

void talk::tell_gpus(const gpu_report_ptr& now) {
  for (const auto& m : moved_models(gpus_.told->models, now->models)) {
    auto j = event_of("gpus", "placement");
    j.update(to_json(m));
    write(json_input::dump(j));
  }
  gpus_.told = now;
  auto j = event_of("gpus", "gpu");
  j.update(to_json(*now));
  write(json_input::dump(j));
  ask_gpus();
}

/// Likewise.
void talk::ask_overview() {
  if (!overview_.told || overview_.awaited != 0 || closing_ ||
      waiting_ >= links_.max_waiting)
    return;
  const auto number = overview_.ask();
  request(links_.overview(), caf::infinite, overview_follow{overview_.told->number})
      .then(
          [this, number](const overview_ptr& now) {
            if (!overview_.answers(number) || !may_be_told(overview_, "overview"))
              return;
            overview_.told = now;
            write(now->text);
            ask_overview();
          },
          [this, number](const caf::error& e) {
            if (overview_.answers(number)) {
              overview_.told = nullptr;
              fail_topic("overview", e);
            }
          });
}

void talk::fail_topic(const char* topic, const caf::error& e) {
  const auto f = to_failure(e);
  auto j = event_of(topic, "error");
  j.update({{"code", to_string(f.code)}, {"detail", f.detail}});
  write(json_input::dump(j));
}

} // namespace conductor

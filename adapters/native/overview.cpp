#include "adapters/native/overview.hpp"

#include "adapters/native/time_text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace conductor {
namespace {

using self_ptr = overview_actor::stateful_pointer<overview_state>;
using std::chrono::seconds;

constexpr seconds pace{1};
constexpr seconds longest_silence{10};

struct part {
  const char* name;
  const char* target;
};
constexpr std::array<part, overview_state::parts> parts{{
    {"status", "/conductor/v1/status"},
    {"queue", "/conductor/v1/queue"},
    {"backends", "/conductor/v1/backends"},
    {"generations", "/conductor/v1/generations"},
    {"sessions", "/conductor/v1/sessions?limit=50"},
    {"gpus", "/conductor/v1/gpus"},
    {"requests", "/conductor/v1/requests?limit=50"},
}};

request_ptr asking_for(const char* target) {
  auto asked = std::make_shared<request>();
  asked->id = "conductor";
  asked->kind = request_kind::local;
  asked->speaks = dialect::native;
  asked->method = "GET";
  asked->target = target;
  return asked;
}

/// A look without what is another at every look.
std::array<std::string, overview_state::parts>
lasting(std::array<std::string, overview_state::parts> look) {
  auto status = nlohmann::json::parse(look.front(), nullptr, false);
  if (status.is_object())
    status.erase("uptime_s");
  look.front() = status.dump();
  return look;
}

void tell(self_ptr self) {
  auto& st = self->state;
  auto next = std::make_shared<overview_text>();
  next->number = st.now->number + 1;
  next->text.append(R"({"topic":"overview","type":"overview","time":")")
      .append(time_text(st.links.clock()))
      .append("\"");
  for (std::size_t i = 0; i < parts.size(); ++i)
    next->text.append(",\"").append(parts[i].name).append("\":").append(st.seen[i]);
  next->text += '}';
  st.now = std::move(next);
  st.told = self->clock().now();
  for (auto& f : std::exchange(st.followers, {}))
    f.reply.deliver(st.now);
}

void look_later(self_ptr self) {
  auto& st = self->state;
  if (!st.followers.empty() && st.awaited == 0 && !std::exchange(st.timing, true))
    self->delayed_send(self, st.looked + pace - self->clock().now(), tick{});
}

void take_look(self_ptr self) {
  auto& st = self->state;
  const bool changed = lasting(st.coming) != lasting(st.seen);
  st.seen = std::exchange(st.coming, {});
  const bool somebody_is_new =
      std::any_of(st.followers.begin(), st.followers.end(),
                  [&](const auto& f) { return f.after < st.now->number; });
  if (changed || somebody_is_new || self->clock().now() - st.told >= longest_silence)
    tell(self);
  look_later(self);
}

/// A part that cannot be had is null.
void look(self_ptr self) {
  auto& st = self->state;
  if (st.followers.empty() || st.awaited > 0)
    return;
  st.looked = self->clock().now();
  st.awaited = parts.size();
  const auto take = [self](std::size_t i, std::string text) {
    auto& st = self->state;
    st.coming[i] = std::move(text);
    if (--st.awaited == 0)
      take_look(self);
  };
  const auto resources = st.links.resources();
  for (std::size_t i = 0; i < parts.size(); ++i)
    self->request(resources, caf::infinite, asking_for(parts[i].target))
        .then([take,
               i](response& r) { take(i, r.status == 200 ? std::move(r.body) : "null"); },
              [take, i](const caf::error&) { take(i, "null"); });
}

} // namespace

overview_actor::behavior_type overview(self_ptr self, overview_links links) {
  self->state.links = std::move(links);
  return {
      [self](overview_follow f) -> caf::result<overview_ptr> {
        auto& st = self->state;
        const auto now = self->clock().now();
        if (st.now->number > f.after && now - st.looked < pace)
          return st.now;
        auto reply = self->make_response_promise<overview_ptr>();
        st.followers.push_back({f.after, reply});
        if (st.now->number == 0 || now - st.looked >= pace)
          look(self);
        else
          look_later(self);
        return reply;
      },
      [self](tick) {
        self->state.timing = false;
        look(self);
      },
  };
}

} // namespace conductor

#include "actors/supervisor.hpp"

#include <caf/deep_to_string.hpp>

#include <algorithm>
#include <utility>

namespace conductor {
namespace {

using self_ptr = supervisor_actor::stateful_pointer<supervisor_state>;
using child = supervisor_state::child;

constexpr std::size_t most_failures = 5;
constexpr auto window = std::chrono::minutes(1);
constexpr auto first_pause = std::chrono::milliseconds(100);
constexpr auto longest_pause = std::chrono::milliseconds(5000);

void start(self_ptr self, child& c) {
  c.who = c.spec.start();
  self->monitor(c.who);
}

void failed_child(self_ptr self, std::size_t index, const std::string& reason) {
  auto& st = self->state;
  auto& c = st.children[index];
  const auto now = self->clock().now();
  c.failures.push_back(now);
  while (now - c.failures.front() > window)
    c.failures.pop_front();
  if (!c.spec.restartable || c.failures.size() > most_failures) {
    st.news.gave_up(c.spec.name, reason);
    return;
  }
  st.news.restarting(c.spec.name, reason);
  const auto pause = std::min<std::chrono::milliseconds>(
      first_pause * (1u << (c.failures.size() - 1)), longest_pause);
  self->delayed_send(self, pause, restart{index});
}

} // namespace

supervisor_actor::behavior_type
supervisor(self_ptr self, std::vector<child_spec> children, supervisor_news news) {
  auto& st = self->state;
  st.news = std::move(news);
  self->set_down_handler([self](const caf::down_msg& down) {
    auto& all = self->state.children;
    const auto i = std::find_if(all.begin(), all.end(),
                                [&](const child& c) { return c.who == down.source; });
    if (i != all.end() && down.reason != caf::exit_reason::user_shutdown)
      failed_child(self, static_cast<std::size_t>(i - all.begin()),
                   caf::deep_to_string(down.reason));
  });
  for (auto& spec : children)
    st.children.push_back({std::move(spec), {}, {}});
  for (auto& c : st.children)
    start(self, c);
  st.news.started();
  return {
      [self](restart r) { start(self, self->state.children[r.child]); },
  };
}

} // namespace conductor

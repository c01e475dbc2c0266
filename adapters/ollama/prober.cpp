#include "adapters/ollama/prober.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace conductor {
namespace {

using self_ptr = probing_actor::stateful_pointer<prober_state>;
using under_way = prober_state::under_way;

constexpr std::uint64_t window = 64 * 1024;

request_ptr question(const char* path) {
  auto asked = std::make_shared<request>();
  asked->id = "probe";
  asked->method = "GET";
  asked->target = path;
  asked->headers = {{"User-Agent", "conductor-probe"}};
  return asked;
}

template <class Pick, class Then>
void take(self_ptr self, Pick pick, Then then) {
  auto& probes = self->state.probes;
  const auto i = std::find_if(probes.begin(), probes.end(), pick);
  if (i == probes.end())
    return;
  auto probe = std::move(*i);
  probes.erase(i);
  then(probe);
}

auto sent_by(self_ptr self) {
  return [who = self->current_sender()](const under_way& p) {
    return caf::actor_cast<caf::strong_actor_ptr>(p.exchange) == who;
  };
}

void ask(self_ptr self, const char* path, under_way p) {
  auto at = std::make_shared<lease>();
  at->backend = p.backend;
  self->request(self->state.upstreams, caf::infinite,
                open_exchange{question(path), at, caf::actor_cast<subscriber_actor>(self),
                              window})
      .then(
          [self, p](publisher_actor exchange) mutable {
            p.exchange = std::move(exchange);
            self->state.probes.push_back(std::move(p));
          },
          [p](const caf::error& e) mutable { p.reply.deliver(e); });
}

std::vector<loaded_model> loaded_in(const std::string& text) {
  std::vector<loaded_model> all;
  const auto body = nlohmann::json::parse(text, nullptr, false);
  if (!body.is_object() || !body.contains("models") || !body["models"].is_array())
    return all;
  const auto number = [](const nlohmann::json& m, const char* key) -> std::uint64_t {
    const auto i = m.find(key);
    return i != m.end() && i->is_number_unsigned() ? i->get<std::uint64_t>() : 0;
  };
  const auto text_of = [](const nlohmann::json& m, const char* key) {
    const auto i = m.find(key);
    return i != m.end() && i->is_string() ? i->get<std::string>() : std::string{};
  };
  for (const auto& m : body["models"])
    if (m.is_object())
      all.push_back({text_of(m, "name"), text_of(m, "digest"), number(m, "size"),
                     number(m, "size_vram"), number(m, "context_length")});
  return all;
}

/// An answer to the first question leads to the second, whose answer may also fail.
void judge(self_ptr self, under_way& p) {
  if (p.alive) {
    p.alive->loaded = loaded_in(p.body);
    p.reply.deliver(std::move(*p.alive));
    return;
  }
  const auto body = nlohmann::json::parse(p.body, nullptr, false);
  if (p.status != 200 || !body.is_object() || !body.contains("version") ||
      !body["version"].is_string()) {
    p.reply.deliver(make_error(errc::upstream_invalid,
                               "what answers is no Ollama: GET /api/version gave " +
                                   std::to_string(p.status)));
    return;
  }
  auto next = p;
  next.status = 0;
  next.body.clear();
  next.alive = probe_result{body["version"],
                            std::chrono::duration_cast<std::chrono::microseconds>(
                                request_clock::now() - p.since),
                            {}};
  ask(self, "/api/ps", std::move(next));
}

void begin(self_ptr self, const std::string& backend,
           caf::typed_response_promise<probe_result> reply) {
  auto& st = self->state;
  const auto number = st.next_number++;
  ask(self, "/api/version",
      {{}, reply, request_clock::now(), 0, {}, number, backend, {}});
  self->delayed_send(self, st.timing.probe_timeout, probe_late{number});
}

} // namespace

probing_actor::behavior_type prober(self_ptr self, upstreams_actor upstreams,
                                    upstream_settings timing) {
  self->state.upstreams = std::move(upstreams);
  self->state.timing = timing;
  return {
      [self](const probe& p) -> caf::result<probe_result> {
        auto reply = self->make_response_promise<probe_result>();
        begin(self, p.backend, reply);
        return reply;
      },
      [self](probe_late late) {
        take(
            self, [&](const under_way& p) { return p.number == late.number; },
            [&](under_way& p) {
              self->send(p.exchange, cancel{});
              p.reply.deliver(make_error(errc::first_byte_timeout,
                                         "no answer within upstream.probe_timeout"));
            });
      },
      [self](const started& s) {
        for (auto& p : self->state.probes)
          if (sent_by(self)(p))
            p.status = s.head->status;
      },
      [self](const next& n) {
        for (auto& p : self->state.probes)
          if (sent_by(self)(p))
            p.body.append(n.data.view());
      },
      [self](const complete&) {
        take(self, sent_by(self), [self](under_way& p) { judge(self, p); });
      },
      [self](const failed& f) {
        take(self, sent_by(self),
             [&](under_way& p) { p.reply.deliver(make_error(f.code, f.detail)); });
      },
  };
}

} // namespace conductor

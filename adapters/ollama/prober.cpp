#include "adapters/ollama/prober.hpp"

#include "adapters/ollama/inventory.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>
#include <utility>

namespace conductor {
namespace {

using self_ptr = probing_actor::stateful_pointer<prober_state>;
using under_way = prober_state::under_way;

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
                     number(m, "size_vram"), number(m, "context_length"),
                     text_of(m, "expires_at")});
  return all;
}

/// Asks one question of a probe; `then` gets the answer, unless the probe is late.
template <class Then>
void ask(self_ptr self, std::uint64_t number, request_ptr question, Then then) {
  auto& st = self->state;
  auto& p = st.probes.at(number);
  p.errand = st.asked.ask(self, st.upstreams, p.what.server, std::move(question),
                          [self, number, then](errand_answer a) {
                            const auto p = self->state.probes.find(number);
                            if (p != self->state.probes.end())
                              then(p->second, std::move(a));
                          });
}

/// Everything was asked; what did not change is what it was.
void finish(self_ptr self, std::uint64_t number) {
  auto p = std::move(self->state.probes.extract(number).mapped());
  const auto& before = p.what.known;
  if (before && before->models == p.known.models && before->tags == p.known.tags &&
      before->ps == p.known.ps)
    p.found.known = before;
  else
    p.found.known = std::make_shared<const inventory>(std::move(p.known));
  p.reply.deliver(std::move(p.found));
}

/// Asks about models until one is found that has to be asked about.
void ask_of_models(self_ptr self, std::uint64_t number) {
  auto& p = self->state.probes.at(number);
  auto& all = p.known.models;
  for (; p.next_model < all.size(); ++p.next_model) {
    auto& m = all[p.next_model];
    if (m.remote)
      continue;
    if (p.what.known) {
      const auto& before = p.what.known->models;
      const auto same = std::find_if(before.begin(), before.end(), [&](const auto& b) {
        return b.digest == m.digest && !b.blob.empty();
      });
      if (same != before.end()) {
        m.blob = same->blob;
        m.capabilities = same->capabilities;
        continue;
      }
    }
    ask(self, number,
        errand_request("POST", "/api/show",
                       nlohmann::json{{"model", m.name}}.dump(
                           -1, ' ', false, nlohmann::json::error_handler_t::replace)),
        [self, number](under_way& p, errand_answer a) {
          auto& m = p.known.models[p.next_model++];
          if (a.status == 200) {
            m.blob = blob_of(a.body);
            if (m.capabilities.empty())
              m.capabilities = capabilities_of(a.body);
          }
          ask_of_models(self, number);
        });
    return;
  }
  finish(self, number);
}

void ask_what_it_has(self_ptr self, std::uint64_t number) {
  ask(self, number, errand_request("GET", "/api/tags"),
      [self, number](under_way& p, errand_answer a) {
        if (a.status != 200) { // it is up all the same, and asked again next time
          p.found.known = p.what.known;
          auto ended = std::move(self->state.probes.extract(number).mapped());
          ended.reply.deliver(std::move(ended.found));
          return;
        }
        p.known.models = models_in(a.body);
        p.known.tags = std::move(a.body);
        ask_of_models(self, number);
      });
}

void ask_what_is_loaded(self_ptr self, std::uint64_t number) {
  ask(self, number, errand_request("GET", "/api/ps"),
      [self, number](under_way& p, errand_answer a) {
        p.found.loaded = loaded_in(a.body);
        p.known.ps = std::move(a.body);
        ask_what_it_has(self, number);
      });
}

void fail(self_ptr self, std::uint64_t number, caf::error why) {
  auto p = std::move(self->state.probes.extract(number).mapped());
  p.reply.deliver(std::move(why));
}

void ask_whether_it_is_there(self_ptr self, std::uint64_t number) {
  ask(self, number, errand_request("GET", "/api/version"),
      [self, number](under_way& p, errand_answer a) {
        if (a.status == 0) {
          fail(self, number, make_error(a.why.code, a.why.detail));
          return;
        }
        const auto body = nlohmann::json::parse(a.body, nullptr, false);
        if (a.status != 200 || !body.is_object() || !body.contains("version") ||
            !body["version"].is_string()) {
          fail(self, number,
               make_error(errc::upstream_invalid,
                          "what answers is no Ollama: GET /api/version gave " +
                              std::to_string(a.status)));
          return;
        }
        p.found.version = body["version"];
        p.found.latency = std::chrono::duration_cast<std::chrono::microseconds>(
            request_clock::now() - p.since);
        ask_what_is_loaded(self, number);
      });
}

/// Of these, the one of that number, if it is still waited for.
template <class Waiting>
void give_up_late(self_ptr self, Waiting& all, std::uint64_t number) {
  auto late = all.extract(number);
  if (late.empty())
    return;
  self->state.asked.give_up(self, late.mapped().errand);
  late.mapped().reply.deliver(make_error(errc::first_byte_timeout, "none came in time"));
}

void too_late(self_ptr self, std::uint64_t number) {
  auto& st = self->state;
  if (const auto p = st.probes.find(number); p != st.probes.end()) {
    st.asked.give_up(self, p->second.errand);
    if (p->second.found.version.empty()) {
      fail(self, number,
           make_error(errc::first_byte_timeout,
                      "no answer within upstream.probe_timeout"));
      return;
    }
    // It is there; what it did not tell in time is as it was.
    p->second.found.known = p->second.what.known;
    auto late = std::move(st.probes.extract(number).mapped());
    late.reply.deliver(std::move(late.found));
    return;
  }
  give_up_late(self, st.answers, number);
  give_up_late(self, st.prompts, number);
}

void listen(self_ptr self, probe_answer& what, std::uint64_t number) {
  auto& st = self->state;
  auto& a = st.answers.at(number);
  const nlohmann::json body{{"model", what.model},
                            {"prompt", "1"},
                            {"stream", false},
                            {"options", {{"num_predict", 1}}}};
  a.errand = st.asked.ask(
      self, st.upstreams, what.server,
      errand_request("POST", "/api/generate",
                     body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)),
      [self, number](errand_answer got) {
        auto ended = self->state.answers.extract(number);
        if (ended.empty())
          return;
        auto& a = ended.mapped();
        if (got.status == 200)
          a.reply.deliver(load_result{request_clock::now() - a.since});
        else
          a.reply.deliver(make_error(
              got.status == 0 ? got.why.code : errc::upstream_invalid, error_in(got)));
      });
}

/// Ollama renders a prompt without answering it, when it is asked to.
void ask_how_it_renders(self_ptr self, probe_render& what, std::uint64_t number) {
  constexpr const char* seam = "the answer goes on here";
  auto& st = self->state;
  const nlohmann::json body{{"model", what.model},
                            {"messages",
                             {{{"role", "user"}, {"content", "1"}},
                              {{"role", "assistant"}, {"content", seam}}}},
                            {"stream", false},
                            {"_debug_render_only", true}};
  st.prompts.at(number).errand = st.asked.ask(
      self, st.upstreams, what.server,
      errand_request("POST", "/api/chat",
                     body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)),
      [self, number](errand_answer a) {
        auto ended = self->state.prompts.extract(number);
        if (ended.empty())
          return;
        const auto j = nlohmann::json::parse(a.body, nullptr, false);
        const auto info = j.is_object() ? j.find("_debug_info") : j.end();
        const auto text = j.is_object() && info != j.end() && info->is_object()
                              ? info->value("rendered_template", nlohmann::json())
                              : nlohmann::json();
        const auto said = text.is_string() ? text.get<std::string>() : std::string{};
        ended.mapped().reply.deliver(
            render_result{a.status == 200 && said.ends_with(seam)});
      });
}

} // namespace

probing_actor::behavior_type prober(self_ptr self, upstreams_actor upstreams,
                                    upstream_settings timing) {
  self->state.upstreams = std::move(upstreams);
  self->state.timing = timing;
  return {
      [self](probe& p) -> caf::result<probe_result> {
        auto& st = self->state;
        auto reply = self->make_response_promise<probe_result>();
        const auto number = st.next_number++;
        st.probes[number] = {std::move(p), reply, request_clock::now(), {}, {}, 0, 0};
        ask_whether_it_is_there(self, number);
        self->delayed_send(self, st.timing.probe_timeout, probe_late{number});
        return reply;
      },
      [self](probe_answer& p) -> caf::result<load_result> {
        auto& st = self->state;
        auto reply = self->make_response_promise<load_result>();
        const auto number = st.next_number++;
        st.answers[number] = {reply, request_clock::now(), 0};
        listen(self, p, number);
        // A model may have to be loaded for it.
        if (st.timing.load_timeout.count() > 0)
          self->delayed_send(self, st.timing.load_timeout, probe_late{number});
        return reply;
      },
      [self](probe_render& what) -> caf::result<render_result> {
        auto& st = self->state;
        auto reply = self->make_response_promise<render_result>();
        const auto number = st.next_number++;
        st.prompts[number] = {reply, 0};
        ask_how_it_renders(self, what, number);
        self->delayed_send(self, st.timing.probe_timeout, probe_late{number});
        return reply;
      },
      [self](const started& s) { self->state.asked.started(self->current_sender(), s); },
      [self](const next& n) { self->state.asked.next(self, self->current_sender(), n); },
      [self](const complete&) { self->state.asked.complete(self->current_sender()); },
      [self](const failed& f) { self->state.asked.failed(self->current_sender(), f); },
      [self](probe_late late) { too_late(self, late.number); },
  };
}

} // namespace conductor

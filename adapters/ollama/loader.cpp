#include "adapters/ollama/loader.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

namespace conductor {
namespace {

using self_ptr = loading_actor::stateful_pointer<loader_state>;
using json = nlohmann::ordered_json;

std::string body_of(const load_model& l) {
  json body{{"model", l.model}};
  if (l.embeds)
    body["input"] = json::array();
  if (l.unload)
    body["keep_alive"] = 0;
  else if (!l.set.keep_alive.empty())
    body["keep_alive"] = json::parse(l.set.keep_alive, nullptr, false);
  for (const auto& [key, value] : l.set.options) {
    auto& in = key == "shift" ? body : body["options"]; // no option in Ollama's API
    in[key] = json::parse(value, nullptr, false);
  }
  return body.dump(-1, ' ', false, json::error_handler_t::replace);
}

errc code_of(const errand_answer& a) {
  return a.status == 0     ? a.why.code
         : a.status == 404 ? errc::not_found
         : a.status == 400 ? errc::bad_request
                           : errc::load_failed;
}

/// How long a load may take; zero: for ever.
milliseconds limit_of(const load_model& l, const upstream_settings& timing) {
  if (l.patience.count() == 0 || timing.load_timeout.count() == 0)
    return std::max(l.patience, timing.load_timeout);
  return std::min(l.patience, timing.load_timeout);
}

caf::error too_late(const load_model& l, const upstream_settings& timing) {
  if (limit_of(l, timing) == timing.load_timeout)
    return make_error(errc::load_failed,
                      l.model + " was not loaded within upstream.load_timeout");
  const auto s = std::chrono::ceil<std::chrono::seconds>(l.patience).count();
  return make_error(errc::stalled, l.model + " was not loaded within " +
                                       std::to_string(s) +
                                       " s, far longer than it took before");
}

/// A model that has its options as parameters.
std::string creation_of(const load_model& l) {
  json parameters = json::object();
  for (std::string_view rest = l.options; !rest.empty();) {
    const auto entry = rest.substr(0, rest.find(','));
    const auto equals = std::min(entry.find('='), entry.size());
    parameters[std::string{entry.substr(0, equals)}] =
        json::parse(entry.substr(std::min(equals + 1, entry.size())), nullptr, false);
    rest.remove_prefix(std::min(rest.size(), entry.size() + 1));
  }
  return json{{"model", l.model},
              {"from", l.derive_from},
              {"parameters", std::move(parameters)},
              {"stream", false}}
      .dump(-1, ' ', false, json::error_handler_t::replace);
}

void fail(self_ptr self, std::uint64_t number, const errand_answer& a) {
  if (auto ended = self->state.loads.extract(number); !ended.empty())
    ended.mapped().reply.deliver(make_error(code_of(a), error_in(a)));
}

void ask(self_ptr self, std::uint64_t number);

void derive(self_ptr self, std::uint64_t number) {
  auto& st = self->state;
  auto& l = st.loads.at(number);
  l.errand = st.asked.ask(self, st.upstreams, l.what.server,
                          errand_request("POST", "/api/create", creation_of(l.what)),
                          [self, number](errand_answer a) {
                            if (a.status != 200)
                              fail(self, number, a);
                            else if (self->state.loads.contains(number))
                              ask(self, number);
                          });
}

void ask(self_ptr self, std::uint64_t number) {
  auto& st = self->state;
  auto& l = st.loads.at(number);
  l.errand =
      st.asked.ask(self, st.upstreams, l.what.server,
                   errand_request("POST", l.what.embeds ? "/api/embed" : "/api/generate",
                                  body_of(l.what)),
                   [self, number](errand_answer a) {
                     if (a.status != 200) {
                       fail(self, number, a);
                       return;
                     }
                     if (auto ended = self->state.loads.extract(number); !ended.empty()) {
                       auto& l = ended.mapped();
                       l.reply.deliver(load_result{request_clock::now() - l.since});
                     }
                   });
}

} // namespace

loading_actor::behavior_type loader(self_ptr self, upstreams_actor upstreams,
                                    upstream_settings timing) {
  self->state.upstreams = std::move(upstreams);
  self->state.timing = timing;
  return {
      [self](load_model& what) -> caf::result<load_result> {
        auto& st = self->state;
        auto reply = self->make_response_promise<load_result>();
        const auto number = st.next_number++;
        st.loads[number] = {std::move(what), reply, request_clock::now(), 0};
        if (st.loads.at(number).what.derive_from.empty())
          ask(self, number);
        else
          derive(self, number);
        if (const auto limit = limit_of(st.loads.at(number).what, st.timing);
            limit.count() > 0)
          self->delayed_send(self, limit, load_late{number});
        return reply;
      },
      [self](const started& s) { self->state.asked.started(self->current_sender(), s); },
      [self](const next& n) { self->state.asked.next(self, self->current_sender(), n); },
      [self](const complete&) { self->state.asked.complete(self->current_sender()); },
      [self](const failed& f) { self->state.asked.failed(self->current_sender(), f); },
      [self](load_late late) {
        auto& st = self->state;
        const auto l = st.loads.find(late.number);
        if (l == st.loads.end())
          return;
        st.asked.give_up(self, l->second.errand);
        auto ended = std::move(st.loads.extract(l).mapped());
        ended.reply.deliver(too_late(ended.what, st.timing));
      },
  };
}

} // namespace conductor

#include "adapters/native/fleet_routes.hpp"

#include "adapters/native/answers.hpp"
#include "adapters/native/catalogue.hpp"
#include "adapters/native/fleet_json.hpp"
#include "adapters/native/json_input.hpp"
#include "config/tables.hpp"
#include "messages/percent.hpp"

#include <caf/typed_response_promise.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

namespace conductor {
namespace {

using json = nlohmann::ordered_json;
using self_ptr = resources_actor::stateful_pointer<resources_state>;
using promise = caf::typed_response_promise<response>;

constexpr std::string_view backends_root = "/conductor/v1/backends";
constexpr std::string_view models_root = "/conductor/v1/models/";

std::string listed(const fleet_status& fleet) {
  json all = json::array();
  for (const auto& b : fleet.backends)
    all.push_back(to_json(b));
  return json_input::dump({{"backends", std::move(all)}});
}

/// The backend of that name, as it is after a change.
response one(const fleet_status& fleet, const std::string& name) {
  for (const auto& b : fleet.backends)
    if (b.status.name == name)
      return json_answer(200, json_input::dump(to_json(b)));
  return json_answer(200, json_input::dump({{"removed", name}}));
}

/// Asks DISPATCHER; `write` makes the answer of what it says.
template <class Answer, class Question, class Write>
promise ask(self_ptr self, Question question, Write write) {
  auto reply = self->make_response_promise<response>();
  self->request(self->state.links.dispatcher(), caf::infinite, std::move(question))
      .then([reply, write](const Answer& a) { deliver(reply, [&] { return write(a); }); },
            [reply](const caf::error& e) mutable { reply.deliver(e); });
  return reply;
}

/// What a table of the file would hold, as JSON.
backend_ptr server_of(const std::string& name, std::string_view body) {
  auto server = std::make_shared<backend_settings>();
  set_column(*server, "name", name);
  const auto members = json_input::object_of(body);
  bool has_url = false;
  for (const auto& [key, value] : members.items()) {
    if (key == "name") {
      if (value != name)
        throw json_input::bad_request("name: must be the path's, \"" + name + "\"");
      continue;
    }
    if (!value.is_primitive() || value.is_null() || value.is_number_float())
      throw json_input::bad_request(
          key + ": a string, a whole number or a boolean is allowed here");
    if (key == "token_file") // or who may ask could have any file sent anywhere
      throw json_input::bad_request("token_file: only the configuration's file says it");
    if (!value.is_string() && (key == "url" || key == "probe_model"))
      throw json_input::bad_request(key + ": a string is allowed here");
    try {
      set_column(*server, key,
                 value.is_string() ? value.get<std::string>() : value.dump());
    } catch (const std::invalid_argument& bad) {
      throw json_input::bad_request(key + ": " + bad.what());
    }
    has_url = has_url || key == "url";
  }
  if (!has_url)
    throw json_input::bad_request("url: is needed");
  return server;
}

caf::result<response> answer_backends(self_ptr self, const request& asked,
                                      std::string_view rest) {
  using verb = backend_change::verb;
  const bool reads = asked.method == "GET" || asked.method == "HEAD";
  if (rest.empty()) {
    if (!reads)
      return not_allowed(asked, "GET, HEAD");
    return ask<fleet_status>(self, fleet_query{}, [](const fleet_status& fleet) {
      return json_answer(200, listed(fleet));
    });
  }
  rest.remove_prefix(1);
  const auto slash = std::min(rest.find('/'), rest.size());
  const auto name = decoded(rest.substr(0, slash));
  const auto part = rest.substr(std::min(slash + 1, rest.size()));
  const auto told = [name](const fleet_status& fleet) { return one(fleet, name); };
  if (part == "drain" || part == "undrain") {
    if (asked.method != "POST")
      return not_allowed(asked, "POST");
    return ask<fleet_status>(
        self,
        backend_change{part == "drain" ? verb::drain : verb::undrain, name, nullptr},
        told);
  }
  if (!part.empty() || name.empty())
    return make_error(errc::not_found, "there is nothing at " + asked.target);
  if (asked.method == "PUT")
    return ask<fleet_status>(
        self, backend_change{verb::put, name, server_of(name, asked.body.view())}, told);
  if (asked.method == "DELETE")
    return ask<fleet_status>(self, backend_change{verb::remove, name, nullptr}, told);
  if (!reads)
    return not_allowed(asked, "GET, HEAD, PUT, DELETE");
  auto reply = self->make_response_promise<response>();
  self->request(self->state.links.dispatcher(), caf::infinite, fleet_query{})
      .then(
          [reply, name, told](const fleet_status& fleet) mutable {
            if (std::any_of(fleet.backends.begin(), fleet.backends.end(),
                            [&](const auto& b) { return b.status.name == name; }))
              reply.deliver(told(fleet));
            else
              reply.deliver(make_error(errc::not_found, "there is no backend " + name));
          },
          [reply](const caf::error& e) mutable { reply.deliver(e); });
  return reply;
}

/// Options that Ollama takes with a load; the rest belongs to requests.
void read_options(const json& options, body_changes& set) {
  constexpr std::array<std::string_view, 8> known{
      "num_ctx",  "num_batch",  "num_gpu",           "main_gpu",
      "use_mmap", "num_thread", "draft_num_predict", "shift"};
  if (!options.is_object())
    throw json_input::bad_request("options: an object is allowed here");
  for (const auto& [key, value] : options.items()) {
    if (std::find(known.begin(), known.end(), key) == known.end())
      throw json_input::bad_request(
          "options." + key +
          ": does not count for a load; allowed: num_ctx, num_batch, "
          "num_gpu, main_gpu, use_mmap, num_thread, "
          "draft_num_predict, shift");
    if (!value.is_number_integer() && !value.is_boolean())
      throw json_input::bad_request("options." + key +
                                    ": a whole number or a boolean is allowed here");
    set.options.emplace_back(key, value.dump());
  }
}

caf::result<response> answer_order(self_ptr self, const request& asked,
                                   std::string_view name) {
  using verb = model_order::verb;
  constexpr std::array<std::pair<std::string_view, verb>, 4> verbs{
      std::pair{"load", verb::load}, std::pair{"unload", verb::unload},
      std::pair{"pin", verb::pin}, std::pair{"unpin", verb::unpin}};
  const auto v = std::find_if(verbs.begin(), verbs.end(),
                              [&](const auto& one) { return one.first == name; });
  if (v == verbs.end())
    return make_error(errc::not_found, "there is nothing at " + asked.target);
  if (asked.method != "POST")
    return not_allowed(asked, "POST");
  const auto body = json_input::object_of(asked.body.view());
  if (v->second == verb::load)
    json_input::allow(body, {"model", "backend", "options", "keep_alive"});
  else
    json_input::allow(body, {"model", "backend"});
  model_order order;
  order.what = v->second;
  order.model = json_input::needed_text(body, "model");
  order.backend = json_input::text(body, "backend");
  if (const auto o = body.find("options"); o != body.end())
    read_options(*o, order.set);
  if (const auto k = body.find("keep_alive"); k != body.end()) {
    if (!k->is_string() && !k->is_number_integer())
      throw json_input::bad_request(
          "keep_alive: seconds or a duration as \"5m\" is allowed here");
    order.set.keep_alive = k->dump();
  }
  return ask<model_ordered>(self, std::move(order), [](const model_ordered& done) {
    return json_answer(200, json_input::dump({{"backends", done.backends}}));
  });
}

} // namespace

std::optional<caf::result<response>> answer_fleet(self_ptr self,
                                                  const request_ptr& asked) {
  const std::string_view path =
      std::string_view{asked->target}.substr(0, asked->target.find('?'));
  try {
    if (path == backends_root || path.starts_with(std::string{backends_root} + "/"))
      return answer_backends(self, *asked, path.substr(backends_root.size()));
    if (path.starts_with(models_root))
      return answer_order(self, *asked, path.substr(models_root.size()));
  } catch (const json_input::bad_request& bad) {
    return make_error(errc::bad_request, bad.what());
  } catch (const std::invalid_argument& bad) { // a name that cannot be one
    return make_error(errc::bad_request, bad.what());
  }
  return std::nullopt;
}

promise answer_catalogue(self_ptr self, const request_ptr& asked) {
  auto reply = self->make_response_promise<response>();
  // One backend answers by itself, in its own bytes, but for who may not see all of it.
  const bool is_made_here = is_held_to_models(asked->by);
  const auto merge = [asked](const fleet_status& fleet) {
    std::vector<backend_texts> texts;
    for (const auto& b : fleet.backends)
      if (b.status.known && (asked->pinned.empty() || asked->pinned == b.status.name))
        texts.push_back(
            {b.status.name, b.status.known->tags,
             b.status.state == backend_state::up ? b.status.known->ps : std::string{}});
    constexpr const char* type = "application/json; charset=utf-8";
    constexpr std::string_view models = "/v1/models";
    const auto path = path_of(asked->target);
    if (path == "/api/tags")
      return response{200, type, merged_tags(texts, asked->by), {}};
    if (path == "/api/ps")
      return response{200, type, merged_ps(texts, asked->by), {}};
    if (path.size() <= models.size() + 1)
      return response{200, type, merged_openai_models(texts, asked->by), {}};
    const auto id = path.substr(models.size() + 1);
    if (auto found = openai_model(texts, id, asked->by))
      return response{200, type, std::move(*found), {}};
    return response{404,
                    type,
                    json{{"error",
                          {{"message", "model '" + id + "' not found"},
                           {"type", "not_found_error"},
                           {"param", nullptr},
                           {"code", nullptr}}}}
                        .dump(-1, ' ', false, json::error_handler_t::replace),
                    {}};
  };
  auto fail = [reply](const caf::error& e) mutable { reply.deliver(e); };
  self->request(self->state.links.dispatcher(), caf::infinite, fleet_query{})
      .then(
          [=](const fleet_status& now) mutable {
            if (now.backends.size() < 2 && !is_made_here) {
              reply.deliver(make_error(errc::only_one, "the one backend answers itself"));
              return;
            }
            self->request(self->state.links.dispatcher(), caf::infinite,
                          fresh_fleet_query{})
                .then(
                    [=](const fleet_status& fresh) {
                      deliver(reply, [&] { return merge(fresh); });
                    },
                    fail);
          },
          fail);
  return reply;
}

} // namespace conductor

#include "adapters/native/key_routes.hpp"

#include "adapters/native/answers.hpp"
#include "adapters/native/key_json.hpp"
#include "messages/keys.hpp"

#include <caf/typed_response_promise.hpp>

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

namespace conductor {
namespace {

using self_ptr = resources_actor::stateful_pointer<resources_state>;
using promise = caf::typed_response_promise<response>;
using json = json_input::json;

constexpr std::string_view root = "/conductor/v1/keys";

std::int64_t wall_clock() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// An answer that nobody on the way keeps: it has a secret.
response secret_answer(int status, const made_key& made) {
  auto j = to_json(made.key);
  j["key"] = made.text;
  auto r = json_answer(status, json_input::dump(j));
  r.headers.push_back({"Cache-Control", "no-store"});
  return r;
}

template <class Answer, class Question, class Write>
promise ask(self_ptr self, Question question, Write write) {
  auto reply = self->make_response_promise<response>();
  self->request(self->state.links.keys(), caf::infinite, std::move(question))
      .then([reply, write](const Answer& a) { deliver(reply, [&] { return write(a); }); },
            [reply](const caf::error& e) mutable { reply.deliver(e); });
  return reply;
}

response list(const key_table& table) {
  std::vector<grant_ptr> all;
  for (const auto& [id, g] : table.by_id)
    all.push_back(g);
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return std::tie(a->key.created, a->key.id) < std::tie(b->key.created, b->key.id);
  });
  json keys = json::array();
  for (const auto& g : all)
    keys.push_back(to_json(*g));
  return json_answer(200, json_input::dump({{"keys", std::move(keys)}}));
}

caf::result<response> answer(self_ptr self, const request& asked) {
  const auto& method = asked.method;
  const bool reads = method == "GET" || method == "HEAD";
  const auto table = self->state.links.key_table();
  auto path = std::string_view{asked.target};
  path = path.substr(root.size(), path.find('?') - root.size());
  if (path.empty()) {
    if (reads)
      return list(*table);
    if (method != "POST")
      return not_allowed(asked, "GET, HEAD, POST");
    return ask<made_key>(
        self, create_key{parse_key_wish(asked.body.view(), wall_clock())},
        [](const made_key& made) {
          auto r = secret_answer(201, made);
          r.headers.push_back({"Location", std::string{root} + "/" + made.key.id});
          return r;
        });
  }
  path.remove_prefix(1);
  const auto slash = std::min(path.find('/'), path.size());
  const std::string id{path.substr(0, slash)};
  const auto part = path.substr(slash);
  if (part == "/rotate") {
    if (method != "POST")
      return not_allowed(asked, "POST");
    return ask<made_key>(self, rotate_key{id},
                         [](const made_key& made) { return secret_answer(200, made); });
  }
  const auto known = table->find(id);
  if (!part.empty() || !known)
    return make_error(errc::not_found, "there is no key of the id " + id);
  const auto told = [](const api_key& k) {
    return json_answer(200, json_input::dump(to_json(k)));
  };
  if (reads)
    return json_answer(200, json_input::dump(to_json(*known)));
  if (method == "DELETE")
    return ask<api_key>(self, revoke_key{id}, told);
  if (method == "PATCH")
    return ask<api_key>(
        self, change_key{id, parse_key_change(asked.body.view(), wall_clock())}, told);
  return not_allowed(asked, "GET, HEAD, PATCH, DELETE");
}

} // namespace

caf::result<response> answer_keys(self_ptr self, const request_ptr& asked) {
  try {
    return answer(self, *asked);
  } catch (const json_input::bad_request& bad) {
    return make_error(errc::bad_request, bad.what());
  }
}

} // namespace conductor

#include "adapters/native/generation_routes.hpp"

#include "adapters/native/answers.hpp"
#include "adapters/native/json_input.hpp"

#include <caf/typed_response_promise.hpp>

#include <algorithm>
#include <memory>
#include <utility>

namespace conductor {
namespace {

using json = nlohmann::ordered_json;
using self_ptr = resources_actor::stateful_pointer<resources_state>;
using promise = caf::typed_response_promise<response>;

constexpr std::string_view root = "/conductor/v1/generations";

/// Asks every desk; `then` gets all answers, of desks that failed none.
template <class Answer, class Question>
void ask_desks(self_ptr self, Question question,
               std::function<void(std::vector<Answer>)> then) {
  const auto desks = self->state.links.desks();
  auto all = std::make_shared<std::vector<Answer>>();
  auto left = std::make_shared<std::size_t>(desks.size());
  const auto one_less = [=] {
    if (--*left == 0)
      then(std::move(*all));
  };
  for (const auto& d : desks)
    self->request(d, caf::infinite, question)
        .then(
            [=](Answer& a) {
              all->push_back(std::move(a));
              one_less();
            },
            [=](const caf::error&) { one_less(); });
}

json to_json(const generation_info& g) {
  json j{{"id", g.about->id},
         {"model", g.about->model},
         {"target", g.about->target},
         {"state", g.backend.empty() ? "waiting" : "running"}};
  if (!g.backend.empty())
    j["backend"] = g.backend;
  if (!g.about->session.empty())
    j["session"] = g.about->session;
  if (!g.about->peer.empty())
    j["peer"] = g.about->peer;
  if (g.about->by)
    j["key"] = g.about->by->key.name;
  const auto ms_since_received = [&](request_clock::time_point t) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(t - g.about->received)
        .count();
  };
  j["age_ms"] = ms_since_received(request_clock::now());
  j["pieces"] = g.pieces;
  if (g.pieces > 0)
    j["first_ms"] = ms_since_received(g.first);
  return j;
}

caf::error unknown(const std::string& id) {
  return make_error(errc::not_found, "no answer in flight has the id " + id);
}

/// The list, or the one of that id; what is others' is not there.
promise read(self_ptr self, const grant_ptr& by, const std::string& id) {
  auto reply = self->make_response_promise<response>();
  ask_desks<generation_list>(
      self, generations_query{},
      [reply, by, id](const std::vector<generation_list>& lists) mutable {
        json all = json::array();
        for (const auto& list : lists)
          for (const auto& g : list)
            if ((id.empty() || g.about->id == id) && may_see(by, owner_of(g.about->by)))
              all.push_back(to_json(g));
        if (id.empty())
          reply.deliver(
              json_answer(200, json_input::dump({{"generations", std::move(all)}})));
        else if (all.empty())
          reply.deliver(unknown(id));
        else
          reply.deliver(json_answer(200, json_input::dump(all.front())));
      });
  return reply;
}

promise stop(self_ptr self, const grant_ptr& by, const std::string& id) {
  auto reply = self->make_response_promise<response>();
  ask_desks<stopped_generations>(
      self, stop_generation{id, by},
      [reply](const std::vector<stopped_generations>& stopped) mutable {
        const bool any = std::any_of(stopped.begin(), stopped.end(),
                                     [](const auto& s) { return s.count > 0; });
        reply.deliver(json_answer(200, json_input::dump({{"cancelled", any}})));
      });
  return reply;
}

} // namespace

caf::result<response> answer_generations(self_ptr self, const request_ptr& asked) {
  constexpr std::string_view end = "/cancel";
  std::string_view path = asked->target;
  path = path.substr(0, path.find('?'));
  path.remove_prefix(root.size());
  if (path == "/" || (!path.empty() && path.front() != '/'))
    return make_error(errc::not_found, "there is nothing at " + asked->target);
  path.remove_prefix(std::min<std::size_t>(path.size(), 1));
  const bool cancels = path.ends_with(end) && path.size() > end.size();
  if (cancels)
    path.remove_suffix(end.size());
  if (path.find('/') != std::string_view::npos)
    return make_error(errc::not_found, "there is nothing at " + asked->target);
  const bool reads = asked->method == "GET" || asked->method == "HEAD";
  if (cancels ? asked->method != "POST" : !reads)
    return not_allowed(*asked, cancels ? "POST" : "GET, HEAD");
  return cancels ? stop(self, asked->by, std::string{path})
                 : read(self, asked->by, std::string{path});
}

} // namespace conductor

#include "adapters/native/request_routes.hpp"

#include "adapters/native/answers.hpp"
#include "adapters/native/fleet_json.hpp"
#include "adapters/native/json_input.hpp"
#include "adapters/native/request_json.hpp"
#include "adapters/native/session_path.hpp"
#include "messages/model_name.hpp"
#include "messages/percent.hpp"

#include <caf/typed_response_promise.hpp>

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

namespace conductor {
namespace {

using json = nlohmann::ordered_json;
using self_ptr = resources_actor::stateful_pointer<resources_state>;
using promise = caf::typed_response_promise<response>;
using json_input::bad_request;

constexpr std::string_view root = "/conductor/v1/requests";
constexpr std::size_t most_listed = 1000;

/// What is known of some requests, as it comes together.
struct gathered {
  ended_requests ended; ///< the latest first, once all is there
  explanations decisions;
  std::size_t left = 1; ///< answers still to come; one more, so that all are asked first
  std::function<void(gathered&)> then;

  void one_less() {
    if (--left > 0)
      return;
    std::stable_sort(ended.begin(), ended.end(),
                     [](const auto& a, const auto& b) { return a.ended > b.ended; });
    then(*this);
  }
};
using gathered_ptr = std::shared_ptr<gathered>;

template <class Found, class Who, class Question>
void ask(self_ptr self, const gathered_ptr& all, const Who& who, const Question& q,
         Found gathered::*into) {
  ++all->left;
  self->request(who, caf::infinite, q)
      .then(
          [=](Found& found) {
            std::move(found.begin(), found.end(), std::back_inserter((*all).*into));
            all->one_less();
          },
          [=](const caf::error&) { all->one_less(); });
}

void ask_observers(self_ptr self, const gathered_ptr& all, const requests_query& q) {
  for (const auto& o : self->state.links.observers())
    ask(self, all, o, q, &gathered::ended);
}

requests_query parse(std::string_view target) {
  requests_query q;
  for (const auto& [key, value] : query_of(target)) {
    if (key == "limit") {
      const auto n = json_input::whole_number(value);
      if (!n || *n == 0 || *n > most_listed)
        throw bad_request("\"limit\" must be from 1 to " + std::to_string(most_listed));
      q.limit = *n;
    } else if (key == "outcome") {
      q.outcome = value;
    } else if (key == "model") {
      q.model = canonical_model(value);
    } else {
      throw bad_request("unknown parameter \"" + key +
                        "\"; allowed are limit, outcome, model");
    }
  }
  return q;
}

json list_of(const ended_requests& all) {
  json list = json::array();
  for (const auto& r : all)
    list.push_back(to_json(r));
  return list;
}

promise list(self_ptr self, const requests_query& q) {
  auto reply = self->make_response_promise<response>();
  auto all = std::make_shared<gathered>();
  all->then = [reply, limit = q.limit](gathered& g) mutable {
    g.ended.resize(std::min(g.ended.size(), limit));
    reply.deliver(json_answer(200, json_input::dump({{"requests", list_of(g.ended)}})));
  };
  ask_observers(self, all, q);
  all->one_less();
  return reply;
}

/// How it ended, as often as that id was used, and the decisions of DISPATCHER and of the
/// lanes.
promise one(self_ptr self, const grant_ptr& by, const std::string& id) {
  auto reply = self->make_response_promise<response>();
  auto all = std::make_shared<gathered>();
  all->then = [reply, by, id](gathered& g) mutable {
    std::erase_if(g.decisions, [&](const auto& e) { return !may_see(by, e.key); });
    if (g.ended.empty() && g.decisions.empty()) {
      reply.deliver(
          make_error(errc::not_found, "no request of the last ones had the id " + id));
      return;
    }
    json decisions = json::array();
    for (const auto& e : g.decisions)
      decisions.push_back(to_json(e));
    reply.deliver(json_answer(200, json_input::dump({{"id", id},
                                                     {"requests", list_of(g.ended)},
                                                     {"decisions", decisions}})));
  };
  ask(self, all, self->state.links.dispatcher(), explain_query{id}, &gathered::decisions);
  for (const auto& d : self->state.links.desks())
    ask(self, all, d, explain_query{id}, &gathered::decisions);
  requests_query q;
  q.id = id;
  if (!is_admin(by))
    q.key = owner_of(by);
  ask_observers(self, all, q);
  all->one_less();
  return reply;
}

} // namespace

caf::result<response> answer_requests(self_ptr self, const request_ptr& asked) {
  const std::string_view target = asked->target;
  auto path = target.substr(0, target.find('?'));
  path.remove_prefix(root.size());
  if (path == "/" || (!path.empty() && path.front() != '/'))
    return make_error(errc::not_found, "there is nothing at " + asked->target);
  if (asked->method != "GET" && asked->method != "HEAD")
    return not_allowed(*asked, "GET, HEAD");
  if (!path.empty())
    return one(self, asked->by, decoded(path.substr(1)));
  try {
    auto q = parse(target);
    if (!is_admin(asked->by))
      q.key = owner_of(asked->by);
    return list(self, q);
  } catch (const bad_request& bad) {
    return make_error(errc::bad_request, bad.what());
  }
}

} // namespace conductor

#include "adapters/native/session_routes.hpp"

#include "adapters/native/problem.hpp"
#include "adapters/native/session_json.hpp"
#include "adapters/native/session_path.hpp"

#include <caf/typed_response_promise.hpp>

#include <charconv>
#include <utility>

namespace conductor {
namespace {

using self_ptr = resources_actor::stateful_pointer<resources_state>;
using promise = caf::typed_response_promise<response>;

constexpr std::size_t most_listed = 200;

response as_json(int status, std::string body) {
  return {status, "application/json; charset=utf-8", std::move(body) + "\n", {}};
}

/// Delivers what `make` makes of the answer, or a problem document.
template <class Answer, class Ask, class Make>
promise ask(self_ptr self, const request_ptr& asked, Ask question, Make make) {
  auto reply = self->make_response_promise<response>();
  question().then([reply, make](const Answer& a) mutable { reply.deliver(make(a)); },
                  [reply, id = asked->id](const caf::error& e) mutable {
                    reply.deliver(problem_of(id, e));
                  });
  return reply;
}

response bad(const request_ptr& asked, std::string_view why) {
  return problem(asked->id, 400, "bad_request", why);
}

response not_allowed(const request_ptr& asked, std::string_view allowed) {
  auto r = problem(asked->id, 405, "method_not_allowed",
                   "this path takes " + std::string{allowed});
  r.headers.push_back({"Allow", std::string{allowed}});
  return r;
}

caf::result<response> create(self_ptr self, const request_ptr& asked,
                             const sessions_actor& sessions) {
  create_session wish;
  try {
    wish.info = parse_session(asked->body.view());
  } catch (const bad_request& e) {
    return bad(asked, e.what());
  }
  wish.info.id = self->state.links.new_session_id();
  return ask<session_record_ptr>(
      self, asked,
      [&] { return self->request(sessions, caf::infinite, std::move(wish)); },
      [](const session_record_ptr& made) {
        auto r = as_json(201, to_json(*made));
        r.headers.push_back({"Location", "/conductor/v1/sessions/" + made->info.id});
        return r;
      });
}

caf::result<response> list(self_ptr self, const request_ptr& asked,
                           const sessions_actor& sessions) {
  store_list wish;
  const auto number = [](std::string_view text, auto& into) {
    const auto end = text.data() + text.size();
    const auto [at, ec] = std::from_chars(text.data(), end, into);
    return ec == std::errc{} && at == end;
  };
  if (const auto text = query_value(asked->target, "limit"); !text.empty())
    if (!number(text, wish.limit) || wish.limit == 0 || wish.limit > most_listed)
      return bad(asked, "\"limit\" must be from 1 to " + std::to_string(most_listed));
  if (const auto text = query_value(asked->target, "before"); !text.empty()) {
    const auto dot = text.find('.');
    if (dot == std::string_view::npos || !number(text.substr(0, dot), wish.before))
      return bad(asked, "\"before\" must be the \"next\" of another page");
    wish.before_id = text.substr(dot + 1);
  }
  return ask<session_page>(
      self, asked, [&] { return self->request(sessions, caf::infinite, wish); },
      [limit = wish.limit](const session_page& page) {
        return as_json(200, to_json(page, limit));
      });
}

caf::result<response> one(self_ptr self, const request_ptr& asked, const std::string& id,
                          const std::string& part, const sessions_actor& sessions) {
  auto reply = self->make_response_promise<response>();
  const auto fail = [reply, request = asked->id](const caf::error& e) mutable {
    reply.deliver(problem_of(request, e));
  };
  self->request(sessions, caf::infinite, open_session{id})
      .then(
          [=, method = asked->method](const session_actor& s) mutable {
            if (part == "cancel")
              self->request(s, caf::infinite, stop_turn{})
                  .then(
                      [reply](stopped_turn t) mutable {
                        reply.deliver(as_json(200, t.cancelled
                                                       ? "{\"cancelled\":true}"
                                                       : "{\"cancelled\":false}"));
                      },
                      fail);
            else if (method == "DELETE")
              self->request(sessions, caf::infinite, erase_session{id})
                  .then(
                      [reply](const stored&) mutable {
                        reply.deliver(response{204, {}, {}, {}});
                      },
                      fail);
            else
              self->request(s, caf::infinite, describe{})
                  .then(
                      [reply](const session_record_ptr& r) mutable {
                        reply.deliver(as_json(200, to_json(*r)));
                      },
                      fail);
          },
          fail);
  return reply;
}

} // namespace

caf::result<response> answer_sessions(self_ptr self, const request_ptr& asked) {
  const auto path = session_path_of(asked->target);
  const auto sessions = self->state.links.sessions();
  const auto& method = asked->method;
  const bool reads = method == "GET" || method == "HEAD";
  if (!path.matches)
    return problem(asked->id, 404, "not_found", "there is nothing at " + asked->target);
  if (path.id.empty()) {
    if (method == "POST")
      return create(self, asked, sessions);
    return reads ? list(self, asked, sessions) : not_allowed(asked, "GET, HEAD, POST");
  }
  if (path.part.empty() && !reads && method != "DELETE")
    return not_allowed(asked, "GET, HEAD, DELETE");
  if (path.part == "messages" || path.part == "cancel") {
    if (method != "POST")
      return not_allowed(asked, "POST");
  } else if (path.part == "events") {
    return not_allowed(asked, "GET");
  } else if (!path.part.empty()) {
    return problem(asked->id, 404, "not_found", "there is nothing at " + asked->target);
  }
  return one(self, asked, path.id, path.part, sessions);
}

} // namespace conductor

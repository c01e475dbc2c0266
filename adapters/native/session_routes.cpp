#include "adapters/native/session_routes.hpp"

#include "adapters/native/answers.hpp"
#include "adapters/native/ask_session.hpp"
#include "adapters/native/header.hpp"
#include "adapters/native/session_json.hpp"
#include "adapters/native/session_path.hpp"
#include "adapters/native/session_requests.hpp"

#include <caf/typed_response_promise.hpp>

#include <charconv>
#include <utility>

namespace conductor {
namespace {

using self_ptr = resources_actor::stateful_pointer<resources_state>;
using promise = caf::typed_response_promise<response>;

response session_answer(int status, const session_record& r) {
  auto answer = json_answer(status, to_json(r));
  answer.headers.push_back({"ETag", entity_tag(r.info.version)});
  return answer;
}

response created_answer(int status, const session_record& r) {
  auto answer = session_answer(status, r);
  answer.headers.push_back({"Location", "/conductor/v1/sessions/" + r.info.id});
  return answer;
}

caf::error not_found(const request& asked) {
  return make_error(errc::not_found, "there is nothing at " + asked.target);
}

/// Delivers what `make` makes of SESSIONS' answer, or its error.
template <class Answer, class Message, class Make>
promise ask_all(self_ptr self, Message m, Make make) {
  auto reply = self->make_response_promise<response>();
  self->request(self->state.links.sessions(), caf::infinite, std::move(m))
      .then([reply, make](const Answer& a) { deliver(reply, [&] { return make(a); }); },
            [reply](const caf::error& e) mutable { reply.deliver(e); });
  return reply;
}

/// The same of one SESSION's.
template <class Answer, class Message, class Make>
promise ask_one(self_ptr self, const request_ptr& asked, const std::string& id, Message m,
                Make make) {
  auto reply = self->make_response_promise<response>();
  ask_session<Answer>(
      self, self->state.links.sessions, open_session{id, {}, asked->by}, std::move(m),
      [reply, make](const session_actor&, const Answer& a) {
        deliver(reply, [&] { return make(a); });
      },
      [reply](const caf::error& e) mutable { reply.deliver(e); });
  return reply;
}

promise create(self_ptr self, const request_ptr& asked) {
  create_session wish{parse_session(asked->body.view())};
  wish.start.info.id = self->state.links.new_session_id();
  wish.start.info.key = key_of_owner(asked->by, header_of(*asked, "Idempotency-Key"));
  wish.start.info.owner = owner_of(asked->by);
  return ask_all<created_session>(self, std::move(wish), [](const created_session& c) {
    return created_answer(c.before ? 200 : 201, *c.made);
  });
}

promise list(self_ptr self, const request_ptr& asked) {
  auto wish = parse_list(asked->target);
  if (!is_admin(asked->by))
    wish.owner = owner_of(asked->by);
  return ask_all<session_page>(self, wish, [](const session_page& page) {
    return json_answer(200, to_json(page));
  });
}

bool under_way(const session_record& r) {
  return !r.messages.empty() && !settled(r.messages.back().state);
}

promise read(self_ptr self, const request_ptr& asked, const std::string& id) {
  return ask_one<session_record_ptr>(
      self, asked, id, describe{}, [asked](const session_record_ptr& r) {
        if (under_way(*r)) // its text changes without a new version
          return json_answer(200, to_json(*r));
        if (header_of(*asked, "If-None-Match") == entity_tag(r->info.version))
          return response{304, {}, {}, {{"ETag", entity_tag(r->info.version)}}};
        return session_answer(200, *r);
      });
}

promise read_message(self_ptr self, const request_ptr& asked, const session_path& path) {
  std::uint64_t seq = 0;
  const auto& text = path.item;
  const auto end = text.data() + text.size();
  if (std::from_chars(text.data(), end, seq).ptr != end)
    throw bad_request("a message is named by its \"seq\", a number");
  auto reply = self->make_response_promise<response>();
  ask_session<session_record_ptr>(
      self, self->state.links.sessions, open_session{path.id, {}, asked->by}, describe{},
      [=](const session_actor&, const session_record_ptr& r) mutable {
        if (const auto* m = find_message(r->messages, seq))
          deliver(reply, [&] { return json_answer(200, to_json(*m)); });
        else
          reply.deliver(not_found(*asked));
      },
      [reply](const caf::error& e) mutable { reply.deliver(e); });
  return reply;
}

promise change(self_ptr self, const request_ptr& asked, const std::string& id) {
  auto wish = parse_change(asked->body.view());
  wish.version = version_of(*asked);
  return ask_one<session_record_ptr>(
      self, asked, id, std::move(wish),
      [](const session_record_ptr& r) { return session_answer(200, *r); });
}

promise rewind(self_ptr self, const request_ptr& asked, const std::string& id) {
  auto wish = parse_rewind(asked->body.view());
  wish.version = version_of(*asked);
  return ask_one<session_record_ptr>(
      self, asked, id, wish,
      [](const session_record_ptr& r) { return session_answer(200, *r); });
}

promise copy(self_ptr self, const request_ptr& asked, const std::string& id) {
  auto wish = parse_fork(asked->body.view());
  wish.id = id;
  wish.new_id = self->state.links.new_session_id();
  wish.by = asked->by;
  return ask_all<session_record_ptr>(
      self, std::move(wish),
      [](const session_record_ptr& r) { return created_answer(201, *r); });
}

promise cancel(self_ptr self, const request_ptr& asked, const std::string& id) {
  return ask_one<stopped_turn>(
      self, asked, id, parse_cancel(asked->body.view()), [](const stopped_turn& t) {
        return json_answer(200, t.cancelled ? "{\"cancelled\":true}"
                                            : "{\"cancelled\":false}");
      });
}

promise erase(self_ptr self, const request_ptr& asked, const std::string& id) {
  return ask_all<stored>(self, erase_session{id, version_of(*asked), asked->by},
                         [](const stored&) {
                           return response{204, {}, {}, {}};
                         });
}

promise export_whole(self_ptr self, const request_ptr& asked, const std::string& id) {
  const auto as = query_value(asked->target, "as");
  if (!as.empty() && as != "json" && as != "markdown")
    throw bad_request("\"as\" must be json or markdown");
  return ask_one<session_record_ptr>(
      self, asked, id, describe{}, [as](const session_record_ptr& r) {
        if (as == "markdown")
          return response{200, "text/markdown; charset=utf-8", export_markdown(*r), {}};
        return json_answer(200, export_json(*r));
      });
}

using on_one = promise (*)(self_ptr, const request_ptr&, const std::string&);

/// What can be done with one session; what streams is FEED's, and named for `Allow`.
struct route {
  const char* method;
  const char* part;
  on_one answer;
};
constexpr route routes[] = {
    {"GET", "", read},          {"HEAD", "", read},
    {"PATCH", "", change},      {"DELETE", "", erase},
    {"POST", "cancel", cancel}, {"POST", "rewind", rewind},
    {"POST", "fork", copy},     {"GET", "export", export_whole},
    {"POST", "messages", {}},   {"POST", "regenerate", {}},
    {"GET", "events", {}},
};

caf::result<response> answer(self_ptr self, const request_ptr& asked) {
  const auto path = session_path_of(asked->target);
  const auto& method = asked->method;
  if (!path.matches)
    return not_found(*asked);
  if (path.id.empty()) {
    if (method == "POST")
      return create(self, asked);
    if (method == "GET" || method == "HEAD")
      return list(self, asked);
    return not_allowed(*asked, "GET, HEAD, POST");
  }
  if (!path.item.empty()) {
    if (path.part != "messages")
      return not_found(*asked);
    if (method == "GET" || method == "HEAD")
      return read_message(self, asked, path);
    return not_allowed(*asked, "GET, HEAD");
  }
  std::string allowed;
  for (const auto& r : routes) {
    if (path.part != r.part)
      continue;
    if (method == r.method && r.answer)
      return r.answer(self, asked, path.id);
    allowed += (allowed.empty() ? "" : ", ") + std::string{r.method};
  }
  if (allowed.empty())
    return not_found(*asked);
  return not_allowed(*asked, allowed);
}

} // namespace

caf::result<response> answer_sessions(self_ptr self, const request_ptr& asked) {
  try {
    return answer(self, asked);
  } catch (const bad_request& e) {
    return make_error(errc::bad_request, e.what());
  }
}

} // namespace conductor

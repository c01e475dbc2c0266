#include "adapters/responses/stored_response.hpp"

#include "adapters/http/dialects.hpp"
#include "adapters/native/answers.hpp"
#include "adapters/native/ask_session.hpp"
#include "adapters/native/session_path.hpp"
#include "adapters/responses/conversation.hpp"
#include "adapters/responses/response_json.hpp"
#include "messages/percent.hpp"

#include <algorithm>
#include <utility>

namespace conductor {
namespace {

using json_input::bad_request;
using json_input::json;

constexpr std::string_view root = "/v1/responses/";
constexpr std::size_t usual_page = 20, largest_page = 100;

/// The last answer before the turn of `answer`; null: that one is the first.
const session_message* answer_before(const session_record& record,
                                     const session_message& answer) {
  const session_message* last = nullptr;
  for (const auto& m : record.messages) {
    if (m.seq == answer.seq)
      break;
    if (m.role == "assistant" && !m.model.empty())
      last = &m;
  }
  return last;
}

json items_asked(const session_record& record, const session_message& answer) {
  const auto* before = answer_before(record, answer);
  const auto first = before ? before->seq + 1 : 1;
  auto all = json::array();
  for (const auto& m : record.messages)
    if (m.seq >= first && m.seq < answer.seq)
      for (auto& item : responses::items_of(record.info.id, m))
        all.push_back(std::move(item));
  return all;
}

/// `order`, `after` and `limit` of the query, as OpenAI's lists have them.
json page_of(json all, std::string_view target) {
  const auto order = query_value(target, "order");
  if (!order.empty() && order != "asc" && order != "desc")
    throw bad_request("\"order\" must be asc or desc");
  if (order != "asc")
    std::reverse(all.begin(), all.end());
  auto limit = usual_page;
  if (const auto text = query_value(target, "limit"); !text.empty()) {
    limit = json_input::whole_number(text).value_or(0);
    if (limit < 1 || limit > largest_page)
      throw bad_request("\"limit\" must be from 1 to " + std::to_string(largest_page));
  }
  auto from = all.begin();
  if (const auto after = query_value(target, "after"); !after.empty()) {
    from = std::find_if(all.begin(), all.end(),
                        [&](const json& one) { return one["id"] == after; });
    if (from == all.end())
      throw bad_request("\"after\" must be the id of an item of this response");
    ++from;
  }
  const auto left = static_cast<std::size_t>(all.end() - from);
  json data(from, from + static_cast<std::ptrdiff_t>(std::min(limit, left)));
  if (data.is_null())
    data = json::array();
  const auto id_of = [&](std::size_t i) { return data.empty() ? json() : data[i]["id"]; };
  return {{"object", "list"},
          {"data", data},
          {"first_id", id_of(0)},
          {"last_id", id_of(data.size() - 1)},
          {"has_more", left > limit}};
}

class made final : public feed_surface {
public:
  explicit made(request_ptr asked) : asked_(std::move(asked)) {}

  void begin(feed_ptr self) override {
    const auto path = path_of(asked_->target).substr(root.size());
    const auto slash = std::min(path.find('/'), path.size());
    const auto id = response_id_of(path.substr(0, slash));
    const auto part = path.substr(slash);
    const auto on = find_operation(part);
    if (!id || on == nullptr) {
      feeding::fail(self,
                    make_error(errc::not_found, "there is nothing at " + asked_->target));
      return;
    }
    id_ = *id;
    ask_session<session_record_ptr>(
        self, self->state.sessions, open_session{id_.session, {}, asked_->by}, describe{},
        [=, this](const session_actor&, const session_record_ptr& record) {
          const auto* found = find_answer(*record, id_.message);
          if (found == nullptr)
            feeding::fail(self, no_such_response(id_));
          else
            perform(self, on, *record, *found);
        },
        [=, this](const caf::error& e) { feeding::fail(self, told(e)); });
  }

private:
  using operation = void (made::*)(feed_ptr, const session_record&,
                                   const session_message&);

  operation find_operation(std::string_view part) const {
    const auto& method = asked_->method;
    if (part.empty() && (method == "GET" || method == "HEAD"))
      return &made::show;
    if (part.empty() && method == "DELETE")
      return &made::erase;
    if (part == "/input_items" && (method == "GET" || method == "HEAD"))
      return &made::list_input;
    if (part == "/cancel" && method == "POST")
      return &made::stop;
    return nullptr;
  }

  void perform(feed_ptr self, operation on, const session_record& record,
               const session_message& answer) {
    try {
      (this->*on)(self, record, answer);
    } catch (const bad_request& e) {
      feeding::fail(self, make_error(errc::bad_request, e.what()));
    }
  }

  caf::error told(const caf::error& e) const {
    return to_failure(e).code == errc::session_not_found ? no_such_response(id_) : e;
  }

  void answer(feed_ptr self, const json& body) const {
    feeding::answer(self, json_answer(200, json_input::dump(body)));
  }

  void show(feed_ptr self, const session_record& record, const session_message& m) {
    if (query_value(asked_->target, "stream") == "true")
      throw bad_request("\"stream\" is not supported here: GET "
                        "/conductor/v1/sessions/" +
                        id_.session + "/events streams what is in progress");
    const auto* before = answer_before(record, m);
    answer(self, responses::response_of(
                     record.info, m,
                     before ? to_string(response_id{record.info.id, before->seq}) : ""));
  }

  void list_input(feed_ptr self, const session_record& record, const session_message& m) {
    answer(self, page_of(items_asked(record, m), asked_->target));
  }

  void stop(feed_ptr self, const session_record&, const session_message& m) {
    ask_session<stopped_turn>(
        self, self->state.sessions, open_session{id_.session, {}, asked_->by},
        stop_turn{m.seq},
        [=, this](const session_actor& session, const stopped_turn&) {
          self->request(session, caf::infinite, describe{})
              .then(
                  [=, this](const session_record_ptr& now) {
                    if (const auto* m = find_answer(*now, id_.message))
                      perform(self, &made::show, *now, *m);
                    else
                      feeding::fail(self, no_such_response(id_));
                  },
                  [=, this](const caf::error& e) { feeding::fail(self, told(e)); });
        },
        [=, this](const caf::error& e) { feeding::fail(self, told(e)); });
  }

  /// Later responses stand on earlier ones: the last one goes first.
  void erase(feed_ptr self, const session_record& record, const session_message& m) {
    if (m.seq != record.messages.back().seq)
      throw bad_request("later responses continue this one; delete those first, or the "
                        "whole conversation: DELETE /conductor/v1/sessions/" +
                        id_.session);
    const auto gone = [=, this] {
      answer(self, {{"id", to_string(id_)}, {"object", "response"}, {"deleted", true}});
    };
    const auto failed = [=, this](const caf::error& e) { feeding::fail(self, told(e)); };
    if (const auto* before = answer_before(record, m))
      ask_session<session_record_ptr>(
          self, self->state.sessions, open_session{id_.session, {}, asked_->by},
          rewind_session{before->seq, record.info.version},
          [gone](const session_actor&, const session_record_ptr&) { gone(); }, failed);
    else
      self->request(self->state.sessions(), caf::infinite,
                    erase_session{id_.session, record.info.version, asked_->by})
          .then([gone](const stored&) { gone(); }, failed);
  }

  request_ptr asked_;
  response_id id_;
};

} // namespace

bool names_response(std::string_view target) {
  return path_of(target).starts_with(root);
}

std::unique_ptr<feed_surface> stored_response(const request_ptr& asked) {
  return std::make_unique<made>(asked);
}

} // namespace conductor

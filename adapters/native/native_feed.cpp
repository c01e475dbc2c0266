#include "adapters/native/native_feed.hpp"

#include "adapters/native/answers.hpp"
#include "adapters/native/chat.hpp"
#include "adapters/native/header.hpp"
#include "adapters/native/session_json.hpp"
#include "adapters/native/session_path.hpp"
#include "adapters/native/session_requests.hpp"

#include <utility>

namespace conductor {
namespace {

/// Number of the first event that `GET …/events` wants; 0: a snapshot first.
std::uint64_t first_wanted(const request& asked) {
  const auto number = [](std::string_view text) {
    const auto n = json_input::whole_number(text);
    if (!n)
      throw bad_request("\"from\" and Last-Event-ID must be numbers of events");
    return *n;
  };
  if (const auto from = query_value(asked.target, "from"); !from.empty())
    return number(from);
  if (const auto last = header_of(asked, "Last-Event-ID"); !last.empty())
    return number(last) + 1;
  return 0;
}

class native : public feed_surface {
public:
  explicit native(request_ptr asked) : asked_(std::move(asked)) {}

  void begin(feed_ptr self) override {
    const auto path = session_path_of(asked_->target);
    const auto part = path.matches && path.item.empty() ? path.part : std::string{};
    try {
      if (part == "messages")
        speak(self, path.id, parse_message(asked_->body.view()));
      else if (part == "regenerate")
        speak(self, path.id, parse_regenerate(asked_->body.view()));
      else if (part == "events")
        feeding::watch(self, path.id, first_wanted(*asked_));
      else
        there_is_nothing(self);
    } catch (const bad_request& e) {
      feeding::fail(self, make_error(errc::bad_request, e.what()));
    }
  }

protected:
  const request& asked() const { return *asked_; }

private:
  void there_is_nothing(feed_ptr self) {
    feeding::fail(self,
                  make_error(errc::not_found, "there is nothing at " + asked_->target));
  }
  void speak(feed_ptr self, const std::string& session, say s) {
    s.key = header_of(*asked_, "Idempotency-Key");
    s.version = version_of(*asked_);
    feeding::speak(self, session, std::move(s));
  }

  request_ptr asked_;
};

class ndjson_feed final : public native {
public:
  using native::native;
  std::string content_type() const override { return "application/x-ndjson"; }
  std::string write(const session_event& e) override { return to_json(e) + "\n"; }
};

class sse_feed final : public native {
public:
  using native::native;
  std::string content_type() const override { return "text/event-stream"; }
  std::string write(const session_event& e) override {
    return "id: " + std::to_string(e.seq) + "\nevent: " + to_string(e.type) +
           "\ndata: " + to_json(e) + "\n\n";
  }
  std::string sign_of_life() const override { return ":\n\n"; }
};

/// Keeps what the events say of the turn's answer.
class whole_feed final : public native {
public:
  using native::native;
  void begun(const said& s) override { seq_ = s.answer; }
  std::string write(const session_event& e) override {
    if (const auto* m = e.all ? find_message(e.all->messages, seq_) : nullptr)
      answer_ = *m;
    else if (e.type == event_type::delta)
      answer_.content += e.text;
    else if (e.type == event_type::thinking)
      answer_.thinking += e.text;
    else if (e.type == event_type::tool_calls)
      answer_.tool_calls = chat::joined(answer_.tool_calls, e.text);
    return {};
  }

  response whole(const session_event& end) override {
    if (end.type == event_type::error)
      return problem(asked().id, 502, "Bad Gateway", end.code, end.text);
    auto body = "{\"content\":" + chat::quoted(answer_.content);
    if (!answer_.thinking.empty())
      body += ",\"thinking\":" + chat::quoted(answer_.thinking);
    if (!answer_.tool_calls.empty())
      body += ",\"tool_calls\":" + answer_.tool_calls;
    auto r = json_answer(200, body + ",\"event\":" + to_json(end) + "}");
    if (end.timing)
      if (auto timing = server_timing(*end.timing); !timing.empty())
        r.headers.push_back({"Server-Timing", std::move(timing)});
    return r;
  }

private:
  std::uint64_t seq_ = 0; ///< of the answer
  session_message answer_;
};

} // namespace

std::unique_ptr<feed_surface> native_feed(const request_ptr& asked) {
  const auto accept = header_of(*asked, "Accept");
  const bool watches = session_path_of(asked->target).part == "events";
  if (accept.find("text/event-stream") != std::string_view::npos)
    return std::make_unique<sse_feed>(asked);
  if (accept.find("application/json") != std::string_view::npos && !watches)
    return std::make_unique<whole_feed>(asked);
  return std::make_unique<ndjson_feed>(asked);
}

} // namespace conductor

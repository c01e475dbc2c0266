#include "adapters/responses/responses_feed.hpp"

#include "adapters/http/dialects.hpp"
#include "adapters/native/answers.hpp"
#include "adapters/native/chat.hpp"
#include "adapters/native/header.hpp"
#include "adapters/native/json_input.hpp"
#include "adapters/responses/conversation.hpp"
#include "adapters/responses/function_calls.hpp"
#include "adapters/responses/response_request.hpp"
#include "adapters/responses/response_stream.hpp"
#include "adapters/responses/stored_response.hpp"

#include <charconv>
#include <utility>

namespace conductor {
namespace {

using json_input::bad_request;

/// The status that a client would have got from Ollama, or 502.
int status_of_code(const std::string& code) {
  constexpr std::string_view mark = "upstream_";
  int status = 0;
  if (!code.starts_with(mark))
    return 502;
  std::from_chars(code.data() + mark.size(), code.data() + code.size(), status);
  return status >= 400 && status < 600 ? status : 502;
}

/// A response that is made: its answer so far, and how the client is told.
class making final : public feed_surface {
public:
  explicit making(request_ptr asked) : asked_(std::move(asked)) {}

  void begin(feed_ptr self) override {
    try {
      wish_ = parse_response(asked_->body.view());
      wish_.key = header_of(*asked_, "Idempotency-Key");
      ask(self);
    } catch (const bad_request& e) {
      feeding::fail(self, make_error(errc::bad_request, e.what()));
    }
  }

  void begun(const said& s) override {
    answer_.seq = s.answer;
    answer_.role = "assistant";
    answer_.settings = wish_.settings;
    answer_.state = message_state::streaming;
    if (wish_.streams)
      stream_.emplace(info_.id, s.answer);
  }

  std::string content_type() const override {
    return wish_.streams ? "text/event-stream" : "";
  }
  std::string sign_of_life() const override { return ":\n\n"; }

  std::string write(const session_event& e) override {
    std::string written;
    if (answer_.created == 0) {
      answer_.created = e.time;
      written += told([&](auto& to) { return to.begin(object()); });
    }
    switch (e.type) {
    case event_type::snapshot:
      written += catch_up(e.all->messages);
      break;
    case event_type::thinking:
      written += think(e.text);
      break;
    case event_type::delta:
      written += speak(e.text);
      break;
    case event_type::tool_calls:
      written += call(e.text);
      break;
    case event_type::done:
    case event_type::cancelled:
    case event_type::error:
      finish(e);
      written += told([&](auto& to) { return to.end(object()); });
      break;
    default:
      break;
    }
    return written;
  }

  response whole(const session_event& end) override {
    if (end.type == event_type::error)
      return error_response(dialect::responses, status_of_code(end.code), end.text,
                            end.code, asked_->id);
    return json_answer(200, json_input::dump(object()));
  }

private:
  using json = json_input::json;

  /// Speaks in the conversation; where that changed in between, it is found anew.
  void ask(feed_ptr self) {
    find_conversation(self, wish_, [this, self](const session_info& info, say s) {
      info_ = info;
      feeding::speak(self, info.id, std::move(s), [this, self](const caf::error& e) {
        if (to_failure(e).code == errc::version_mismatch)
          ask(self);
        else
          feeding::fail(self, e);
      });
    });
  }

  json object() const {
    return responses::response_of(info_, answer_,
                                  wish_.previous ? to_string(*wish_.previous) : "");
  }

  /// What the stream makes of it; nothing where the answer is one body.
  template <class Tell>
  std::string told(Tell tell) {
    return stream_ ? tell(*stream_) : std::string{};
  }
  std::string think(const std::string& more) {
    answer_.thinking += more;
    return told([&](auto& to) { return to.think(more); });
  }
  std::string speak(const std::string& more) {
    answer_.content += more;
    return told([&](auto& to) { return to.say(more); });
  }
  std::string call(const std::string& calls) {
    answer_.tool_calls = chat::joined(answer_.tool_calls, calls);
    return told([&](auto& to) { return to.call(calls); });
  }

  /// What came since the last event that was written.
  std::string catch_up(const std::vector<session_message>& all) {
    const auto* m = find_message(all, answer_.seq);
    if (m == nullptr)
      return {};
    std::string written;
    if (m->thinking.size() > answer_.thinking.size())
      written += think(m->thinking.substr(answer_.thinking.size()));
    if (m->content.size() > answer_.content.size())
      written += speak(m->content.substr(answer_.content.size()));
    auto calls = json::parse(m->tool_calls, nullptr, false);
    const auto known = calls_of(answer_.tool_calls, 0).size();
    if (calls.is_array() && calls.size() > known) {
      calls.erase(calls.begin(), calls.begin() + static_cast<std::ptrdiff_t>(known));
      written += call(json_input::dump(calls));
    }
    return written;
  }

  void finish(const session_event& end) {
    answer_.used = end.used;
    answer_.error = end.text;
    answer_.state = end.type == event_type::done        ? message_state::done
                    : end.type == event_type::cancelled ? message_state::cancelled
                                                        : message_state::failed;
  }

  request_ptr asked_;
  response_request wish_;
  session_info info_;
  session_message answer_;                           ///< as far as it came
  std::optional<responses::response_stream> stream_; ///< empty: it is one body
};

} // namespace

std::unique_ptr<feed_surface> responses_feed(const request_ptr& asked) {
  if (names_response(asked->target))
    return stored_response(asked);
  return std::make_unique<making>(asked);
}

} // namespace conductor

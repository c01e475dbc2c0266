#include "tests/support/ollama/answer.hpp"

#include "tests/support/ollama/evaluation.hpp"
#include "tests/support/ollama/json_text.hpp"
#include "tests/support/ollama/record_stream.hpp"
#include "tests/support/ollama/template.hpp"

#include <atomic>
#include <cstdio>
#include <memory>

namespace conductor::test {

namespace asio = boost::asio;
using clock = connection::clock;

namespace {

std::string call_id() {
  static std::atomic<unsigned> last{0};
  char text[24];
  std::snprintf(text, sizeof text, "call_%08x", ++last);
  return text;
}

/// Everything that will be said, decided before the first record.
struct plan {
  text_source thoughts;
  std::size_t thinking;
  std::shared_ptr<const std::string> rest; ///< what `texts` says, where it goes on
  text_source texts;
  std::size_t records;
  std::optional<tool_call> tool;
  std::string reason = "stop";

  std::size_t steps() const { return thinking + records + (tool ? 1 : 0); }
};

std::string_view said_text(const exchange& x, const answer_request& r) {
  if (x.how.echo)
    return r.prompt;
  return x.how.text.empty() ? canned_text() : std::string_view(x.how.text);
}

/// Where the whole text begins with what the client has of it, only the rest is said.
void go_on(plan& p, std::string_view begun, std::size_t size) {
  if (begun.empty())
    return;
  auto texts = p.texts;
  std::string whole;
  for (std::size_t i = 0; i < p.records; ++i)
    whole += texts.next();
  if (!whole.starts_with(begun))
    return;
  p.rest = std::make_shared<const std::string>(whole.substr(begun.size()));
  p.texts = {*p.rest, size};
  p.records = p.texts.per_round();
}

plan plan_of(const exchange& x, const answer_request& r) {
  const auto& how = x.how;
  plan p{{canned_thought(), how.size}, 0, {}, {said_text(x, r), how.size}, 0, {}};
  auto thinks = how.thinking || (r.think && r.begun.empty());
  p.thinking = thinks ? how.thinking.value_or(p.thoughts.per_round()) : 0;
  p.records = how.records.value_or(p.texts.per_round());
  go_on(p, r.begun, how.size);
  if (r.limit > 0 && p.records > static_cast<std::size_t>(r.limit)) {
    p.records = static_cast<std::size_t>(r.limit);
    p.reason = "length";
  }
  if (!how.done_reason.empty())
    p.reason = how.done_reason;
  if (how.tool || how.tool_in_final) {
    auto name = !how.tool_name.empty() ? how.tool_name : r.first_tool;
    p.tool =
        tool_call{call_id(), name.empty() ? "canned_tool" : name, how.tool_arguments};
  }
  return p;
}

/// A text with its number and the time when it was due.
std::string stamped(std::string_view text, std::size_t number, clock::time_point due) {
  using std::chrono::nanoseconds;
  const auto ns = std::chrono::duration_cast<nanoseconds>(due.time_since_epoch());
  std::string out{text};
  ((out += '/') += std::to_string(number)) += '/';
  return (out += std::to_string(ns.count())) += ';';
}

/// A place's load, and what the prompt took.
struct work {
  std::int64_t load_ns;
  evaluation& done;
};

ending ending_of(const exchange& x, const answer_request& r, const plan& p,
                 const work& w) {
  ending e;
  e.reason = p.reason;
  e.prompt_tokens = w.done.prompt_tokens();
  if (e.prompt_tokens == 0)
    e.prompt_tokens = static_cast<int>(r.said / 4 + 1);
  e.tokens = static_cast<int>(p.steps());
  e.total_ns = (clock::now() - x.began).count();
  e.load_ns = w.load_ns;
  e.prompt_ns = std::chrono::nanoseconds(x.how.first).count() + 1;
  e.eval_ns = std::max<std::int64_t>(1, e.total_ns - e.load_ns - e.prompt_ns);
  e.with_context = r.with_context;
  if (x.how.tool_in_final)
    e.tool = p.tool;
  return e;
}

asio::awaitable<void> stream_answer(exchange& x, const answer_request& r,
                                    dialect& spelling, plan p, work w) {
  record_stream out(x, spelling);
  frames record;
  auto tool_step = p.tool && !x.how.tool_in_final;
  for (std::size_t step = 0; step < p.thinking + p.records + (tool_step ? 1 : 0);
       ++step) {
    if (!co_await out.ready())
      co_return;
    record.bytes.clear();
    record.ends.clear();
    if (step < p.thinking + p.records) {
      const bool thinks = step < p.thinking;
      const auto text = thinks ? p.thoughts.next() : p.texts.next();
      w.done.said(text);
      if (thinks)
        spelling.thinking(record, text);
      else
        spelling.text(record,
                      x.how.stamps ? stamped(text, step - p.thinking, out.due()) : text);
    } else {
      spelling.tool(record, *p.tool);
    }
    if (!co_await out.send(record))
      co_return;
  }
  if (!x.how.no_done) {
    if (!co_await out.ready())
      co_return;
    frames last;
    spelling.done(last, ending_of(x, r, p, w));
    if (!co_await out.send(last, true))
      co_return;
  }
  co_await out.end();
}

asio::awaitable<void> collect_answer(exchange& x, const answer_request& r,
                                     dialect& spelling, plan p, work w) {
  const auto& how = x.how;
  auto lasting = how.first + how.gap * static_cast<std::int64_t>(p.steps());
  if (!co_await x.client.sleep_until(clock::now() + lasting))
    co_return;
  if (how.hang_after) {
    co_await x.hang();
    co_return;
  }
  if (how.error_after) {
    co_await x.send({500, spelling.error_body(500, how.error_text)});
    co_return;
  }
  whole_answer a;
  for (std::size_t i = 0; i < p.thinking; ++i)
    a.thinking += p.thoughts.next();
  for (std::size_t i = 0; i < p.records; ++i)
    a.text += p.texts.next();
  a.tool = p.tool;
  w.done.said(a.thinking);
  w.done.said(a.text);
  a.end = ending_of(x, r, p, w);
  auto type = spelling.content_type() == "application/x-ndjson"
                  ? "application/json; charset=utf-8"
                  : "application/json";
  auto body = how.garbage_after ? how.garbage : spelling.whole(a);
  if (how.die_after) {
    if (how.partial)
      co_await x.client.write(x.response_head(200, type) +
                              "Content-Length: " + std::to_string(body.size()) +
                              "\r\n\r\n" + body.substr(0, body.size() / 2));
    x.die();
    co_return;
  }
  co_await x.send({200, std::move(body), type});
}

} // namespace

asio::awaitable<void> give_answer(exchange& x, const answer_request& r,
                                  dialect& spelling) {
  spelling.timestamps = x.how.timestamps;
  if (x.how.status != 0 && !x.how.error_after) {
    co_await x.play_plain_faults([&](int status, std::string_view text) {
      return spelling.error_body(status, text);
    });
    co_return;
  }
  place at(x, r);
  if (!co_await at.taken(spelling))
    co_return;
  counted generating(x.at.seen, &counts::generating, &counts::max_generating);
  evaluation done(x, r, at.slots());
  const work w{at.load_ns(), done};
  if (x.how.hang)
    co_await x.hang();
  else if (r.stream)
    co_await stream_answer(x, r, spelling, plan_of(x, r), w);
  else
    co_await collect_answer(x, r, spelling, plan_of(x, r), w);
}

asio::awaitable<void> load_only(exchange& x, const answer_request& r, dialect& spelling) {
  if (!co_await x.play_plain_faults([&](int status, std::string_view text) {
        return spelling.error_body(status, text);
      }))
    co_return;
  whole_answer a;
  if (r.keep_alive && r.keep_alive->count() == 0) {
    x.at.running.unload(r.model->blob);
    a.end.reason = "unload";
  } else {
    place at(x, r, false);
    if (!co_await at.taken(spelling))
      co_return;
    a.end.reason = "load";
  }
  co_await x.send({200, spelling.whole(a)});
}

asio::awaitable<void> render_only(exchange& x, const answer_request& r,
                                  dialect& spelling) {
  if (!co_await x.play_plain_faults([&](int status, std::string_view text) {
        return spelling.error_body(status, text);
      }))
    co_return;
  place at(x, r, false);
  if (!co_await at.taken(spelling))
    co_return;
  std::string body = R"({"model":)";
  append_quoted(body, r.name);
  ((body += R"(,"created_at":")") += now_text()) += '"';
  body += R"(,"message":{"role":"","content":""},"done":false,)"
          R"("_debug_info":{"rendered_template":)";
  append_quoted(body, rendered_chat(x.json["messages"], closes_messages(r.model->name)));
  co_await x.send({200, body + "}}"});
}

} // namespace conductor::test

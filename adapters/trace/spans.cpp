#include "adapters/trace/spans.hpp"

#include "messages/operation.hpp"

#include <algorithm>
#include <string_view>

namespace conductor {
namespace {

using time_point = request_clock::time_point;

constexpr time_point never{};
constexpr std::size_t most_children = 200; // their numbers fit one byte

/// Makes the spans of one request; the first child is the attempt that answered.
class writer {
public:
  explicit writer(const ended_request& r) : r_(r) {}

  std::vector<span> run() {
    add_own();
    auto since = r_.received; // the first attempt begins with the request
    for (const auto& a : r_.course.before) {
      add_attempt(a, since, 0);
      since = a.last;
    }
    add_attempt(r_.course.now, since, 1);
    if (r_.course.now.first != never)
      add("relay", span::kind::internal, r_.course.now.first, end_of_request());
    return std::move(spans_);
  }

private:
  std::int64_t wall(time_point t) const { return r_.time + (t - r_.received).count(); }

  time_point end_of_request() const { return r_.taken == never ? r_.ended : r_.taken; }

  /// A child, unless it ends before it begins.
  span* add(std::string name, span::kind is, time_point begin, time_point end,
            std::uint8_t number = 0) {
    if (begin == never || end < begin || spans_.size() > most_children)
      return nullptr;
    span s;
    s.trace = r_.trace;
    s.id = child_span(*r_.trace, number != 0 ? number : next_++);
    s.parent = r_.trace->span;
    s.name = std::move(name);
    s.is = is;
    s.begin = wall(begin);
    s.end = wall(end);
    return &spans_.emplace_back(std::move(s));
  }

  void add_attempt(const attempt& a, time_point since, std::uint8_t number) {
    const auto over = a.last == never ? r_.ended : a.last;
    if (auto* q = add("queue", span::kind::internal, since,
                      a.leased == never ? over : a.leased);
        q != nullptr && a.leased == never && a.lost)
      fail(*q, to_string(*a.lost));
    if (auto* l = add("load", span::kind::internal, a.load_began, a.load_ended))
      say(*l, "conductor.backend", a.backend);
    auto* u = add("upstream", span::kind::client, a.leased, over, number);
    if (u == nullptr)
      return;
    say(*u, "conductor.backend", a.backend);
    say_address(*u, a);
    if (a.first != never)
      u->events.push_back({"first_token", wall(a.first)});
    if (a.lost)
      fail(*u, to_string(*a.lost));
  }

  void add_own();
  void say_model(span& s, const char* operation);

  static void say(span& s, const char* key, std::string text) {
    if (!text.empty())
      s.attributes.emplace_back(key, std::move(text));
  }
  static void count(span& s, const char* key, std::uint64_t number) {
    s.attributes.emplace_back(key, static_cast<std::int64_t>(number));
  }
  static void say_address(span& s, const attempt& a) {
    if (a.host.empty())
      return;
    say(s, "server.address", a.host);
    count(s, "server.port", a.port);
  }
  static void fail(span& s, std::string type) {
    say(s, "error.type", type);
    s.error = std::move(type);
  }

  const ended_request& r_;
  std::vector<span> spans_;
  std::uint8_t next_ = 2;
};

/// No more of a path than there are routes of Ollama.
std::string route_of(std::string_view path) {
  const auto second = path.find('/', 1);
  const auto third =
      second == std::string_view::npos ? second : path.find('/', second + 1);
  return std::string{path.substr(0, third)};
}

void writer::say_model(span& s, const char* operation) {
  say(s, "gen_ai.operation.name", operation);
  say(s, "gen_ai.provider.name", "ollama");
  say(s, "gen_ai.request.model", r_.model);
  if (r_.used.prompt_tokens > 0)
    count(s, "gen_ai.usage.input_tokens", r_.used.prompt_tokens);
  if (r_.used.answer_tokens > 0)
    count(s, "gen_ai.usage.output_tokens", r_.used.answer_tokens);
  if (!r_.reason.empty())
    s.attributes.emplace_back("gen_ai.response.finish_reasons",
                              std::vector<std::string>{r_.reason});
}

void writer::add_own() {
  span s;
  s.trace = r_.trace;
  s.id = r_.trace->span;
  s.parent = r_.trace->parent;
  s.is = span::kind::server;
  s.begin = wall(r_.received);
  s.end = wall(std::max(end_of_request(), r_.received));
  const auto* operation =
      r_.kind == request_kind::inference ? operation_of(r_.path) : nullptr;
  if (operation != nullptr) {
    s.name = operation + (r_.model.empty() ? std::string{} : " " + r_.model);
    say_model(s, operation);
  } else {
    s.name = r_.method + " " + route_of(r_.path);
  }
  say(s, "http.request.method", r_.method);
  say(s, "http.route", route_of(r_.path));
  if (r_.status > 0)
    count(s, "http.response.status_code", static_cast<std::uint64_t>(r_.status));
  say_address(s, r_.course.now);
  say(s, "conductor.request.id", r_.id);
  say(s, "conductor.backend", r_.backend);
  say(s, "conductor.session.id", r_.session);
  say(s, "conductor.outcome", r_.outcome);
  if (r_.kind == request_kind::inference)
    say(s, "conductor.class", to_string(r_.priority));
  // Who leaves has not been failed.
  if (r_.outcome != "done" && r_.outcome != "cancelled")
    fail(s, r_.outcome);
  else if (r_.status >= 500)
    fail(s, std::to_string(r_.status));
  spans_.push_back(std::move(s));
}

} // namespace

std::vector<span> spans_of(const ended_request& r) {
  return writer{r}.run();
}

} // namespace conductor

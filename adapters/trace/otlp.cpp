#include "adapters/trace/otlp.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace conductor::otlp {
namespace {

using json = nlohmann::ordered_json;

constexpr int failed_status = 2; // STATUS_CODE_ERROR

std::string dump(const json& j) {
  return j.dump(-1, ' ', false, json::error_handler_t::replace);
}

json attribute(const std::string& key, const std::string& text) {
  return {{"key", key}, {"value", {{"stringValue", text}}}};
}

/// Whether a text is its own JSON.
bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c >= ' ' && c <= '~' && c != '"' && c != '\\';
  });
}

// Thousands of spans a second: they are written without a document of JSON in between.

void put_text(std::string& to, std::string_view text) {
  if (is_plain(text))
    to.append("\"").append(text).append("\"");
  else
    to.append(dump(text));
}

void put_number(std::string& to, std::int64_t number) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.begin(), digits.end(), number).ptr;
  to.append("\"").append(digits.begin(), end).append("\"");
}

struct value_writer {
  std::string& to;

  void operator()(const std::string& text) const {
    to.append(R"({"stringValue":)");
    put_text(to, text);
    to.append("}");
  }
  void operator()(std::int64_t number) const {
    to.append(R"({"intValue":)");
    put_number(to, number);
    to.append("}");
  }
  void operator()(const std::vector<std::string>& texts) const {
    to.append(R"({"arrayValue":{"values":[)");
    for (const auto& text : texts) {
      if (&text != texts.data())
        to.append(",");
      (*this)(text);
    }
    to.append("]}}");
  }
};

void put_attributes(std::string& to, const span& s) {
  to.append(R"(,"attributes":[)");
  for (const auto& a : s.attributes) {
    to.append(&a == s.attributes.data() ? R"({"key":)" : R"(,{"key":)");
    put_text(to, a.first);
    to.append(R"(,"value":)");
    std::visit(value_writer{to}, a.second);
    to.append("}");
  }
  to.append("]");
}

void put_events(std::string& to, const span& s) {
  to.append(R"(,"events":[)");
  for (const auto& e : s.events) {
    to.append(&e == s.events.data() ? R"({"timeUnixNano":)" : R"(,{"timeUnixNano":)");
    put_number(to, e.time);
    to.append(R"(,"name":)");
    put_text(to, e.name);
    to.append("}");
  }
  to.append("]");
}

void put(std::string& to, const span& s) {
  to.append(R"({"traceId":")").append(trace_id(*s.trace));
  to.append(R"(","spanId":")").append(hex_digits(s.id)).append("\"");
  if (!s.trace->state.empty()) {
    to.append(R"(,"traceState":)");
    put_text(to, s.trace->state);
  }
  if (s.parent != 0)
    to.append(R"(,"parentSpanId":")").append(hex_digits(s.parent)).append("\"");
  to.append(R"(,"name":)");
  put_text(to, s.name);
  to.append(R"(,"kind":)").append(1, static_cast<char>('0' + static_cast<int>(s.is)));
  to.append(R"(,"startTimeUnixNano":)");
  put_number(to, s.begin);
  to.append(R"(,"endTimeUnixNano":)");
  put_number(to, s.end);
  put_attributes(to, s);
  if (!s.events.empty())
    put_events(to, s);
  if (!s.error.empty()) {
    to.append(R"(,"status":{"message":)");
    put_text(to, s.error);
    to.append(R"(,"code":)").append(std::to_string(failed_status)).append("}");
  }
  to.append("}");
}

} // namespace

std::string write(const std::vector<span>& spans) {
  std::string text;
  text.reserve(spans.size() * 1024);
  for (const auto& s : spans) {
    if (!text.empty())
      text.append(",");
    put(text, s);
  }
  return text;
}

std::string export_request(const resource& of, std::string_view spans) {
  const json who = json::array({
      attribute("service.name", "conductor"),
      attribute("service.version", of.version),
      attribute("service.instance.id", of.instance),
  });
  const json scope{{"name", "conductor"}, {"version", of.version}};
  std::string text = R"({"resourceSpans":[{"resource":{"attributes":)" + dump(who) +
                     R"(},"scopeSpans":[{"scope":)" + dump(scope) + R"(,"spans":[)";
  text.append(spans).append("]}]}]}");
  return text;
}

std::uint64_t rejected_in(std::string_view answer) {
  const auto body = json::parse(answer, nullptr, false);
  if (!body.is_object() || !body.contains("partialSuccess") ||
      !body["partialSuccess"].is_object())
    return 0;
  const auto& part = body["partialSuccess"];
  const auto at = part.find("rejectedSpans");
  if (at == part.end())
    return 0;
  if (at->is_number_unsigned())
    return at->get<std::uint64_t>();
  std::uint64_t number = 0;
  if (at->is_string()) {
    const auto text = at->get<std::string>();
    std::from_chars(text.data(), text.data() + text.size(), number);
  }
  return number;
}

} // namespace conductor::otlp

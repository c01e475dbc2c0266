#include "adapters/trace/otlp.hpp"

#include <nlohmann/json.hpp>

#include <charconv>

namespace conductor::otlp {
namespace {

using json = nlohmann::ordered_json;

constexpr int failed_status = 2; // STATUS_CODE_ERROR

std::string dump(const json& j) {
  return j.dump(-1, ' ', false, json::error_handler_t::replace);
}

json text_value(const std::string& text) {
  return {{"stringValue", text}};
}

struct value_writer {
  json operator()(const std::string& text) const { return text_value(text); }
  json operator()(std::int64_t number) const {
    return {{"intValue", std::to_string(number)}};
  }
  json operator()(const std::vector<std::string>& texts) const {
    json all = json::array();
    for (const auto& text : texts)
      all.push_back(text_value(text));
    return {{"arrayValue", {{"values", std::move(all)}}}};
  }
};

json attribute(const std::string& key, json value) {
  return {{"key", key}, {"value", std::move(value)}};
}

json to_json(const span& s) {
  json j{{"traceId", trace_id(*s.trace)}, {"spanId", hex_digits(s.id)}};
  if (!s.trace->state.empty())
    j["traceState"] = s.trace->state;
  if (s.parent != 0)
    j["parentSpanId"] = hex_digits(s.parent);
  j["name"] = s.name;
  j["kind"] = static_cast<int>(s.is);
  j["startTimeUnixNano"] = std::to_string(s.begin);
  j["endTimeUnixNano"] = std::to_string(s.end);
  j["attributes"] = json::array();
  for (const auto& [key, value] : s.attributes)
    j["attributes"].push_back(attribute(key, std::visit(value_writer{}, value)));
  for (const auto& e : s.events)
    j["events"].push_back({{"timeUnixNano", std::to_string(e.time)}, {"name", e.name}});
  if (!s.error.empty())
    j["status"] = {{"message", s.error}, {"code", failed_status}};
  return j;
}

} // namespace

std::string write(const std::vector<span>& spans) {
  std::string text;
  for (const auto& s : spans)
    text.append(text.empty() ? "" : ",").append(dump(to_json(s)));
  return text;
}

std::string export_request(const resource& of, std::string_view spans) {
  const json who = json::array({
      attribute("service.name", text_value("conductor")),
      attribute("service.version", text_value(of.version)),
      attribute("service.instance.id", text_value(of.instance)),
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

#include "adapters/cli/record.hpp"

#include "adapters/cli/failure.hpp"

#include <nlohmann/json.hpp>

namespace conductor::cli {

namespace {

// A wrong server may send anything; what is shown of it stays short.
failure not_json(std::string_view text) {
  return failure("the node sent what is no JSON object: " +
                 std::string(text.substr(0, 80)));
}

template <class Json>
Json parsed(std::string_view body) {
  auto doc = Json::parse(body, nullptr, false);
  if (!doc.is_object())
    throw not_json(body);
  return doc;
}

template <class Json>
std::string text_in(const Json& object, const char* key) {
  auto at = object.find(key);
  return at != object.end() && at->is_string() ? at->template get<std::string>() : "";
}

template <class Json>
std::int64_t number_in(const Json& object, const char* key) {
  auto at = object.find(key);
  return at != object.end() && at->is_number() ? at->template get<std::int64_t>() : 0;
}

template <class Json>
const Json& list_in(const Json& object, const char* key) {
  static const auto none = Json::array();
  auto at = object.find(key);
  return at != object.end() && at->is_structured() ? *at : none;
}

} // namespace

nlohmann::json parse_document(std::string_view body) {
  return parsed<nlohmann::json>(body);
}

nlohmann::ordered_json parse_ordered(std::string_view body) {
  return parsed<nlohmann::ordered_json>(body);
}

nlohmann::json parse_record(std::string_view line) {
  auto record = parse_document(line);
  auto error = record.find("error");
  if (error == record.end() || error->is_null())
    return record;
  if (error->is_object())
    throw failure(text_of(*error, "message"));
  throw failure(error->is_string() ? error->get<std::string>() : error->dump());
}

std::string text_of(const nlohmann::json& object, const char* key) {
  return text_in(object, key);
}
std::string text_of(const nlohmann::ordered_json& object, const char* key) {
  return text_in(object, key);
}

std::int64_t number_of(const nlohmann::json& object, const char* key) {
  return number_in(object, key);
}
std::int64_t number_of(const nlohmann::ordered_json& object, const char* key) {
  return number_in(object, key);
}

const nlohmann::json& list_of(const nlohmann::json& object, const char* key) {
  return list_in(object, key);
}
const nlohmann::ordered_json& list_of(const nlohmann::ordered_json& object,
                                      const char* key) {
  return list_in(object, key);
}
nlohmann::json list_of(nlohmann::json&& object, const char* key) {
  return list_in(object, key);
}
nlohmann::ordered_json list_of(nlohmann::ordered_json&& object, const char* key) {
  return list_in(object, key);
}

} // namespace conductor::cli

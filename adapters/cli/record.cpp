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

} // namespace

nlohmann::json parse_document(std::string_view body) {
  auto doc = nlohmann::json::parse(body, nullptr, false);
  if (!doc.is_object())
    throw not_json(body);
  return doc;
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
  auto at = object.find(key);
  return at != object.end() && at->is_string() ? at->get<std::string>() : "";
}

std::int64_t number_of(const nlohmann::json& object, const char* key) {
  auto at = object.find(key);
  return at != object.end() && at->is_number() ? at->get<std::int64_t>() : 0;
}

const nlohmann::json& list_of(const nlohmann::json& object, const char* key) {
  static const auto none = nlohmann::json::array();
  auto at = object.find(key);
  return at != object.end() && at->is_structured() ? *at : none;
}

} // namespace conductor::cli

#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace conductor::cli {

/// One record of a stream. Throws failure for an `{"error": text}` record, and for what
/// is no JSON object.
nlohmann::json parse_record(std::string_view line);

/// A document that was fetched whole. Throws failure for what is no JSON object.
nlohmann::json parse_document(std::string_view body);
nlohmann::ordered_json parse_ordered(std::string_view body); ///< keys as they came

/// A member's text, empty if it is missing or no text.
std::string text_of(const nlohmann::json& object, const char* key);
std::string text_of(const nlohmann::ordered_json& object, const char* key);

/// A member's number, 0 if it is missing or none.
std::int64_t number_of(const nlohmann::json& object, const char* key);
std::int64_t number_of(const nlohmann::ordered_json& object, const char* key);

/// A member that is an array or object, or an empty array; of a temporary a copy.
const nlohmann::json& list_of(const nlohmann::json& object, const char* key);
const nlohmann::ordered_json& list_of(const nlohmann::ordered_json& object,
                                      const char* key);
nlohmann::json list_of(nlohmann::json&& object, const char* key);
nlohmann::ordered_json list_of(nlohmann::ordered_json&& object, const char* key);

} // namespace conductor::cli

#pragma once

#include "adapters/trace/spans.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// OTLP over HTTP in its JSON form: ids in hex, 64-bit numbers as strings, enumerators as
/// numbers.
namespace conductor::otlp {

/// Several spans, as they stand in a list, without its brackets.
std::string write(const std::vector<span>& spans);

/// Who the spans are of.
struct resource {
  std::string version;  ///< of this program
  std::string instance; ///< tells nodes apart
};

/// The body of POST /v1/traces; `spans` is a list's text without its brackets.
std::string export_request(const resource& of, std::string_view spans);

/// How many spans an answer with status 200 says that it refused.
std::uint64_t rejected_in(std::string_view answer);

} // namespace conductor::otlp

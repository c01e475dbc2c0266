#pragma once

#include <string>
#include <string_view>

namespace conductor {

/// Gives the model in an answer the name that the client asked for.
///
/// Only the value of `model`, of `response.model` (/v1/responses) and of `message.model`
/// (/v1/messages) is replaced, and only where it is `from`; whatever else holds the name,
/// the answer's text first of all, stays byte for byte.
class renamer {
public:
  renamer(std::string from, std::string to);

  /// Takes whole records, lines of NDJSON or events of SSE, or one whole JSON body; what
  /// is none of these stays as it is.
  std::string apply(std::string_view records) const;

private:
  std::string from_;
  std::string to_; ///< as a JSON string
};

} // namespace conductor

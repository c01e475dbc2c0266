#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace conductor {

/// Changes to a text whose other bytes stay. The parts are those that `json_scanner`
/// returned of this very text; none may overlap another.
class json_edits {
public:
  explicit json_edits(std::string_view text) : text_(text) {}

  void replace(std::string_view part, std::string by);
  /// `what` goes in front of the character at `place`, which may be the text's end.
  void insert(const char* place, std::string what);

  /// The text with all of them.
  std::string result();

private:
  struct edit {
    const char* place;
    std::size_t removed; ///< bytes
    std::string by;
  };

  std::string_view text_;
  std::vector<edit> edits_;
};

/// A JSON string that says `text`; what is no UTF-8 becomes U+FFFD.
std::string json_quoted(std::string_view text);

} // namespace conductor

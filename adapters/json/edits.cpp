#include "adapters/json/edits.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <functional>
#include <utility>

namespace conductor {

void json_edits::replace(std::string_view part, std::string by) {
  edits_.push_back({part.data(), part.size(), std::move(by)});
}

void json_edits::insert(const char* place, std::string what) {
  edits_.push_back({place, 0, std::move(what)});
}

std::string json_edits::result() {
  std::stable_sort(edits_.begin(), edits_.end(), [](const edit& a, const edit& b) {
    return std::less<>{}(a.place, b.place);
  });
  auto size = text_.size();
  for (const auto& e : edits_)
    size += e.by.size();
  std::string out;
  out.reserve(size);
  const char* from = text_.data();
  for (const auto& e : edits_) {
    out.append(from, e.place);
    out += e.by;
    from = e.place + e.removed;
  }
  out.append(from, text_.data() + text_.size());
  return out;
}

std::string json_quoted(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false,
                                   nlohmann::json::error_handler_t::replace);
}

} // namespace conductor

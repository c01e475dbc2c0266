#include "adapters/responses/response_id.hpp"

#include "adapters/native/json_input.hpp"

namespace conductor {
namespace {

constexpr std::string_view mark = "resp_";
constexpr std::size_t session_size = 36; ///< of a UUID

} // namespace

std::optional<response_id> response_id_of(std::string_view text) {
  if (!text.starts_with(mark) || text.size() < mark.size() + session_size + 2)
    return std::nullopt;
  text.remove_prefix(mark.size());
  response_id id{std::string{text.substr(0, session_size)}, 0};
  text.remove_prefix(session_size);
  if (id.session.find_first_not_of("0123456789abcdef-") != std::string::npos ||
      text.front() != '_' || text[1] == '0')
    return std::nullopt;
  const auto message = json_input::whole_number(text.substr(1));
  if (!message)
    return std::nullopt;
  id.message = *message;
  return id;
}

std::string to_string(const response_id& id) {
  return std::string{mark} + id.session + "_" + std::to_string(id.message);
}

} // namespace conductor

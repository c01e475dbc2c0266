#pragma once

#include "adapters/http/router.hpp"
#include "messages/key.hpp"

#include <optional>
#include <string_view>

namespace conductor {

/// What a key needs for a request.
struct needed_scope {
  bool open = false;         ///< nothing: also without a key
  std::optional<scope> what; ///< empty: any key will do, and sees what is its own
};
needed_scope scope_of(std::string_view method, std::string_view path, const route& to);

/// The request makes an answer, which the key's limits count.
bool makes_answer(std::string_view method, std::string_view path, const route& to);

/// A key that is held to some models may not go where the model cannot be told from the
/// request, or where another name is given to one.
bool hides_model(std::string_view method, std::string_view path, const route& to);

/// What an operator may want to know later: it changes what others rely on, or takes
/// conversations out of the node.
bool is_audited(std::string_view method, std::string_view path);

} // namespace conductor

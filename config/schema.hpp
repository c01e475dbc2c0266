#pragma once

#include "config/settings.hpp"
#include "config/value.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace conductor {

/// One thing that can be set: the single truth for the file, the environment, the flags,
/// `config show` and the sample.
struct key_spec {
  std::string_view name;    ///< `section.key`, as in the file
  std::string_view flag;    ///< long flag without `--`; empty: none
  bool list = false;        ///< takes several values
  bool on_off = false;      ///< a flag without a value means true
  std::string_view metavar; ///< what `--help` calls its value
  std::string_view help;    ///< one line
  /// Puts texts into place; throws std::invalid_argument that names what is allowed.
  std::function<void(settings&, const std::vector<std::string>&)> set;
  /// The effective value, as TOML would write it.
  std::function<std::string(const settings&)> show;
};

/// Every key but the backends', which are tables of their own.
const std::vector<key_spec>& schema();

/// The key of that name, or null.
const key_spec* find_key(std::string_view name);

} // namespace conductor

#pragma once

#include "config/settings.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace conductor {

/// One key of a table that may stand several times, as in `[[backend]]`.
template <class Row>
struct column_spec {
  std::string_view name;
  /// Puts a text into place; throws std::invalid_argument that names what is allowed.
  std::function<void(Row&, const std::string&)> set;
  /// The value as TOML would write it; empty where none was given.
  std::function<std::string(const Row&)> show;
};

/// The keys of `[[backend]]` and of `[[model]]`: the single truth for the file, the API
/// and `config show`.
const std::vector<column_spec<backend_settings>>& backend_columns();
const std::vector<column_spec<model_settings>>& model_columns();

/// Sets a column by its name; throws std::invalid_argument, also for an unknown name.
void set_column(backend_settings& row, std::string_view name, const std::string& text);
void set_column(model_settings& row, std::string_view name, const std::string& text);

/// `[NAME=]URL`; a missing name is left empty. Throws std::invalid_argument.
backend_settings parse_backend_spec(std::string_view text);

/// The settings of that model, a canonical name; null: none fits.
const model_settings* find_model(const std::vector<model_settings>& all,
                                 std::string_view model);

} // namespace conductor

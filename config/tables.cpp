#include "config/tables.hpp"

#include "config/unknown.hpp"
#include "config/value.hpp"

#include <algorithm>
#include <cctype>
#include <stdexcept>

namespace conductor {
namespace {

template <class Number>
auto number_of(Number& place, std::uint64_t least, std::uint64_t most) {
  return [&place, least, most](const std::string& text) {
    place = static_cast<Number>(parse_number(text, least, most));
  };
}

std::string shown(const std::optional<unsigned>& value) {
  return value ? std::to_string(*value) : std::string{};
}

std::string shown(bool value) {
  return value ? "true" : std::string{};
}

/// Letters, digits, `.`, `_`, `-`, 1 to 64 of them.
void check_backend_name(std::string_view name) {
  const bool good = !name.empty() && name.size() <= 64 &&
                    std::all_of(name.begin(), name.end(), [](unsigned char c) {
                      return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-';
                    });
  if (!good)
    throw std::invalid_argument("\"" + std::string{name} +
                                "\" is no backend's name; allowed: 1 to 64 letters, "
                                "digits, '.', '_' and '-'");
}

void check_model_name(std::string_view name) {
  const auto star = name.find('*');
  const bool good =
      !name.empty() && name.size() <= 256 &&
      std::none_of(name.begin(), name.end(), [](unsigned char c) { return c <= ' '; }) &&
      (star == std::string_view::npos || star + 1 == name.size());
  if (!good)
    throw std::invalid_argument("\"" + std::string{name} +
                                "\" names no model; allowed: NAME[:TAG], with * at "
                                "the end for any text");
}

option_policy parse_policy(const std::string& text) {
  if (text == "pass")
    return option_policy::pass;
  if (text == "pin")
    return option_policy::pin;
  if (text == "raise")
    return option_policy::raise;
  throw std::invalid_argument("\"" + text +
                              "\" is not allowed; allowed: pass, pin, raise");
}

std::string show_policy(option_policy p) {
  return quoted(p == option_policy::pass  ? "pass"
                : p == option_policy::pin ? "pin"
                                          : "raise");
}

/// Ollama's own forms: a number of seconds, or a Go duration as `5m` or `1h30m`.
std::string parse_model_keep_alive(const std::string& text) {
  constexpr std::string_view allowed =
      "; allowed: seconds (-1: for ever), or a duration as \"5m\" or \"1h30m\"";
  const auto digits = text.starts_with('-') ? text.substr(1) : text;
  const auto all = [&](std::string_view set) {
    return !digits.empty() && digits.find_first_not_of(set) == std::string::npos;
  };
  if (all("0123456789") && digits.size() < 10)
    return text;
  if (all("0123456789.hmsuµn") && std::isdigit(static_cast<unsigned char>(digits[0])) &&
      std::isalpha(static_cast<unsigned char>(digits.back())))
    return quoted(text);
  throw std::invalid_argument("\"" + text + "\" is no keep_alive" + std::string{allowed});
}

template <class Row>
void set_in(const std::vector<column_spec<Row>>& columns, Row& row, std::string_view name,
            const std::string& text) {
  std::vector<std::string> names;
  for (const auto& c : columns) {
    if (c.name == name) {
      c.set(row, text);
      return;
    }
    names.emplace_back(c.name);
  }
  std::string allowed;
  for (const auto& n : names)
    allowed += (allowed.empty() ? "" : ", ") + n;
  throw std::invalid_argument("unknown key" + did_you_mean(name, names) +
                              "; allowed: " + allowed);
}

} // namespace

const std::vector<column_spec<backend_settings>>& backend_columns() {
  using row = backend_settings;
  static const std::vector<column_spec<row>> columns{
      {"name",
       [](row& b, const std::string& t) {
         check_backend_name(t);
         b.name = t;
       },
       [](const row& b) { return quoted(b.name); }},
      {"url", [](row& b, const std::string& t) { b.url = parse_backend(t); },
       [](const row& b) { return quoted(to_url(b.url)); }},
      {"parallel",
       [](row& b, const std::string& t) {
         b.parallel = static_cast<unsigned>(parse_number(t, 1, 4096));
       },
       [](const row& b) { return shown(b.parallel); }},
      {"max_loaded",
       [](row& b, const std::string& t) {
         b.max_loaded = static_cast<unsigned>(parse_number(t, 1, 4096));
       },
       [](const row& b) { return shown(b.max_loaded); }},
      {"weight", [](row& b, const std::string& t) { number_of(b.weight, 1, 1000)(t); },
       [](const row& b) { return std::to_string(b.weight); }},
      {"tier", [](row& b, const std::string& t) { number_of(b.tier, 0, 100)(t); },
       [](const row& b) { return std::to_string(b.tier); }},
      {"primary", [](row& b, const std::string& t) { b.primary = parse_switch(t); },
       [](const row& b) { return shown(b.primary); }},
      {"probe_model",
       [](row& b, const std::string& t) {
         if (!t.empty())
           check_model_name(t);
         b.probe_model = t;
       },
       [](const row& b) {
         return b.probe_model.empty() ? std::string{} : quoted(b.probe_model);
       }},
      {"token_file", [](row& b, const std::string& t) { b.token_file = t; },
       [](const row& b) {
         return b.token_file.empty() ? std::string{} : quoted(b.token_file);
       }},
  };
  return columns;
}

const std::vector<column_spec<model_settings>>& model_columns() {
  using row = model_settings;
  static const std::vector<column_spec<row>> columns{
      {"name",
       [](row& m, const std::string& t) {
         check_model_name(t);
         m.name = t;
       },
       [](const row& m) { return quoted(m.name); }},
      {"options", [](row& m, const std::string& t) { m.options = parse_policy(t); },
       [](const row& m) { return show_policy(m.options); }},
      {"num_ctx",
       [](row& m, const std::string& t) {
         m.num_ctx = static_cast<unsigned>(parse_number(t, 1, 16'777'216));
       },
       [](const row& m) { return shown(m.num_ctx); }},
      {"keep_alive",
       [](row& m, const std::string& t) { m.keep_alive = parse_model_keep_alive(t); },
       [](const row& m) { return m.keep_alive; }},
      {"pin", [](row& m, const std::string& t) { m.pin = parse_switch(t); },
       [](const row& m) { return shown(m.pin); }},
      {"derive", [](row& m, const std::string& t) { m.derive = parse_switch(t); },
       [](const row& m) { return shown(m.derive); }},
  };
  return columns;
}

void set_column(backend_settings& row, std::string_view name, const std::string& text) {
  set_in(backend_columns(), row, name, text);
}

void set_column(model_settings& row, std::string_view name, const std::string& text) {
  set_in(model_columns(), row, name, text);
}

backend_settings parse_backend_spec(std::string_view text) {
  backend_settings b;
  // A '=' behind the scheme or a '/' belongs to the URL.
  const auto equals = text.find('=');
  if (equals != std::string_view::npos && text.find_first_of(":/") > equals) {
    b.name = text.substr(0, equals);
    check_backend_name(b.name);
    text.remove_prefix(equals + 1);
  }
  if (text.empty())
    throw std::invalid_argument("an empty backend; allowed: [NAME=]URL");
  b.url = parse_backend(text);
  return b;
}

const model_settings* find_model(const std::vector<model_settings>& all,
                                 std::string_view model) {
  const auto fits = [&](const model_settings& m) {
    std::string_view name = m.name;
    if (name.ends_with('*'))
      return model.starts_with(name.substr(0, name.size() - 1));
    return model == name || (name.find(':') == std::string_view::npos &&
                             model == std::string{name} + ":latest");
  };
  const auto i = std::find_if(all.begin(), all.end(), fits);
  return i == all.end() ? nullptr : &*i;
}

} // namespace conductor

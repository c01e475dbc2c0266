#include "config/load.hpp"

#include "config/check.hpp"
#include "config/schema.hpp"
#include "config/tables.hpp"
#include "config/unknown.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <set>
#include <utility>

namespace conductor {
namespace {

using environment = std::map<std::string, std::string>;
using origins = std::map<std::string, std::string>;

std::string value_of(const environment& env, const std::string& name) {
  const auto i = env.find(name);
  return i == env.end() ? std::string{} : i->second;
}

/// A folder of the XDG base directories: one that is not absolute is to be ignored.
std::string folder_of(const environment& env, const std::string& name) {
  auto path = value_of(env, name);
  return path.starts_with('/') ? path : std::string{};
}

/// What Kubernetes puts into every pod when a service is called conductor or conductor-…:
/// nobody configures anything with it.
bool is_service_link(std::string_view name) {
  const auto has = [&](std::string_view part) { return name.find(part) != name.npos; };
  return has("_SERVICE_HOST") || has("_SERVICE_PORT") || has("_TCP") || has("_UDP") ||
         name.ends_with("_PORT");
}

std::vector<std::string> split_list(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= text.size();) {
    const auto comma = std::min(text.find(',', at), text.size());
    const auto begin = std::min(text.find_first_not_of(" \t", at), comma);
    if (comma > begin)
      parts.push_back(
          text.substr(begin, text.find_last_not_of(" \t", comma - 1) + 1 - begin));
    at = comma + 1;
  }
  return parts;
}

std::string variable_of(std::string_view key) {
  std::string name = "CONDUCTOR_";
  for (const char c : key)
    name +=
        c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

std::vector<std::string> names_of(const std::map<std::string, const key_spec*>& known) {
  std::vector<std::string> names;
  for (const auto& [name, key] : known)
    names.push_back(name);
  return names;
}

/// Collects what the sources say, one after another; the last one counts.
class loader {
public:
  explicit loader(const config_inputs& inputs) : in_(inputs) {}

  loaded_config run() {
    set_defaults();
    read_file();
    read_environment();
    read_flags();
    for (const auto& [name, texts] : in_.handed)
      set(*find_key(name), texts, "LISTEN_FDS");
    name_backends();
    auto result = finish();
    check_config(result);
    return result;
  }

private:
  void set(const key_spec& key, const std::vector<std::string>& texts,
           const std::string& origin) {
    try {
      if (texts.empty() && !key.list)
        throw std::invalid_argument("no value");
      key.set(values_, texts);
    } catch (const std::invalid_argument& bad) {
      throw config_error(origin, std::string{key.name}, bad.what());
    }
    origin_[std::string{key.name}] = origin;
  }

  void set_defaults() {
    values_.server.listen = {parse_listen("127.0.0.1:11435")};
    const auto runtime_dir = folder_of(in_.environment, "XDG_RUNTIME_DIR");
    if (!runtime_dir.empty()) {
      try {
        values_.server.listen.push_back(
            parse_listen("unix:" + runtime_dir + "/conductor.sock"));
      } catch (const std::invalid_argument& bad) {
        warnings_.push_back(std::string{"environment XDG_RUNTIME_DIR is not used: "} +
                            bad.what());
      }
    }
    const auto data = folder_of(in_.environment, "XDG_DATA_HOME");
    const auto home = value_of(in_.environment, "HOME");
    values_.data_dir = !data.empty()   ? data + "/conductor"
                       : !home.empty() ? home + "/.local/share/conductor"
                                       : "/var/lib/conductor";
  }

  std::string at(const toml::node& node) const {
    return in_.file_name + ":" + std::to_string(node.source().begin.line);
  }

  /// A scalar as the text that an environment variable would hold.
  std::string text_of(const toml::node& node, const std::string& key) const {
    if (const auto* s = node.as_string())
      return s->get();
    if (const auto* i = node.as_integer())
      return std::to_string(i->get());
    if (const auto* b = node.as_boolean())
      return b->get() ? "true" : "false";
    if (const auto* f = node.as_floating_point())
      return show_share(f->get());
    throw config_error(at(node), key, "a string, a number or a boolean is allowed here");
  }

  void read_file() {
    if (in_.file_name.empty())
      return;
    toml::table table;
    try {
      table = toml::parse(in_.file_text);
    } catch (const toml::parse_error& bad) {
      throw config_error(in_.file_name + ":" + std::to_string(bad.source().begin.line),
                         "", "no valid TOML: " + std::string{bad.description()});
    }
    for (const auto& [name, node] : table) {
      const std::string section{name.str()};
      if (section == "backend") {
        read_rows<backend_settings>(section, node, "url", [this](auto row, auto from) {
          add_backend(std::move(row), std::move(from));
        });
        continue;
      }
      if (section == "model") {
        read_rows<model_settings>(section, node, "name", [this](auto row, auto from) {
          values_.models.push_back(std::move(row));
          model_origin_.push_back(std::move(from));
        });
        continue;
      }
      const auto* keys = node.as_table();
      if (keys == nullptr)
        throw config_error(at(node), section, unknown_key(section));
      for (const auto& [key, value] : *keys)
        read_key(section + "." + std::string{key.str()}, value);
    }
  }

  void read_key(const std::string& name, const toml::node& node) {
    const auto* key = find_key(name);
    if (key == nullptr)
      throw config_error(at(node), name, unknown_key(name));
    std::vector<std::string> texts;
    if (const auto* list = node.as_array()) {
      if (!key->list)
        throw config_error(at(node), name, "a single value is allowed here, no list");
      for (const auto& entry : *list)
        texts.push_back(text_of(entry, name));
    } else {
      texts.push_back(text_of(node, name));
    }
    set(*key, texts, at(node));
  }

  /// Every table of a list of tables, each key by its column.
  template <class Row, class Add>
  void read_rows(const std::string& section, const toml::node& node,
                 std::string_view needed, Add add) {
    const auto* list = node.as_array();
    if (list == nullptr || !list->is_array_of_tables())
      throw config_error(at(node), section,
                         "write each " + section + " as [[" + section + "]]");
    for (const auto& entry : *list) {
      Row row;
      bool complete = false;
      for (const auto& [key, value] : *entry.as_table()) {
        const auto name = section + "." + std::string{key.str()};
        const auto text = text_of(value, name);
        try {
          set_column(row, key.str(), text);
        } catch (const std::invalid_argument& bad) {
          throw config_error(at(value), name, bad.what());
        }
        complete = complete || (key.str() == needed && !text.empty());
      }
      if (!complete)
        throw config_error(at(entry), section + "." + std::string{needed},
                           "every " + section + " needs a " + std::string{needed});
      add(std::move(row), at(entry));
    }
  }

  void read_environment() {
    static const std::set<std::string> others{"CONDUCTOR_HOST", "CONDUCTOR_CONFIG",
                                              "CONDUCTOR_BACKENDS"};
    std::map<std::string, const key_spec*> known;
    for (const auto& k : schema())
      known[variable_of(k.name)] = &k;
    for (const auto& [name, text] : in_.environment) {
      // An empty variable is one that is not set, as compose files spell it.
      if (!name.starts_with("CONDUCTOR_") || others.contains(name) || text.empty())
        continue;
      const auto key = known.find(name);
      if (key == known.end() && is_service_link(name))
        continue;
      if (key == known.end())
        throw config_error("environment " + name, "",
                           "unknown variable" + did_you_mean(name, names_of(known)) +
                               "; allowed: CONDUCTOR_<SECTION>_<KEY> for the "
                               "keys of conductor config show, CONDUCTOR_BACKENDS, "
                               "CONDUCTOR_CONFIG, CONDUCTOR_HOST");
      set(*key->second,
          key->second->list ? split_list(text) : std::vector<std::string>{text},
          "environment " + name);
    }
    const auto backends = value_of(in_.environment, "CONDUCTOR_BACKENDS");
    if (!backends.empty())
      replace_backends(split_list(backends), "environment CONDUCTOR_BACKENDS");
  }

  void read_flags() {
    for (const auto& [name, texts] : in_.flags) {
      if (name == "backend")
        replace_backends(texts, "flag --backend");
      else if (const auto* key = find_key(name))
        set(*key, texts, "flag --" + std::string{key->flag});
    }
  }

  void replace_backends(const std::vector<std::string>& texts,
                        const std::string& origin) {
    values_.backends.clear();
    backend_origin_.clear();
    for (const auto& text : texts) {
      try {
        add_backend(parse_backend_spec(text), origin);
      } catch (const std::invalid_argument& bad) {
        throw config_error(origin, "", bad.what());
      }
    }
  }

  void add_backend(backend_settings b, std::string origin) {
    values_.backends.push_back(std::move(b));
    backend_origin_.push_back(std::move(origin));
  }

  void name_backends() {
    if (values_.backends.empty())
      add_default_backend();
    std::set<std::string> names;
    for (const auto& b : values_.backends)
      names.insert(b.name);
    for (auto& b : values_.backends) {
      for (unsigned n = 1; b.name.empty(); ++n) {
        const auto name = n == 1 ? "ollama" : "ollama-" + std::to_string(n);
        if (names.insert(name).second)
          b.name = name;
      }
    }
  }

  /// OLLAMA_HOST as Ollama's own clients read it, unless it names this very node: that is
  /// how clients find Conductor.
  void add_default_backend() {
    const auto text = value_of(in_.environment, "OLLAMA_HOST");
    const std::string variable = "environment OLLAMA_HOST";
    ollama_host host;
    try {
      host = parse_ollama_host(text);
    } catch (const std::invalid_argument& bad) {
      throw config_error(variable, "", bad.what());
    }
    if (!host.warning.empty())
      warnings_.push_back(variable + ": " + host.warning);
    const bool own = !text.empty() && reaches(values_.server.listen, host.at);
    if (own) {
      host.at = parse_backend("");
      warnings_.push_back(variable + ": " + quoted(text) + " is this node itself; " +
                          to_url(host.at) + " is the backend");
    }
    backend_settings b;
    b.url = host.at;
    add_backend(std::move(b), text.empty() || own ? "default" : variable);
  }

  std::string origin_of(const std::string& key) const {
    const auto i = origin_.find(key);
    return i == origin_.end() ? "default" : i->second;
  }

  template <class Row>
  static void show_rows(loaded_config& result, const std::string& section,
                        const std::vector<column_spec<Row>>& columns,
                        const std::vector<Row>& rows,
                        const std::vector<std::string>& from) {
    for (std::size_t i = 0; i < rows.size(); ++i)
      for (const auto& c : columns)
        if (const auto value = c.show(rows[i]); !value.empty())
          result.entries.push_back({section + "." + std::string{c.name}, value, from[i]});
  }

  loaded_config finish() {
    loaded_config result;
    for (const auto& k : schema())
      result.entries.push_back(
          {std::string{k.name}, k.show(values_), origin_of(std::string{k.name})});
    show_rows(result, "backend", backend_columns(), values_.backends, backend_origin_);
    show_rows(result, "model", model_columns(), values_.models, model_origin_);
    result.values = std::move(values_);
    result.warnings = std::move(warnings_);
    return result;
  }

  const config_inputs& in_;
  settings values_;
  origins origin_;
  std::vector<std::string> backend_origin_;
  std::vector<std::string> model_origin_;
  std::vector<std::string> warnings_;
};

} // namespace

loaded_config load_config(const config_inputs& inputs) {
  return loader{inputs}.run();
}

std::string default_config_file(const std::map<std::string, std::string>& environment) {
  const auto config = folder_of(environment, "XDG_CONFIG_HOME");
  if (!config.empty())
    return config + "/conductor/conductor.toml";
  const auto home = value_of(environment, "HOME");
  return home.empty() ? std::string{} : home + "/.config/conductor/conductor.toml";
}

} // namespace conductor

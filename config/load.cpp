#include "config/load.hpp"

#include "config/schema.hpp"

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

std::vector<std::string> split_list(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= text.size();) {
    const auto comma = std::min(text.find(',', at), text.size());
    if (comma > at)
      parts.push_back(text.substr(at, comma - at));
    at = comma + 1;
  }
  return parts;
}

std::string variable_of(std::string_view key) {
  std::string name = "CONDUCTOR_";
  for (const char c : key)
    name += c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

/// Letters to change, insert or drop to get from one word to the other.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j)
    row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j)
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1,
                                                 diagonal + (a[i - 1] != b[j - 1])}));
  }
  return row[b.size()];
}

std::string unknown_key(std::string_view name) {
  std::string_view nearest;
  std::size_t best = 4;
  for (const auto& k : schema())
    if (const auto d = distance(k.name, name); d < best) {
      best = d;
      nearest = k.name;
    }
  std::string text = "unknown key";
  if (!nearest.empty())
    text += "; did you mean " + std::string{nearest} + "?";
  return text + " (all keys: conductor config show)";
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
    name_backends();
    check();
    return finish();
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
    const auto runtime_dir = value_of(in_.environment, "XDG_RUNTIME_DIR");
    values_.server.listen = {parse_listen("127.0.0.1:11435")};
    if (!runtime_dir.empty())
      values_.server.listen.push_back(parse_listen("unix:" + runtime_dir + "/conductor.sock"));
    const auto data = value_of(in_.environment, "XDG_DATA_HOME");
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
    throw config_error(at(node), key, "a string, a whole number or a boolean is allowed here");
  }

  void read_file() {
    if (in_.file_name.empty())
      return;
    toml::table table;
    try {
      table = toml::parse(in_.file_text);
    } catch (const toml::parse_error& bad) {
      throw config_error(in_.file_name + ":" + std::to_string(bad.source().begin.line), "",
                         "no valid TOML: " + std::string{bad.description()});
    }
    for (const auto& [name, node] : table) {
      const std::string section{name.str()};
      if (section == "backend") {
        read_backends(node);
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

  void read_backends(const toml::node& node) {
    const auto* list = node.as_array();
    if (list == nullptr || !list->is_array_of_tables())
      throw config_error(at(node), "backend", "write each backend as [[backend]]");
    for (const auto& entry : *list) {
      const auto& table = *entry.as_table();
      backend_settings b;
      bool has_url = false;
      for (const auto& [key, value] : table) {
        const auto name = "backend." + std::string{key.str()};
        const auto text = text_of(value, name);
        try {
          if (key.str() == "name") {
            check_backend_name(text);
            b.name = text;
          } else if (key.str() == "url") {
            b.url = parse_backend(text);
            has_url = true;
          } else if (key.str() == "parallel") {
            b.parallel = parse_parallel(text);
          } else {
            throw std::invalid_argument("unknown key; allowed: name, url, parallel");
          }
        } catch (const std::invalid_argument& bad) {
          throw config_error(at(value), name, bad.what());
        }
      }
      if (!has_url)
        throw config_error(at(entry), "backend.url", "every backend needs a url");
      add_backend(std::move(b), at(entry));
    }
  }

  void read_environment() {
    static const std::set<std::string> others{"CONDUCTOR_HOST", "CONDUCTOR_CONFIG",
                                              "CONDUCTOR_BACKENDS"};
    std::map<std::string, const key_spec*> known;
    for (const auto& k : schema())
      known[variable_of(k.name)] = &k;
    for (const auto& [name, text] : in_.environment) {
      if (!name.starts_with("CONDUCTOR_") || others.contains(name))
        continue;
      const auto key = known.find(name);
      if (key == known.end())
        throw config_error("environment " + name, "",
                           "unknown variable; allowed: CONDUCTOR_<SECTION>_<KEY> for the "
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

  void replace_backends(const std::vector<std::string>& texts, const std::string& origin) {
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

  /// OLLAMA_HOST as Ollama's own clients read it: a port that is none is the default's.
  void add_default_backend() {
    auto host = value_of(in_.environment, "OLLAMA_HOST");
    const auto origin = host.empty() ? "default" : "environment OLLAMA_HOST";
    backend_settings b;
    try {
      b.url = parse_backend(host);
    } catch (const std::invalid_argument& bad) {
      const auto colon = host.rfind(':');
      try {
        if (host.starts_with("https:") || colon == std::string::npos)
          throw;
        b.url = parse_backend(host.substr(0, colon));
      } catch (const std::invalid_argument&) {
        throw config_error(origin, "", bad.what());
      }
    }
    add_backend(std::move(b), origin);
  }

  void check() const {
    std::set<std::string> names;
    for (std::size_t i = 0; i < values_.backends.size(); ++i)
      if (!names.insert(values_.backends[i].name).second)
        throw config_error(backend_origin_[i], "backend.name",
                           "\"" + values_.backends[i].name + "\" is given twice");
    if (values_.server.listen.empty())
      throw config_error(origin_of("server.listen"), "server.listen",
                         "at least one address is needed");
    if (values_.server.insecure)
      return;
    auto all = values_.server.listen;
    if (values_.server.admin_listen)
      all.push_back(*values_.server.admin_listen);
    for (const auto& e : all)
      if (!is_local(e))
        throw config_error(origin_of("server.listen"), "server.listen",
                           "\"" + to_string(e)
                             + "\" can be reached from other machines, and there are no keys; "
                               "allowed: loopback and unix sockets, anything with --insecure");
    if (values_.stream.window_bytes > values_.stream.buffer_bytes)
      throw config_error(origin_of("stream.window"), "stream.window",
                         "must not be larger than stream.buffer");
  }

  std::string origin_of(const std::string& key) const {
    const auto i = origin_.find(key);
    return i == origin_.end() ? "default" : i->second;
  }

  loaded_config finish() {
    loaded_config result;
    for (const auto& k : schema())
      result.entries.push_back(
        {std::string{k.name}, k.show(values_), origin_of(std::string{k.name})});
    for (std::size_t i = 0; i < values_.backends.size(); ++i) {
      const auto& b = values_.backends[i];
      result.entries.push_back({"backend.name", quoted(b.name), backend_origin_[i]});
      result.entries.push_back({"backend.url", quoted(to_url(b.url)), backend_origin_[i]});
      if (b.parallel)
        result.entries.push_back(
          {"backend.parallel", std::to_string(*b.parallel), backend_origin_[i]});
    }
    result.values = std::move(values_);
    return result;
  }

  const config_inputs& in_;
  settings values_;
  origins origin_;
  std::vector<std::string> backend_origin_;
};

} // namespace

loaded_config load_config(const config_inputs& inputs) { return loader{inputs}.run(); }

std::string show_config(const loaded_config& config) {
  std::string text;
  std::string section;
  for (const auto& e : config.entries) {
    const auto dot = e.key.find('.');
    const auto in = e.key.substr(0, dot);
    if (in == "backend" ? e.key == "backend.name" : in != section) {
      text += (text.empty() ? "" : "\n");
      text += in == "backend" ? "[[backend]]\n" : "[" + in + "]\n";
      section = in;
    }
    auto line = e.key.substr(dot + 1) + " = " + e.value;
    line.resize(std::max<std::size_t>(line.size() + 2, 44), ' ');
    text += line + "# " + e.origin + "\n";
  }
  return text;
}

std::string default_config_file(const std::map<std::string, std::string>& environment) {
  const auto config = value_of(environment, "XDG_CONFIG_HOME");
  if (!config.empty())
    return config + "/conductor/conductor.toml";
  const auto home = value_of(environment, "HOME");
  return home.empty() ? std::string{} : home + "/.config/conductor/conductor.toml";
}

} // namespace conductor

#include "config/load.hpp"
#include "config/schema.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace conductor {
namespace {

using variables = std::map<std::string, std::string>;
using flags = std::map<std::string, std::vector<std::string>>;

std::string origin_of(const loaded_config& config, const std::string& key) {
  for (const auto& e : config.entries)
    if (e.key == key)
      return e.origin;
  return "nowhere";
}

std::string variable_of(std::string_view key) {
  std::string name = "CONDUCTOR_";
  for (const unsigned char c : key)
    name += c == '.' ? '_' : static_cast<char>(std::toupper(c));
  return name;
}

std::vector<std::string> backends_of(const loaded_config& config) {
  std::vector<std::string> all;
  for (const auto& b : config.values.backends)
    all.push_back(b.name + '=' + to_url(b.url));
  return all;
}

std::vector<std::string> listeners_of(const loaded_config& config) {
  std::vector<std::string> all;
  for (const auto& e : config.values.server.listen)
    all.push_back(to_string(e));
  return all;
}

using texts = std::vector<std::string>;

TEST(settings,
     come_from_a_flag_before_the_environment_before_the_file_before_the_default) {
  config_inputs in;
  EXPECT_EQ(load_config(in).values.log.level, log_level::info);
  EXPECT_EQ(origin_of(load_config(in), "log.level"), "default");
  in.file_name = "/etc/c.toml";
  in.file_text = "\n[log]\nlevel = \"warn\"";
  EXPECT_EQ(load_config(in).values.log.level, log_level::warn);
  EXPECT_EQ(origin_of(load_config(in), "log.level"), "/etc/c.toml:3");
  in.environment["CONDUCTOR_LOG_LEVEL"] = "debug";
  EXPECT_EQ(load_config(in).values.log.level, log_level::debug);
  EXPECT_EQ(origin_of(load_config(in), "log.level"), "environment CONDUCTOR_LOG_LEVEL");
  in.flags["log.level"] = {"error"};
  EXPECT_EQ(load_config(in).values.log.level, log_level::error);
  EXPECT_EQ(origin_of(load_config(in), "log.level"), "flag --log-level");
}

TEST(settings, of_a_list_are_replaced_and_not_added_to) {
  config_inputs in{"c.toml",
                   "[server]\nlisten = [\"127.0.0.1:1\", \"unix:/run/c.sock\"]",
                   {{"XDG_RUNTIME_DIR", "/run/user/1"}},
                   {}};
  EXPECT_EQ(listeners_of(load_config(in)), (texts{"127.0.0.1:1", "unix:/run/c.sock"}));
  in.environment["CONDUCTOR_SERVER_LISTEN"] = "127.0.0.1:2, [::1]:2,";
  EXPECT_EQ(listeners_of(load_config(in)), (texts{"127.0.0.1:2", "[::1]:2"}));
  in.flags["server.listen"] = {"127.0.0.1:3"};
  EXPECT_EQ(listeners_of(load_config(in)), texts{"127.0.0.1:3"});
}

TEST(settings, can_each_be_set_by_a_variable_and_by_the_file) {
  const auto plain = load_config({});
  for (const auto& e : plain.entries) {
    if (e.key.starts_with("backend.") || e.value == "[]")
      continue;
    auto text = e.value;
    std::erase_if(text, [](char c) { return c == '"' || c == '[' || c == ']'; });
    if (!text.empty()) {
      const auto name = variable_of(e.key);
      const auto config = load_config({"", "", {{name, text}}, {}});
      EXPECT_EQ(origin_of(config, e.key), "environment " + name);
    }
    const auto dot = e.key.find('.');
    const auto file =
        '[' + e.key.substr(0, dot) + "]\n" + e.key.substr(dot + 1) + " = " + e.value;
    EXPECT_EQ(origin_of(load_config({"c.toml", file, {}, {}}), e.key), "c.toml:2")
        << file;
  }
}

TEST(settings, in_an_empty_variable_are_not_set) {
  const auto config = load_config(
      {"", "", {{"CONDUCTOR_LOG_LEVEL", ""}, {"CONDUCTOR_SERVER_LISTEN", ""}}, {}});
  EXPECT_EQ(origin_of(config, "log.level"), "default");
  EXPECT_EQ(listeners_of(config), texts{"127.0.0.1:11435"});
}

TEST(settings, take_numbers_as_milliseconds_and_bytes) {
  const auto config = load_config({"c.toml",
                                   "upstream.connect_timeout = 1500\n"
                                   "stream.buffer = 1048576\n"
                                   "server.drain = \"2h\"\n",
                                   {},
                                   {}});
  EXPECT_EQ(config.values.upstream.connect_timeout, milliseconds(1500));
  EXPECT_EQ(config.values.stream.buffer_bytes, 1048576u);
  EXPECT_EQ(config.values.server.drain, std::chrono::hours(2));
}

TEST(gpus, are_looked_at_as_it_says) {
  EXPECT_EQ(load_config({}).values.gpu.probe, gpu_probe_kind::any);
  const auto gpu =
      load_config(
          {"c.toml",
           "[gpu]\nprobe = \"nvml\"\ninterval = \"2s\"\nlibrary = \"/opt/nvml.so\"",
           {{"CONDUCTOR_GPU_IDLE_INTERVAL", "1m"}},
           {}})
          .values.gpu;
  EXPECT_EQ(gpu.probe, gpu_probe_kind::nvml);
  EXPECT_EQ(gpu.interval, milliseconds(2'000));
  EXPECT_EQ(gpu.idle_interval, milliseconds(60'000));
  EXPECT_EQ(gpu.library, "/opt/nvml.so");
}

TEST(admin_listener, is_none_unless_it_is_set_and_can_be_unset) {
  EXPECT_FALSE(load_config({}).values.server.admin_listen);
  config_inputs in{"c.toml", "server.admin_listen = \"127.0.0.1:11436\"", {}, {}};
  EXPECT_EQ(to_string(*load_config(in).values.server.admin_listen), "127.0.0.1:11436");
  in.flags["server.admin_listen"] = {""};
  EXPECT_FALSE(load_config(in).values.server.admin_listen);
}

TEST(defaults, follow_the_folders_of_the_user) {
  const auto config = load_config(
      {"", "", {{"XDG_RUNTIME_DIR", "/run/user/1"}, {"XDG_DATA_HOME", "/data"}}, {}});
  EXPECT_EQ(listeners_of(config),
            (texts{"127.0.0.1:11435", "unix:/run/user/1/conductor.sock"}));
  EXPECT_EQ(config.values.data_dir, "/data/conductor");
  EXPECT_EQ(load_config({"", "", {{"HOME", "/home/me"}}, {}}).values.data_dir,
            "/home/me/.local/share/conductor");
  EXPECT_EQ(default_config_file({{"HOME", "/home/me"}}),
            "/home/me/.config/conductor/conductor.toml");
  EXPECT_EQ(default_config_file({{"HOME", "/home/me"}, {"XDG_CONFIG_HOME", "/etc/me"}}),
            "/etc/me/conductor/conductor.toml");
  EXPECT_EQ(default_config_file({}), "");
}

TEST(defaults, ignore_folders_that_cannot_be) {
  const auto config = load_config(
      {"",
       "",
       {{"XDG_RUNTIME_DIR", "run"}, {"XDG_DATA_HOME", "data"}, {"HOME", "/h"}},
       {}});
  EXPECT_EQ(listeners_of(config), texts{"127.0.0.1:11435"});
  EXPECT_EQ(config.values.data_dir, "/h/.local/share/conductor");
  const auto deep =
      load_config({"", "", {{"XDG_RUNTIME_DIR", '/' + std::string(200, 'x')}}, {}});
  EXPECT_EQ(listeners_of(deep), texts{"127.0.0.1:11435"});
  EXPECT_EQ(deep.warnings.size(), 1u);
}

TEST(backends, are_the_one_of_ollama_host_unless_something_says_others) {
  config_inputs in;
  EXPECT_EQ(backends_of(load_config(in)), texts{"ollama=http://127.0.0.1:11434"});
  EXPECT_EQ(origin_of(load_config(in), "backend.url"), "default");
  in.environment["OLLAMA_HOST"] = "http://gpu/t";
  EXPECT_EQ(backends_of(load_config(in)), texts{"ollama=http://gpu:80/t"});
  EXPECT_EQ(origin_of(load_config(in), "backend.url"), "environment OLLAMA_HOST");
  in.file_name = "c.toml";
  in.file_text = "[[backend]]\nurl = \"a\"\n[[backend]]\nname = \"two\"\nurl = \"b\"";
  EXPECT_EQ(backends_of(load_config(in)),
            (texts{"ollama=http://a:11434", "two=http://b:11434"}));
  in.environment["CONDUCTOR_BACKENDS"] = "c, named=http://d:5/p=q";
  EXPECT_EQ(backends_of(load_config(in)),
            (texts{"ollama=http://c:11434", "named=http://d:5/p=q"}));
  in.flags["backend"] = {"e", "ollama=f", "g"};
  EXPECT_EQ(backends_of(load_config(in)),
            (texts{"ollama-2=http://e:11434", "ollama=http://f:11434",
                   "ollama-3=http://g:11434"}));
  EXPECT_EQ(origin_of(load_config(in), "backend.url"), "flag --backend");
}

TEST(backends, from_an_ollama_host_with_an_invalid_port_warn_and_use_the_default_port) {
  const auto config = load_config({"", "", {{"OLLAMA_HOST", "http://gpu:99999/t"}}, {}});
  EXPECT_EQ(backends_of(config), texts{"ollama=http://gpu:80/t"});
  ASSERT_EQ(config.warnings.size(), 1u);
  EXPECT_EQ(config.warnings[0], "environment OLLAMA_HOST: \"http://gpu:99999/t\" has an "
                                "invalid port; 80 is used, as Ollama does");
}

TEST(backends, are_not_this_node_when_ollama_host_leads_clients_to_it) {
  for (const auto* host :
       {"127.0.0.1:11435", "localhost:11435", "http://0.0.0.0:11435/"}) {
    const auto config = load_config({"", "", {{"OLLAMA_HOST", host}}, {}});
    EXPECT_EQ(backends_of(config), texts{"ollama=http://127.0.0.1:11434"}) << host;
    ASSERT_EQ(config.warnings.size(), 1u) << host;
    EXPECT_NE(config.warnings[0].find("is this node itself"), std::string::npos);
  }
}

TEST(variables, that_kubernetes_makes_of_a_service_are_ignored) {
  const auto config = load_config({"",
                                   "",
                                   {{"CONDUCTOR_PORT", "tcp://10.0.0.1:11435"},
                                    {"CONDUCTOR_SERVICE_HOST", "10.0.0.1"},
                                    {"CONDUCTOR_SERVICE_PORT_HTTP", "11435"},
                                    {"CONDUCTOR_PORT_11435_TCP_ADDR", "10.0.0.1"},
                                    {"CONDUCTOR_SERVER_PORT", "tcp://10.0.0.1:11435"}},
                                   {}});
  EXPECT_TRUE(config.warnings.empty());
}

TEST(schema, has_names_flags_and_help_that_are_unique_and_complete) {
  std::map<std::string, int> seen;
  for (const auto& k : schema()) {
    EXPECT_EQ(seen[std::string(k.name)]++, 0) << k.name;
    EXPECT_EQ(seen[variable_of(k.name)]++, 0) << k.name;
    if (!k.flag.empty()) {
      EXPECT_EQ(seen["--" + std::string(k.flag)]++, 0) << k.flag;
      EXPECT_EQ(k.metavar.empty(), k.on_off) << k.flag;
    }
    EXPECT_EQ(std::count(k.name.begin(), k.name.end(), '.'), 1) << k.name;
    EXPECT_FALSE(k.help.empty()) << k.name;
    EXPECT_EQ(find_key(k.name), &k);
  }
}

} // namespace
} // namespace conductor

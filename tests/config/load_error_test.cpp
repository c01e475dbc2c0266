#include "config/load.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace conductor {
namespace {

std::string error_of(const config_inputs& in) {
  try {
    load_config(in);
  } catch (const config_error& e) {
    return e.what();
  }
  return "no error";
}

std::string error_of(const std::string& file) {
  return error_of({"conductor.toml", file, {}, {}});
}

TEST(file_error, names_file_line_key_value_and_what_is_allowed) {
  struct fault {
    std::string file;
    std::string error;
  };
  const std::vector<fault> faults{
      {"[log]\nlevel = \"loud\"", "conductor.toml:2: log.level: \"loud\" is not allowed; "
                                  "allowed: trace, debug, info, warn, error"},
      {"[log]\nlevel = 3", "conductor.toml:2: log.level: \"3\" is not allowed; allowed: "
                           "trace, debug, info, warn, error"},
      {"\n\n[log]\n\nrequests = \"maybe\"",
       "conductor.toml:5: log.requests: \"maybe\" is "
       "not allowed; allowed: true, false"},
      {"[queue]\nlimit = -1", "conductor.toml:2: queue.limit: \"-1\" is not allowed; "
                              "allowed: a whole number from 0 to 1000000"},
      {"[queue]\nlimit = 1.5", "conductor.toml:2: queue.limit: \"1.5\" is not allowed; "
                               "allowed: a whole number from 0 to 1000000"},
      {"[trace]\nsample = 1.5", "conductor.toml:2: trace.sample: \"1.5\" is not allowed; "
                                "allowed: a number from 0 to 1"},
      {"[trace]\nendpoint = \"box:4318\"",
       "conductor.toml:2: trace.endpoint: \"box:4318\": a collector is named by its URL; "
       "allowed: http://host:4318, https://host:4318, http://host:4318/prefix"},
      {"[queue]\nlimit = [1]",
       "conductor.toml:2: queue.limit: a single value is allowed here, no list"},
      {"[queue]\nmax_wait = 0",
       "conductor.toml:2: queue.max_wait: \"0\" is too short; allowed: 1ms and more"},
      {"[queue]\nmax_wait = \"1 year\"",
       "conductor.toml:2: queue.max_wait: \"1 year\" is not allowed; allowed: a duration "
       "such as 250ms, 30s, 10m or 2h, up to 8760h"},
      {"[stream]\nbuffer = \"1TB\"",
       "conductor.toml:2: stream.buffer: \"1TB\" is not allowed; allowed: a size such as "
       "4096, 256KiB, 64MiB or 1GiB"},
      {"[stream]\nbuffer = \"17GiB\"",
       "conductor.toml:2: stream.buffer: \"17GiB\" is out "
       "of range; allowed: 4KiB to 16GiB"},
      {"[store]\ndata_dir = \"\"",
       "conductor.toml:2: store.data_dir: \"\" is no folder; allowed: a path"},
      {"[server]\nlisten = [\n  \"127.0.0.1:1\",\n  \"box\"]",
       "conductor.toml:2: server.listen: \"box\": no port; allowed: host:port, :port, "
       "[ipv6]:port, https://host:port, unix:/path"},
      {"[server]\nlisten = [[\"127.0.0.1:1\"]]",
       "conductor.toml:2: server.listen: a string, a number or a boolean is "
       "allowed here"},
      {"[server]\nlisten = []",
       "conductor.toml:2: server.listen: at least one address is needed"},
      {"[server]\nlisten = [\"127.0.0.1:1\", \"127.0.0.1:1\"]",
       "conductor.toml:2: server.listen: \"127.0.0.1:1\" is given twice"},
      {"[server]\nadmin_listen = \"127.0.0.1:11435\"",
       "conductor.toml:2: server.admin_listen: \"127.0.0.1:11435\" is given twice"},
      {"[server]\nlisten = [\"unix:/run/c\"]\n[metrics]\nshadow_model = \"m\"",
       "conductor.toml:4: metrics.shadow_model: the node asks itself over plain TCP, and "
       "server.listen has no host:port"},
      {"[stream]\nwindow = \"64KiB\"\nbuffer = \"32KiB\"",
       "conductor.toml:2: stream.window: \"64KiB\" is more than stream.buffer; allowed: "
       "up "
       "to 32KiB"},
  };
  for (const auto& f : faults)
    EXPECT_EQ(error_of(f.file), f.error) << f.file;
}

TEST(file_error, of_an_unknown_key_suggests_the_one_that_was_meant) {
  const auto all = " (all keys: conductor config show)";
  EXPECT_EQ(error_of("[server]\nlisten_on = []\n"),
            std::string("conductor.toml:2: server.listen_on: unknown key; did you mean "
                        "server.listen?") +
                all);
  EXPECT_EQ(error_of("[servr]\nlisten = []"),
            std::string("conductor.toml:2: servr.listen: unknown key; did you mean "
                        "server.listen?") +
                all);
  EXPECT_EQ(error_of("[server]\ndata_dir = \"/x\""),
            std::string("conductor.toml:2: server.data_dir: unknown key; did you mean "
                        "store.data_dir?") +
                all);
  EXPECT_EQ(error_of("\nmax_connections = 1"),
            std::string("conductor.toml:2: max_connections: unknown key; did you mean "
                        "server.max_connections?") +
                all);
  EXPECT_EQ(error_of("[zzz]\nqqqqqqqqq = 1"),
            std::string("conductor.toml:2: zzz.qqqqqqqqq: unknown key") + all);
}

TEST(file_error, of_broken_toml_names_the_line) {
  for (const auto* text :
       {"\n[log\n", "\nlevel = ", "\na = 1\na = 2", "\nx = \"\xff\""}) {
    const auto error = error_of(text);
    EXPECT_TRUE(error.starts_with("conductor.toml:2: no valid TOML: ") ||
                error.starts_with("conductor.toml:3: no valid TOML: "))
        << error;
  }
}

TEST(backend_error, names_the_backend_s_line_and_what_is_allowed) {
  struct fault {
    std::string file;
    std::string error;
  };
  const std::vector<fault> faults{
      {"[backend]\nurl = \"a\"",
       "conductor.toml:1: backend: write each backend as [[backend]]"},
      {"backend = \"a\"", "conductor.toml:1: backend: write each backend as [[backend]]"},
      {"\n[[backend]]\nname = \"a\"",
       "conductor.toml:2: backend.url: every backend needs a url"},
      {"\n[[backend]]\nurl = \"\"",
       "conductor.toml:2: backend.url: every backend needs a url"},
      {"[[backend]]\nurl = \"a:b\"",
       "conductor.toml:2: backend.url: \"a:b\": the port is no number from 1 to 65535; "
       "allowed: host, host:port, :port, [ipv6]:port, http://host:port/prefix, "
       "https://host/prefix"},
      {"[[backend]]\nurl = \"a\"\nname = \"a b\"",
       "conductor.toml:3: backend.name: \"a b\" is no backend's name; allowed: 1 to 64 "
       "letters, digits, '.', '_' and '-'"},
      {"[[backend]]\nurl = \"a\"\nparallel = 0",
       "conductor.toml:3: backend.parallel: \"0\" is not allowed; allowed: a whole "
       "number "
       "from 1 to 4096"},
      {"[[backend]]\nurl = \"a\"\nparalel = 2",
       "conductor.toml:3: backend.paralel: unknown key; did you mean parallel?; allowed: "
       "name, url, parallel, max_loaded, weight, tier, primary, probe_model, token_file"},
      {"[[model]]\noptions = \"pin\"",
       "conductor.toml:1: model.name: every model needs a name"},
      {"[[model]]\nname = \"a\"\noptions = \"grow\"",
       "conductor.toml:3: model.options: \"grow\" is not allowed; allowed: pass, pin, "
       "raise"},
      {"[[model]]\nname = \"a\"\noptions = \"pin\"",
       "conductor.toml:1: model.name: \"a\" pins or derives its options and names none; "
       "give num_ctx, or options = \"pass\" or \"raise\""},
      {"[[model]]\nname = \"a\"\nkeep_alive = \"soon\"",
       "conductor.toml:3: model.keep_alive: \"soon\" is no keep_alive; allowed: seconds "
       "(-1: for ever), or a duration as \"5m\" or \"1h30m\""},
      {"[[model]]\nname = \"a*b\"", "conductor.toml:2: model.name: \"a*b\" names no "
                                    "model; allowed: NAME[:TAG], with * "
                                    "at the end for any text"},
      {"[[backend]]\nurl = \"a\"\nname = \"x\"\n[[backend]]\nurl = \"b\"\nname = \"x\"",
       "conductor.toml:4: backend.name: \"x\" is given twice"},
      {"[[backend]]\nurl = \"localhost:11435\"",
       "conductor.toml:1: backend.url: \"http://localhost:11435\" is where this node "
       "itself listens; allowed: the address of an Ollama server"},
  };
  for (const auto& f : faults)
    EXPECT_EQ(error_of(f.file), f.error) << f.file;
}

TEST(variable_error, names_the_variable) {
  const auto with = [](const std::string& name, const std::string& value) {
    return error_of({"", "", {{name, value}}, {}});
  };
  EXPECT_EQ(
      with("CONDUCTOR_LOG_LEVEL", "loud"),
      "environment CONDUCTOR_LOG_LEVEL: log.level: \"loud\" is not allowed; allowed: "
      "trace, debug, info, warn, error");
  EXPECT_TRUE(
      with("CONDUCTOR_SERVER_LISTN", "x")
          .starts_with("environment CONDUCTOR_SERVER_LISTN: unknown variable; did "
                       "you mean CONDUCTOR_SERVER_LISTEN?"));
  EXPECT_TRUE(
      with("CONDUCTOR_BACKENDS", "a b=c")
          .starts_with("environment CONDUCTOR_BACKENDS: \"a b\" is no backend's"));
  EXPECT_TRUE(with("CONDUCTOR_BACKENDS", "a=")
                  .starts_with("environment CONDUCTOR_BACKENDS: an empty backend"));
  EXPECT_TRUE(with("OLLAMA_HOST", "ftp://box")
                  .starts_with("environment OLLAMA_HOST: \"ftp://box\": unknown scheme"));
}

TEST(flag_error, names_the_flag) {
  const auto with = [](const std::string& key, const std::vector<std::string>& values) {
    return error_of({"", "", {}, {{key, values}}});
  };
  EXPECT_EQ(
      with("server.listen", {"11435"}),
      "flag --listen: server.listen: \"11435\": no port; allowed: host:port, :port, "
      "[ipv6]:port, https://host:port, unix:/path");
  EXPECT_TRUE(with("backend", {"a=b", "a=c"})
                  .starts_with("flag --backend: backend.name: \"a\" is given twice"));
  EXPECT_TRUE(
      with("backend", {"box:0"}).starts_with("flag --backend: \"box:0\": the port"));
  EXPECT_TRUE(with("log.level", {}).starts_with("flag --log-level: log.level: no value"));
}

} // namespace
} // namespace conductor

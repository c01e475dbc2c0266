#include "adapters/cli/node.hpp"

#include "adapters/cli/failure.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace conductor::cli {

namespace {

constexpr std::uint16_t default_port = 11435;

std::string_view trimmed(std::string_view text) {
  auto skip = [](char c) {
    return std::isspace(static_cast<unsigned char>(c)) || c == '"' || c == '\'';
  };
  while (!text.empty() && skip(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && skip(text.back()))
    text.remove_suffix(1);
  return text;
}

// Whether an address without a scheme says its port.
bool says_port(std::string_view text) {
  auto authority = text.substr(0, text.find('/'));
  auto colon = authority.rfind(':');
  if (colon == std::string_view::npos)
    return false;
  if (authority.find(':') != colon && authority[colon - 1] != ']')
    return false; // an IPv6 literal without brackets
  auto digits = authority.substr(colon + 1);
  return !digits.empty() && std::all_of(digits.begin(), digits.end(),
                                        [](unsigned char c) { return std::isdigit(c); });
}

} // namespace

endpoint parse_node(std::string_view text) {
  text = trimmed(text);
  if (text.starts_with("unix://"))
    text.remove_prefix(7);
  else if (text.starts_with("unix:"))
    text.remove_prefix(5);
  if (text.starts_with("/"))
    return {endpoint::kind::unix_socket, {}, 0, std::string(text)};
  auto at = parse_backend(text);
  if (text.find("://") == std::string_view::npos && !says_port(text))
    at.port = default_port;
  return at;
}

std::vector<endpoint>
node_candidates(const std::string& flag,
                const std::function<std::string(const char*)>& variable,
                const std::function<bool(const std::string&)>& exists) {
  if (!flag.empty())
    return {parse_node(flag)};
  if (auto host = variable("CONDUCTOR_HOST"); !trimmed(host).empty())
    return {parse_node(host)};
  std::vector<endpoint> found;
  if (auto dir = variable("XDG_RUNTIME_DIR"); !dir.empty()) {
    auto path = dir + "/conductor.sock";
    if (exists(path))
      found.push_back({endpoint::kind::unix_socket, {}, 0, path});
  }
  found.push_back({endpoint::kind::tcp, "127.0.0.1", default_port, {}});
  return found;
}

std::string environment(const char* name) {
  const auto* value = std::getenv(name);
  return value ? value : "";
}

std::string node_key() {
  if (auto key = std::string(trimmed(environment("CONDUCTOR_API_KEY"))); !key.empty())
    return key;
  auto folder = environment("XDG_CONFIG_HOME");
  if (folder.empty())
    folder = environment("HOME") + "/.config";
  const auto file = folder + "/conductor/key";
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0)
    return {};
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    throw failure(file + " can be read by others; do: chmod 600 " + file);
  std::ifstream in(file);
  std::string key;
  std::getline(in, key);
  return std::string(trimmed(key));
}

client node_client(const std::string& flag) {
  auto exists = [](const std::string& path) { return ::access(path.c_str(), F_OK) == 0; };
  try {
    client node{node_candidates(flag, environment, exists), "Conductor node",
                "; start one with: conductor serve"};
    node.show_key(node_key());
    return node;
  } catch (const std::invalid_argument& e) {
    throw failure(e.what(), exit_usage);
  }
}

} // namespace conductor::cli

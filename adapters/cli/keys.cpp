#include "adapters/cli/keys.hpp"

#include "adapters/cli/duration.hpp"
#include "adapters/cli/failure.hpp"
#include "adapters/cli/human.hpp"
#include "adapters/cli/node.hpp"
#include "adapters/cli/percent.hpp"
#include "adapters/cli/record.hpp"
#include "adapters/cli/table.hpp"
#include "adapters/cli/terminal.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>
#include <utility>

namespace conductor::cli {

namespace {

using nlohmann::json;

const std::string root = "/conductor/v1/keys";

bool flag_of(const json& object, const char* key) {
  auto at = object.find(key);
  return at != object.end() && at->is_boolean() && at->get<bool>();
}

std::string joined(const json& texts) {
  std::string all;
  for (const auto& t : texts)
    if (t.is_string())
      all += (all.empty() ? "" : ", ") + t.get<std::string>();
  return all;
}

std::string when_text(const json& key, const char* member) {
  auto when = parse_moment(text_of(key, member));
  return when ? human_time(*when, now()) : "never";
}

std::string limits_text(const json& k) {
  struct part {
    const char* member;
    const char* unit;
  };
  constexpr part parts[] = {{"requests_per_minute", " requests/min"},
                            {"requests_per_day", " requests/day"},
                            {"tokens_per_minute", " tokens/min"},
                            {"tokens_per_day", " tokens/day"},
                            {"gpu_seconds_per_minute", " GPU s/min"},
                            {"gpu_seconds_per_day", " GPU s/day"},
                            {"parallel", " at once"}};
  std::string all;
  for (const auto& p : parts)
    if (auto n = number_of(k, p.member); n > 0)
      all += (all.empty() ? "" : ", ") + std::to_string(n) + p.unit;
  return all.empty() ? "-" : all;
}

std::string or_all(std::string text) {
  return text.empty() ? "all" : std::move(text);
}

// The key of that name or id; of a name, the one that counts.
json find(client& node, const std::string& name) {
  const auto document = parse_document(node.fetch({"GET", root}).body);
  json found;
  for (const auto& k : list_of(document, "keys"))
    if (k.is_object() && (text_of(k, "id") == name || text_of(k, "name") == name))
      if (found.is_null() || flag_of(found, "revoked"))
        found = k;
  if (found.is_null())
    throw failure("there is no key of the name or id '" + name + "'");
  return found;
}

std::string target_of(const json& key) {
  return root + "/" + percent_encoded(text_of(key, "id"));
}

std::string first_line_of(const std::string& file) {
  const auto text = read_named(file, exit_error);
  if (text.empty())
    throw failure("there is no public key in " + file);
  return text.substr(0, text.find('\n'));
}

struct number_option {
  const char* option;
  const char* member;
  std::optional<std::uint64_t> key_options::*value;
};
constexpr number_option numbers[] = {
    {"rpm", "requests_per_minute", &key_options::requests_per_minute},
    {"rpd", "requests_per_day", &key_options::requests_per_day},
    {"tpm", "tokens_per_minute", &key_options::tokens_per_minute},
    {"tpd", "tokens_per_day", &key_options::tokens_per_day},
    {"gpm", "gpu_seconds_per_minute", &key_options::gpu_seconds_per_minute},
    {"gpd", "gpu_seconds_per_day", &key_options::gpu_seconds_per_day},
    {"parallel", "parallel", &key_options::parallel},
    {"uid", "uid", &key_options::uid},
};
constexpr std::pair<const char*, const char*> others[] = {
    {"scope", "scopes"},        {"model", "models"},
    {"class", "class"},         {"default-class", "default_class"},
    {"expires", "ttl_seconds"}, {"public-key", "public_key"},
    {"trusted", "trusted"},
};

// What the node calls that option.
std::string member_of(const std::string& option) {
  std::string allowed;
  const auto is = [&](const char* name) {
    allowed += (allowed.empty() ? "" : ", ") + std::string(name);
    return option == name;
  };
  for (const auto& [name, member] : others)
    if (is(name))
      return member;
  for (const auto& n : numbers)
    if (is(n.option))
      return n.member;
  throw failure("--reset takes " + allowed, exit_usage);
}

// What is said of a key, without its name.
json wish_of(const key_options& o) {
  json wish = json::object();
  if (!o.scopes.empty())
    wish["scopes"] = o.scopes;
  if (!o.models.empty())
    wish["models"] = o.models;
  if (!o.highest.empty())
    wish["class"] = o.highest;
  if (!o.usual.empty())
    wish["default_class"] = o.usual;
  for (const auto& n : numbers)
    if (const auto& value = o.*n.value)
      wish[n.member] = *value;
  if (!o.expires.empty())
    wish["ttl_seconds"] = life_of(o.expires);
  if (!o.public_key.empty())
    wish["public_key"] = first_line_of(o.public_key);
  if (o.trusted)
    wish["trusted"] = true;
  for (const auto& option : o.resets)
    if (!wish.emplace(member_of(option), nullptr).second)
      throw failure("--reset " + option + " and --" + option + " exclude each other",
                    exit_usage);
  return wish;
}

// The text alone on standard output, so that it can go into a file or a variable.
int print_made(const std::string& body, const key_options& options, const char* done) {
  if (options.raw) {
    write_out(body + "\n");
    return exit_ok;
  }
  const auto made = parse_document(body);
  write_error(std::string(done) + " '" + text_of(made, "name") +
              "'. This is shown once: send it as \"Authorization: Bearer KEY\", or keep "
              "it in CONDUCTOR_API_KEY\n");
  write_out(text_of(made, "key") + "\n");
  return exit_ok;
}

} // namespace

std::uint64_t life_of(const std::string& text) {
  if (text == "never")
    return 0;
  const bool days = text.ends_with('d');
  const auto digits = days ? text.substr(0, text.size() - 1) : text;
  const bool whole = !digits.empty() && digits.size() < 6 &&
                     std::all_of(digits.begin(), digits.end(),
                                 [](unsigned char c) { return std::isdigit(c); });
  if (days && whole && std::stoull(digits) > 0)
    return std::stoull(digits) * 24 * 3600;
  const auto ns = parse_go_duration(text);
  if (!ns || *ns < 1'000'000'000)
    throw failure("--expires must be a duration of a second or more, such as 30d or 12h, "
                  "or never",
                  exit_usage);
  return static_cast<std::uint64_t>(*ns / 1'000'000'000);
}

std::string keys_table(const json& document, bool all) {
  std::vector<row> rows{
      {"NAME", "ID", "SCOPES", "MODELS", "CLASS", "LIMITS", "CREATED", "EXPIRES"}};
  for (const auto& k : list_of(document, "keys"))
    if (k.is_object() && (all || !flag_of(k, "revoked")))
      rows.push_back({text_of(k, "name"), text_of(k, "id"), joined(list_of(k, "scopes")),
                      or_all(joined(list_of(k, "models"))), text_of(k, "class"),
                      limits_text(k), when_text(k, "created_at"),
                      flag_of(k, "revoked") ? "revoked" : when_text(k, "expires_at")});
  return table(rows, 40);
}

int list_keys(const key_options& options) {
  auto body = node_client(options.host).fetch({"GET", root}).body;
  write_out(options.raw ? body + "\n" : keys_table(parse_document(body), options.all));
  return exit_ok;
}

int show_key(const key_options& options) {
  auto node = node_client(options.host);
  const auto k = find(node, options.name);
  if (options.raw) {
    write_out(k.dump() + "\n");
    return exit_ok;
  }
  const auto& used = list_of(k, "used");
  auto gpu = used.is_object() && used.contains("gpu_seconds")
                 ? used["gpu_seconds"].get<double>()
                 : 0.0;
  std::string text;
  auto line = [&](const char* name, const std::string& value) {
    text += std::string(name).append(14 - std::string(name).size(), ' ') + value + "\n";
  };
  line("name", text_of(k, "name"));
  line("id", text_of(k, "id"));
  line("scopes", joined(list_of(k, "scopes")));
  line("models", or_all(joined(list_of(k, "models"))));
  line("class", text_of(k, "class"));
  line("limits", limits_text(k));
  line("created", when_text(k, "created_at"));
  line("expires", flag_of(k, "revoked") ? "revoked" : when_text(k, "expires_at"));
  if (auto key = text_of(k, "public_key"); !key.empty())
    line("public key", key);
  if (k.contains("uid"))
    line("uid", std::to_string(number_of(k, "uid")));
  if (used.is_object())
    line("used", std::to_string(number_of(used, "requests")) + " answers, " +
                     std::to_string(number_of(used, "tokens")) + " tokens, " +
                     fixed(gpu, 1) + " s of a GPU; " +
                     std::to_string(number_of(used, "limited")) + " over a limit, " +
                     std::to_string(number_of(used, "forbidden")) + " forbidden");
  write_out(text);
  return exit_ok;
}

int create_key(const key_options& options) {
  auto wish = wish_of(options);
  wish["name"] = options.name;
  return print_made(node_client(options.host).fetch({"POST", root, wish.dump()}).body,
                    options, "made the key");
}

int set_key(const key_options& options) {
  const auto wish = wish_of(options);
  if (wish.empty())
    throw failure("there is nothing to change: conductor keys set --help", exit_usage);
  auto node = node_client(options.host);
  const auto k = find(node, options.name);
  const auto body = node.fetch({"PATCH", target_of(k), wish.dump()}).body;
  write_out(options.raw ? body + "\n" : "changed '" + text_of(k, "name") + "'\n");
  return exit_ok;
}

int rotate_key(const key_options& options) {
  auto node = node_client(options.host);
  const auto k = find(node, options.name);
  return print_made(node.fetch({"POST", target_of(k) + "/rotate"}).body, options,
                    "made a new secret for the key");
}

int revoke_key(const key_options& options) {
  auto node = node_client(options.host);
  const auto k = find(node, options.name);
  node.fetch({"DELETE", target_of(k)});
  write_out("revoked '" + text_of(k, "name") + "'\n");
  return exit_ok;
}

} // namespace conductor::cli

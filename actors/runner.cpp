#include "actors/runner.hpp"

#include <algorithm>
#include <charconv>

namespace conductor {
namespace {

/// Zero where it is no number.
std::uint64_t number_in(const std::map<std::string, std::string>& options,
                        const std::string& key) {
  const auto i = options.find(key);
  std::uint64_t value = 0;
  if (i != options.end())
    std::from_chars(i->second.data(), i->second.data() + i->second.size(), value);
  return value;
}

} // namespace

std::map<std::string, std::string> options_of(std::string_view text) {
  std::map<std::string, std::string> all;
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    const auto entry = text.substr(0, comma);
    const auto equals = std::min(entry.find('='), entry.size());
    all[std::string{entry.substr(0, equals)}] =
        entry.substr(std::min(equals + 1, entry.size()));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return all;
}

std::string options_text(const std::map<std::string, std::string>& options) {
  std::string text;
  for (const auto& [key, value] : options)
    text += (text.empty() ? "" : ",") + key + "=" + value;
  return text;
}

bool has_options(const runner& r, const std::string& wanted) {
  if (r.options_known)
    return r.options == wanted;
  // Somebody else loaded it: only the context that each answer may use is told.
  if (wanted.empty())
    return true;
  const auto options = options_of(wanted);
  return options.size() == 1 && number_in(options, "num_ctx") == r.seen.context &&
         r.seen.context > 0;
}

std::string derived_name(const std::string& model, unsigned num_ctx) {
  auto name = model;
  const auto tag = std::min(name.rfind(':'), name.size());
  return name.insert(tag, "-ctx" + std::to_string(num_ctx));
}

shaped shape(const model_settings* policy, const std::string& model,
             const std::string& asked, dialect speaks, const runner* loaded) {
  shaped s{asked, {}};
  if (policy == nullptr)
    return s;
  // Only Ollama's own dialect can carry options.
  if (speaks != dialect::ollama) {
    if (policy->derive && policy->num_ctx) {
      s.changes.model = derived_name(model, *policy->num_ctx);
      s.options = "num_ctx=" + std::to_string(*policy->num_ctx);
    }
    return s;
  }
  s.changes.keep_alive = policy->keep_alive;
  if (policy->options == option_policy::pass)
    return s;
  auto options = options_of(asked);
  const auto wanted = number_in(options, "num_ctx");
  std::uint64_t tokens = policy->num_ctx.value_or(0);
  if (policy->options == option_policy::raise) {
    tokens = std::max(tokens, wanted);
    const bool there = loaded != nullptr && loaded->loaded;
    const auto has =
        there ? number_in(options_of(loaded->options), "num_ctx") : std::uint64_t{};
    // What Ollama chose by itself is not named: it would load the model anew for that.
    const bool as_it_is = there && loaded->options_known && has == 0 && tokens == 0;
    if (there && !as_it_is)
      tokens = std::max({tokens, has, loaded->seen.context});
  }
  if (tokens == 0 || tokens == wanted)
    return s;
  options["num_ctx"] = std::to_string(tokens);
  s.options = options_text(options);
  s.changes.options.emplace_back("num_ctx", std::to_string(tokens));
  return s;
}

} // namespace conductor

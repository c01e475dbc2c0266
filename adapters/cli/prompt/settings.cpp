#include "adapters/cli/prompt/settings.hpp"

#include "adapters/cli/failure.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

namespace conductor::cli {

namespace {

using json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 10> whole{
    "seed",    "num_predict", "top_k",    "num_ctx",    "num_batch",
    "num_gpu", "main_gpu",    "num_keep", "num_thread", "repeat_last_n"};
constexpr std::array<std::string_view, 7> real{"top_p",
                                               "min_p",
                                               "typical_p",
                                               "temperature",
                                               "repeat_penalty",
                                               "presence_penalty",
                                               "frequency_penalty"};

template <class Names>
bool among(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

template <class Number>
json number(const std::string& text, const char* kind) {
  Number value{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    throw failure("invalid " + std::string(kind) + " value [" + text + "]");
  return value;
}

} // namespace

json parameter_value(const std::string& name, const std::vector<std::string>& values) {
  const auto& first = values.at(0);
  if (among(whole, name))
    return number<std::int64_t>(first, "int");
  if (among(real, name))
    return number<double>(first, "float");
  if (name == "use_mmap") {
    if (first != "true" && first != "false")
      throw failure("invalid bool value [" + first + "]");
    return first == "true";
  }
  if (name == "stop")
    return values;
  throw failure("unknown parameter '" + name + "'");
}

std::string parameters_text(const std::string& of_model, const json& set) {
  std::string out = "Model defined parameters:\n";
  if (of_model.empty())
    out += "  No additional parameters were specified for this model.\n";
  for (std::string_view rest = of_model; !rest.empty();) {
    auto end = std::min(rest.find('\n'), rest.size());
    out.append("  ").append(rest.substr(0, end)).append("\n");
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  out += "\n";
  if (set.empty())
    return out;
  out += "User defined parameters:\n";
  for (const auto& [name, value] : set.items()) {
    std::string text;
    for (const auto& one : value.is_array() ? value : json::array())
      text.append(text.empty() ? "" : " ").append(one.get<std::string>());
    auto width = std::max<std::size_t>(30, name.size());
    out.append("  ").append(name).append(width - name.size() + 1, ' ');
    if (value.is_array())
      out.append("[").append(text).append("]\n");
    else
      out.append(value.dump()).append("\n");
  }
  return out + "\n";
}

} // namespace conductor::cli

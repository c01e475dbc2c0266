#include "adapters/cli/human.hpp"
#include "adapters/cli/record.hpp"
#include "adapters/cli/show.hpp"
#include "adapters/cli/table.hpp"
#include "adapters/cli/text_width.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <charconv>
#include <sstream>

namespace conductor::cli {

namespace {

using nlohmann::json;
using rows = std::vector<row>;

constexpr std::size_t prose_width = 100;

std::string section(const char* title, const rows& content, std::size_t limit = 30) {
  return std::string("  ") + title + "\n" + table(content, limit) + "\n";
}

// A number as Go prints a float64 with %g: the fewest digits that are exact.
std::string general(double value) {
  std::array<char, 400> space{};
  auto* end = space.data() + space.size();
  auto print = [&](std::chars_format format) {
    return std::string(space.data(), std::to_chars(space.data(), end, value, format).ptr);
  };
  auto text = print(std::chars_format::scientific);
  auto exponent = std::stoi(text.substr(text.find('e') + 1));
  return exponent < -4 || exponent >= 6 ? text : print(std::chars_format::fixed);
}

std::string whole(double value) {
  return fixed(value, 0);
}

void add_number(rows& to, const char* label, const json& from, const std::string& key) {
  auto at = from.find(key);
  if (at != from.end() && at->is_number())
    to.push_back({"", label, whole(at->get<double>())});
}

rows model_rows(const json& shown) {
  rows out;
  if (auto host = text_of(shown, "remote_host"); !host.empty()) {
    out.push_back({"", "Remote model", text_of(shown, "remote_model")});
    out.push_back({"", "Remote URL", host});
  }
  const auto& details = list_of(shown, "details");
  auto size = details.is_object() ? text_of(details, "parameter_size") : "";
  if (const auto& info = list_of(shown, "model_info"); info.is_object()) {
    auto arch = text_of(info, "general.architecture");
    if (!arch.empty())
      out.push_back({"", "architecture", arch});
    auto count = number_of(info, "general.parameter_count");
    if (size.empty() && count > 0)
      size = human_number(static_cast<std::uint64_t>(count));
    if (!size.empty())
      out.push_back({"", "parameters", size});
    add_number(out, "context length", info, arch + ".context_length");
    add_number(out, "embedding length", info, arch + ".embedding_length");
  } else if (details.is_object()) {
    out.push_back({"", "architecture", text_of(details, "family")});
    out.push_back({"", "parameters", size});
  }
  if (details.is_object())
    out.push_back({"", "quantization", text_of(details, "quantization_level")});
  if (auto needs = text_of(shown, "requires"); !needs.empty())
    out.push_back({"", "requires", needs});
  return out;
}

rows projector_rows(const json& info) {
  rows out;
  auto arch = text_of(info, "general.architecture");
  if (!arch.empty())
    out.push_back({"", "architecture", arch});
  if (auto n = number_of(info, "general.parameter_count"); n > 0)
    out.push_back({"", "parameters", human_number(static_cast<std::uint64_t>(n))});
  for (const auto& [label, suffix] : {std::pair{"embedding length", ".embedding_length"},
                                      std::pair{"dimensions", ".projection_dim"}}) {
    auto kind = info.contains(arch + ".vision" + suffix) ? ".vision" : ".audio";
    add_number(out, label, info, arch + kind + suffix);
  }
  return out;
}

rows parameter_rows(const std::string& text) {
  rows out;
  std::istringstream lines(text);
  for (std::string line, field; std::getline(lines, line);) {
    row fields{""};
    for (std::istringstream in(line); in >> field;)
      fields.push_back(field);
    if (!line.empty())
      out.push_back(std::move(fields));
  }
  return out;
}

// The first two lines that say something.
rows head_rows(const std::string& text) {
  rows out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    auto first = line.find_first_not_of(" \t\r");
    if (first == line.npos)
      continue;
    auto last = line.find_last_not_of(" \t\r");
    out.push_back({"", out.size() == 2 ? "..." : line.substr(first, last - first + 1)});
    if (out.size() == 3)
      break;
  }
  return out;
}

std::string value_text(const json& value) {
  if (value.is_string())
    return value.get<std::string>();
  if (value.is_number())
    return general(value.get<double>());
  if (!value.is_array())
    return value.is_null() ? "<nil>" : value.dump();
  std::string text = "[";
  std::size_t width = 1, shown = 0;
  for (const auto& item : value) {
    auto item_text = value_text(item);
    width += text_width(item_text) + (shown > 0 ? 2 : 0);
    if (width > 10 && shown > 0)
      break;
    text += (shown++ > 0 ? " " : "") + item_text;
  }
  if (shown < value.size())
    text += " ...+" + std::to_string(value.size() - shown) + " more";
  return text + "]";
}

} // namespace

std::string show_sections(const json& shown, bool verbose) {
  auto out = section("Model", model_rows(shown));
  rows able;
  for (const auto& capability : list_of(shown, "capabilities"))
    if (capability.is_string())
      able.push_back({"", capability.get<std::string>()});
  if (!able.empty())
    out += section("Capabilities", able);
  if (const auto& info = list_of(shown, "projector_info"); info.is_object())
    out += section("Projector", projector_rows(info));
  if (auto text = text_of(shown, "parameters"); !text.empty())
    out += section("Parameters", parameter_rows(text));
  if (const auto& info = list_of(shown, "model_info"); verbose && info.is_object()) {
    rows metadata;
    for (const auto& [key, value] : info.items())
      metadata.push_back({"", key, value_text(value)});
    out += section("Metadata", metadata);
  }
  rows tensors;
  for (const auto& tensor : list_of(shown, "tensors")) {
    std::string shape;
    for (const auto& n : list_of(tensor, "shape"))
      shape.append(shape.empty() ? "" : " ").append(n.dump());
    tensors.push_back(
        {"", text_of(tensor, "name"), text_of(tensor, "type"), "[" + shape + "]"});
  }
  if (verbose && !tensors.empty())
    out += section("Tensors", tensors);
  if (auto text = text_of(shown, "system"); !text.empty())
    out += section("System", head_rows(text), prose_width);
  if (auto text = text_of(shown, "license"); !text.empty())
    out += section("License", head_rows(text), prose_width);
  return out;
}

} // namespace conductor::cli

#include "adapters/gpu/sysfs_files.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace conductor::sysfs {
namespace {

std::vector<std::string> lines_in(const std::string& file) {
  std::vector<std::string> lines;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  return lines;
}

std::optional<std::uint64_t> number_of(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  const bool hex = text.starts_with("0x");
  text.remove_prefix(hex ? 2 : 0);
  std::uint64_t number = 0;
  const auto [end, failure] =
      std::from_chars(text.data(), text.data() + text.size(), number, hex ? 16 : 10);
  if (failure != std::errc{} || end == text.data())
    return std::nullopt;
  return number;
}

/// What stands behind `key` at the beginning of a line.
std::optional<std::string> behind(const std::string& file, const std::string& key) {
  for (const auto& line : lines_in(file))
    if (line.starts_with(key))
      return line.substr(key.size());
  return std::nullopt;
}

} // namespace

std::string text_in(const std::string& file) {
  const auto lines = lines_in(file);
  return lines.empty() ? std::string{} : lines.front();
}

std::optional<std::uint64_t> number_in(const std::string& file) {
  return number_of(text_in(file));
}

std::string value_in(const std::string& file, std::string_view key) {
  return behind(file, std::string{key} + "=").value_or("");
}

std::optional<std::uint64_t> count_in(const std::string& file, std::string_view key) {
  const auto text = behind(file, std::string{key} + ":");
  return text ? number_of(*text) : std::nullopt;
}

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code none;
  std::filesystem::directory_iterator at{folder, none};
  for (; !none && at != decltype(at){}; at.increment(none))
    names.push_back(at->path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

} // namespace conductor::sysfs

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Files of one value each, as the kernel has them in /sys. Reading may block.
namespace conductor::sysfs {

/// The first line; empty: there is no such file, or it cannot be read now.
std::string text_in(const std::string& file);
/// A number, decimal or behind 0x.
std::optional<std::uint64_t> number_in(const std::string& file);
/// The value behind `KEY=` in a file of such lines; empty: there is none.
std::string value_in(const std::string& file, std::string_view key);
/// The number behind `KEY:` likewise.
std::optional<std::uint64_t> count_in(const std::string& file, std::string_view key);
/// Names of what is in a folder, sorted.
std::vector<std::string> names_in(const std::string& folder);

} // namespace conductor::sysfs

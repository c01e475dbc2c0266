#include "config/credential.hpp"

#include "config/value.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>

namespace conductor {
namespace {

constexpr std::string_view mark = "credential:";

} // namespace

bool is_credential(const std::string& setting) {
  return setting.starts_with(mark);
}

std::string credential_path(const std::string& setting) {
  return credential_path(setting, std::getenv("CREDENTIALS_DIRECTORY"));
}

std::string credential_path(const std::string& setting, const char* directory) {
  if (!is_credential(setting))
    return setting;
  const auto name = setting.substr(mark.size());
  if (name.empty() || name.find('/') != std::string::npos || name == "..")
    throw std::invalid_argument(quoted(setting) +
                                " names no credential; allowed: credential:NAME");
  if (directory == nullptr || *directory == '\0')
    throw std::invalid_argument(quoted(setting) +
                                " needs systemd's LoadCredential=, and "
                                "CREDENTIALS_DIRECTORY is not set; allowed: a path");
  return std::string{directory} + "/" + name;
}

std::string read_token(const std::string& file) {
  std::ifstream in{file, std::ios::binary};
  if (!in)
    throw std::runtime_error("cannot read " + file + ": " + std::strerror(errno));
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  const auto blank = [](unsigned char c) { return c <= ' '; };
  text.erase(std::find_if_not(text.rbegin(), text.rend(), blank).base(), text.end());
  text.erase(text.begin(), std::find_if_not(text.begin(), text.end(), blank));
  const auto odd = [](unsigned char c) { return c <= ' ' || c >= 0x7f; };
  if (text.empty() || text.size() > 4096 || std::any_of(text.begin(), text.end(), odd))
    throw std::runtime_error(file + " holds no token; allowed: one word of ASCII");
  return text;
}

} // namespace conductor

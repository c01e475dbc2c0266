#include "adapters/cli/prompt/history_file.hpp"

#include "adapters/cli/node.hpp"
#include "adapters/cli/terminal.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string_view>
#include <system_error>

namespace conductor::cli {

namespace {

// Whether all of `text` was written to a file that is opened with `flags`.
bool written(const std::string& path, int flags, const std::string& text) {
  int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);
  if (file < 0)
    return false;
  auto error = write_all(file, text);
  ::close(file);
  return error == 0;
}

} // namespace

std::string history_line(const std::string& entry) {
  std::string line;
  for (char c : entry)
    if (c == '\\')
      line += "\\\\";
    else if (c == '\n')
      line += "\\n";
    else
      line += c;
  return line;
}

std::string history_entry(const std::string& line) {
  std::string entry;
  for (std::size_t i = 0; i < line.size(); ++i)
    if (line[i] == '\\' && i + 1 < line.size())
      entry += line[++i] == 'n' ? '\n' : line[i];
    else
      entry += line[i];
  return entry;
}

std::vector<std::string> history_file::read() const {
  std::string all;
  if (!path_.empty())
    try {
      all = read_file(path_);
    } catch (const std::system_error&) {
      return {};
    }
  std::vector<std::string> lines;
  std::string_view rest = all;
  while (!rest.empty()) {
    auto end = std::min(rest.find('\n'), rest.size());
    if (end > 0)
      lines.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  bool grown = lines.size() > 10 * most;
  if (lines.size() > most)
    lines.erase(lines.begin(), lines.end() - most);
  if (grown) {
    std::string kept;
    for (const auto& line : lines)
      kept += line + "\n";
    auto fresh = path_ + ".new";
    if (written(fresh, O_TRUNC, kept))
      ::rename(fresh.c_str(), path_.c_str());
  }
  for (auto& line : lines)
    line = history_entry(line);
  return lines;
}

void history_file::add(const std::string& entry) const {
  if (!path_.empty())
    written(path_, O_APPEND, history_line(entry) + "\n"); // one write: entries stay whole
}

std::string history_path() {
  auto state = environment("XDG_STATE_HOME");
  if (state.empty() && !environment("HOME").empty())
    state = environment("HOME") + "/.local/state";
  if (state.empty())
    return {};
  auto folder = state + "/conductor";
  for (auto end = folder.find('/', 1);; end = folder.find('/', end + 1)) {
    ::mkdir(folder.substr(0, end).c_str(), 0700);
    if (end == std::string::npos)
      return folder + "/history";
  }
}

} // namespace conductor::cli

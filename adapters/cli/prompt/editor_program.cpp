#include "adapters/cli/prompt/editor_program.hpp"

#include "adapters/cli/failure.hpp"
#include "adapters/cli/node.hpp"
#include "adapters/cli/terminal.hpp"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <system_error>

namespace conductor::cli {

namespace {

// A file of a name that nobody else has, removed at the end.
class draft {
public:
  explicit draft(const std::string& text) {
    auto folder = environment("TMPDIR");
    path_ = (folder.empty() ? "/tmp" : folder) + "/conductor-XXXXXX.txt";
    int file = ::mkstemps(path_.data(), 4);
    if (file < 0)
      throw failure("cannot write " + path_);
    write_all(file, text);
    ::close(file);
  }
  ~draft() { ::unlink(path_.c_str()); }
  draft(const draft&) = delete;
  draft& operator=(const draft&) = delete;
  const std::string& path() const { return path_; }

private:
  std::string path_;
};

std::string program() {
  for (const auto* name : {"OLLAMA_EDITOR", "VISUAL", "EDITOR"})
    if (auto value = environment(name); !value.empty())
      return value;
  return "vi";
}

} // namespace

std::string edited(const std::string& text, const std::function<int(int)>& wait) {
  draft file(text);
  // A shell, because such a variable may hold arguments; its words are the person's own.
  std::string script = program() + " \"$1\"", path = file.path();
  std::string shell = "/bin/sh", flag = "-c", name = "editor";
  char* words[] = {shell.data(), flag.data(), script.data(),
                   name.data(),  path.data(), nullptr};
  pid_t child = 0;
  if (auto error =
          ::posix_spawnp(&child, shell.c_str(), nullptr, nullptr, words, environ))
    throw failure("cannot start an editor: " + std::generic_category().message(error));
  auto status = wait(child);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    throw failure("the editor '" + program() + "' failed; OLLAMA_EDITOR names another");
  auto changed = read_file(file.path());
  while (!changed.empty() && changed.back() == '\n')
    changed.pop_back();
  return changed;
}

} // namespace conductor::cli

#include "adapters/cli/completion.hpp"

namespace conductor::cli {

namespace {

/// fish knows two escapes inside single quotes.
std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\')
      out += '\\';
    out += c;
  }
  return out + "'";
}

std::string line_of(const std::string& condition, const std::string& rest) {
  return "complete -c conductor -n " + quoted(condition) + " " + rest + "\n";
}

std::string option_of(const tree_option& option) {
  std::string text;
  for (const auto& name : option.names)
    text +=
        (name.starts_with("--") ? "-l " + name.substr(2) : "-s " + name.substr(1)) + " ";
  return text + (option.value.empty() ? "" : "-r ") + "-d " + quoted(option.about);
}

constexpr auto beginning =
    R"(# fish completion of conductor; made by: conductor completion fish

# Whether the words before the cursor that are no options begin with these, and whether the
# next one is still to come.
function __conductor_at
    set -l words (string match -v -- '-*' (commandline -opc))[2..]
    set -l n (count $argv)
    test $n -eq 0; or test "$words[1..$n]" = "$argv"
end
function __conductor_next
    set -l words (string match -v -- '-*' (commandline -opc))[2..]
    test (count $words) -eq (count $argv); and __conductor_at $argv
end
function __conductor_models
    conductor list 2>/dev/null | sed '1d; s/ .*//'
end

)";

} // namespace

std::string fish_completion(const tree_command& program) {
  std::string text = beginning;
  each_command(
      program, [&](const std::vector<std::string>& path, const tree_command& command) {
        const auto here = joined(path, " ");
        const auto space = here.empty() ? "" : " ";
        for (const auto& option : command.options)
          text += line_of((path.empty() ? "__conductor_next" : "__conductor_at") +
                              std::string{space} + here,
                          option_of(option));
        for (const auto& inner : command.commands)
          for (const auto& name : inner.names())
            text += line_of("__conductor_next" + std::string{space} + here,
                            "-f -a " + name + " -d " + quoted(inner.about));
        if (takes_models(command))
          text += line_of("__conductor_at" + std::string{space} + here,
                          "-f -a '(__conductor_models)'");
      });
  return text;
}

} // namespace conductor::cli

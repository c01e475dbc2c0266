#include "adapters/cli/completion.hpp"

namespace conductor::cli {

namespace {

/// For the brackets and colons of `_arguments` and `_describe`.
std::string escaped(std::string_view text, std::string_view special) {
  std::string out;
  for (const char c : text) {
    if (special.find(c) != special.npos)
      out += '\\';
    out += c;
  }
  return out;
}

std::string function_of(const std::vector<std::string>& path) {
  std::string name = "_conductor";
  for (const auto& word : path)
    name += "_" + word;
  return name;
}

/// One `_arguments` line for each name of an option: any number of them, with a value or
/// without.
std::string lines_of(const tree_option& option) {
  std::string text;
  for (const auto& name : option.names) {
    auto spec = "*" + name + "[" + escaped(option.about, "[]:\\") + "]";
    if (!option.value.empty())
      spec += ":" + escaped(option.value, ":\\") + ":_files";
    text += "    " + single_quoted(spec) + " \\\n";
  }
  return text;
}

std::string commands_of(const std::string& function, const tree_command& command) {
  std::string text = "    '1: :->command' '*:: :->rest'\n  case $state in\n  command)\n"
                     "    local -a commands=(\n";
  std::string calls;
  for (const auto& inner : command.commands) {
    for (const auto& name : inner.names())
      text += "      " + single_quoted(name + ":" + escaped(inner.about, ":\\")) + "\n";
    calls += "    " + joined(inner.names(), "|") + ") " + function + "_" + inner.name +
             " ;;\n";
  }
  return text +
         "    )\n    _describe command commands ;;\n  rest)\n    case $words[1] in\n" +
         calls + "    esac ;;\n  esac\n";
}

} // namespace

std::string zsh_completion(const tree_command& program) {
  std::string text =
      "#compdef conductor\n# zsh completion of conductor; made by: conductor completion "
      "zsh\n\n_conductor_models() {\n  local -a models=(${(f)\"$(conductor list "
      "2>/dev/null | sed '1d; s/ .*//')\"})\n  compadd -a models\n}\n";
  each_command(program,
               [&](const std::vector<std::string>& path, const tree_command& command) {
                 const auto function = function_of(path);
                 text += "\n" + function +
                         "() {\n  local curcontext=$curcontext state line\n"
                         "  _arguments -C \\\n";
                 for (const auto& option : command.options)
                   text += lines_of(option);
                 if (!command.commands.empty())
                   text += commands_of(function, command);
                 else
                   text += takes_models(command) ? "    '*:model:_conductor_models'\n"
                                                 : "    '*:file:_files'\n";
                 text += "}\n";
               });
  return text + "\n_conductor \"$@\"\n";
}

} // namespace conductor::cli

#include "adapters/cli/completion.hpp"

#include <algorithm>

namespace conductor::cli {

namespace {

using words = std::vector<std::string>;

void walk(words& path, const tree_command& command,
          const std::function<void(const words&, const tree_command&)>& f) {
  f(path, command);
  for (const auto& inner : command.commands) {
    path.push_back(inner.name);
    walk(path, inner, f);
    path.pop_back();
  }
}

/// The `case` pattern of a command: whatever aliases were typed.
std::string pattern_of(const tree_command& program, const words& path) {
  words all{""};
  const auto* at = &program;
  for (const auto& word : path) {
    at = &*std::find_if(at->commands.begin(), at->commands.end(),
                        [&](const auto& c) { return c.name == word; });
    words longer;
    for (const auto& before : all)
      for (const auto& name : at->names())
        longer.push_back(before + (before.empty() ? "" : " ") + name);
    all = std::move(longer);
  }
  for (auto& one : all)
    one = single_quoted(one);
  return joined(all, "|");
}

constexpr auto bash_end = R"bash(    *) return 1 ;;
  esac
}

_conductor() {
  local cur words cword
  if declare -F _get_comp_words_by_ref >/dev/null; then
    _get_comp_words_by_ref -n : cur words cword
  else
    cur=${COMP_WORDS[COMP_CWORD]} words=("${COMP_WORDS[@]}") cword=$COMP_CWORD
  fi
  COMPREPLY=()
  local path= commands options valued takes i word
  _conductor_table ''
  for ((i = 1; i < cword; i++)); do
    word=${words[i]}
    if [[ " $valued " == *" $word "* ]]; then
      ((i++)) # its value
    elif [[ " $commands " == *" $word "* ]]; then
      path+=${path:+ }$word
      _conductor_table "$path"
    fi
  done
  if ((i > cword)); then # a value is being typed
    COMPREPLY=($(compgen -f -- "$cur"))
  elif [[ $cur == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$cur"))
  elif [[ -n $commands ]]; then
    COMPREPLY=($(compgen -W "$commands" -- "$cur"))
  elif [[ $takes == models ]]; then
    COMPREPLY=($(compgen -W "$(conductor list 2>/dev/null | sed '1d; s/ .*//')" -- "$cur"))
    if declare -F __ltrim_colon_completions >/dev/null; then
      __ltrim_colon_completions "$cur"
    fi
  else
    COMPREPLY=($(compgen -f -- "$cur"))
  fi
}
complete -o filenames -F _conductor conductor
)bash";

} // namespace

void each_command(const tree_command& program,
                  const std::function<void(const words&, const tree_command&)>& f) {
  words path;
  walk(path, program, f);
}

std::string single_quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text)
    quoted += c == '\'' ? std::string{"'\\''"} : std::string{c};
  return quoted + "'";
}

std::string joined(const words& all, std::string_view between) {
  std::string text;
  for (const auto& word : all)
    text += (text.empty() ? "" : std::string{between}) + word;
  return text;
}

bool takes_models(const tree_command& command) {
  return std::any_of(command.arguments.begin(), command.arguments.end(),
                     [](const auto& a) { return a.name == "model"; });
}

std::string bash_completion(const tree_command& program) {
  std::string text =
      "# bash completion of conductor; made by: conductor completion bash\n"
      "\n_conductor_table() {\n  case $1 in\n";
  each_command(program, [&](const words& path, const tree_command& command) {
    words commands, options, valued;
    for (const auto& inner : command.commands)
      for (const auto& name : inner.names())
        commands.push_back(name);
    for (const auto& o : command.options)
      for (const auto& name : o.names) {
        options.push_back(name);
        if (!o.value.empty())
          valued.push_back(name);
      }
    text += "    " + pattern_of(program, path) +
            ")\n      commands=" + single_quoted(joined(commands, " ")) +
            "\n      options=" + single_quoted(joined(options, " ")) +
            "\n      valued=" + single_quoted(joined(valued, " ")) +
            "\n      takes=" + (takes_models(command) ? "models" : "files") + " ;;\n";
  });
  return text + bash_end;
}

} // namespace conductor::cli

#include "adapters/cli/shell.hpp"

namespace conductor::cli {

namespace {

// bash and zsh. `status` and `path` are zsh's own names.
constexpr auto head = R"sh(# ask: to be read by a shell's start-up file, as in
#   eval "$(conductor shell bash)"
#   export CONDUCTOR_MODEL=llama3.2
#   make |& ask why does this fail     the command's output, and the question
#   ask why did this fail              the last command, its status, in tmux also the screen
ask() {
  local code=$? last
  if [[ -z ${CONDUCTOR_MODEL-} ]]; then
    echo 'ask: set CONDUCTOR_MODEL to the model to ask' >&2
    return 2
  fi
  if [[ ! -t 0 ]]; then
    command conductor run "$CONDUCTOR_MODEL" "${*:-What does this mean?}"
    return
  fi
)sh";

constexpr auto bash_last = R"sh(  last=$(fc -ln -1 2>/dev/null)
  # The line that calls ask is in the history already, unless it is kept out.
  [[ $last =~ ^[[:space:]]*ask([[:space:]]|$) ]] && last=$(fc -ln -2 -2 2>/dev/null)
  last=${last#"${last%%[![:space:]]*}"}
)sh";

constexpr auto zsh_last = R"sh(  last=$(fc -ln -1 2>/dev/null)
)sh";

constexpr auto tail = R"sh(  {
    printf 'The shell command `%s` ended with status %s.\n' "$last" "$code"
    if [[ -n ${TMUX-} ]]; then
      printf 'The end of the terminal:\n'
      # Without the empty rows below the prompt.
      tmux capture-pane -p -J -S -100 -t "${TMUX_PANE-}" |
        awk 'NF { for (; empty; empty--) print ""; print; next } { empty++ }'
    else
      printf 'What it printed is not known.\n'
      echo 'ask: the output is not known outside tmux; COMMAND |& ask QUESTION gives it' >&2
    fi
  } | command conductor run "$CONDUCTOR_MODEL" "${*:-What went wrong, and what helps?}"
}
)sh";

constexpr auto fish = R"fish(# ask: to be read by fish's start-up file, as in
#   conductor shell fish | source
#   set -gx CONDUCTOR_MODEL llama3.2
#   make &| ask why does this fail     the command's output, and the question
#   ask why did this fail              the last command, its status, in tmux also the screen
function ask --description 'Ask a model about a command'
  set -l code $status
  if test -z "$CONDUCTOR_MODEL"
    echo 'ask: set CONDUCTOR_MODEL to the model to ask' >&2
    return 2
  end
  set -l question (string join ' ' -- $argv)
  if not isatty stdin
    test -n "$question"; or set question 'What does this mean?'
    command conductor run $CONDUCTOR_MODEL $question
    return
  end
  test -n "$question"; or set question 'What went wrong, and what helps?'
  set -l last $history[1]
  # Some versions have the line that calls ask in the history already.
  string match -qr '^\s*ask(\s|$)' -- "$last"; and set last $history[2]
  begin
    printf 'The shell command `%s` ended with status %s.\n' "$last" $code
    if test -n "$TMUX"
      printf 'The end of the terminal:\n'
      # Without the empty rows below the prompt.
      tmux capture-pane -p -J -S -100 -t "$TMUX_PANE" |
        awk 'NF { for (; empty; empty--) print ""; print; next } { empty++ }'
    else
      printf 'What it printed is not known.\n'
      echo 'ask: the output is not known outside tmux; COMMAND &| ask QUESTION gives it' >&2
    end
  end | command conductor run $CONDUCTOR_MODEL $question
end
)fish";

} // namespace

std::string shell_functions(const std::string& shell) {
  if (shell == "fish")
    return fish;
  return std::string(head) + (shell == "zsh" ? zsh_last : bash_last) + tail;
}

} // namespace conductor::cli

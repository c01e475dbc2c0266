#include "adapters/cli/man_page.hpp"

#include "adapters/cli/completion.hpp"
#include "adapters/cli/version.hpp"

#include <algorithm>
#include <string_view>

namespace conductor::cli {

namespace {

/// Text as roff takes it literally: no dash becomes a hyphen, no line a request.
std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (c == '-')
      out += "\\-";
    else if (c == '\\')
      out += "\\e";
    else
      out += c;
  return out.starts_with('.') || out.starts_with('\'') ? "\\&" + out : out;
}

std::string in_capitals(std::string_view name) {
  std::string text{name};
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

std::string words_of(const tree_command& command) {
  std::string text;
  for (const auto& a : command.arguments) {
    const auto word = in_capitals(a.name) + (a.many ? "..." : "");
    text += " " + (a.needed ? word : "[" + word + "]");
  }
  return text;
}

std::string paragraph(const std::string& head, const std::string& about) {
  return ".TP\n" + head + "\n" + roff(about) + ".\n";
}

std::string option_head(const tree_option& option) {
  std::string head;
  for (const auto& name : option.names)
    head += (head.empty() ? "\\fB" : ", \\fB") + roff(name) + "\\fR";
  return head + (option.value.empty() ? "" : " \\fI" + roff(option.value) + "\\fR");
}

/// The option that every command has is told once.
bool is_help(const tree_option& option) {
  return option.names.back() == "--help";
}

std::string command_part(const std::vector<std::string>& path,
                         const tree_command& command) {
  auto text = ".SS conductor " + roff(joined(path, " ") + words_of(command)) + "\n" +
              roff(command.about) + ".\n";
  if (!command.aliases.empty())
    text += "Also called " + roff(joined(command.aliases, ", ")) + ".\n";
  for (const auto& a : command.arguments)
    text += paragraph("\\fI" + roff(in_capitals(a.name)) + "\\fR", a.about);
  for (const auto& o : command.options)
    if (!is_help(o))
      text += paragraph(option_head(o), o.about);
  return text;
}

constexpr auto ending = R"(.SH SIGNALS
Of
.BR "conductor serve" :
.TP
.BR SIGTERM ", " SIGINT
Stop accepting, let answers in flight end for at most
.BR server.drain ,
then end. A second one does not wait.
.TP
.B SIGHUP
Read the backends of the configuration anew.
.TP
.B SIGUSR2
Start the program that is on the disk now, give it the listening sockets, and end as at
SIGTERM once it serves. No connection is refused.
.SH ENVIRONMENT
.TP
.B CONDUCTOR_HOST
Where the client's commands find the node: URL, host:port or unix:/path.
.TP
.B CONDUCTOR_CONFIG
The configuration file of
.BR "conductor serve" .
.TP
.B CONDUCTOR_BACKENDS
Its backends, as in name=url,name=url.
.TP
.BI CONDUCTOR_ SECTION _ KEY
A key of the configuration, as in CONDUCTOR_SERVER_DRAIN.
.TP
.B OLLAMA_HOST
The backend where none is configured.
.TP
.BR LISTEN_FDS ", " LISTEN_FDNAMES
Sockets that are listened on in place of the configured addresses, as in
.BR sd_listen_fds (3);
one named admin is for probes and metrics.
.TP
.B NOTIFY_SOCKET
Where the node tells that it serves, lives and ends, as in
.BR sd_notify (3).
.SH FILES
.TP
.I /etc/conductor/conductor.toml
The configuration of the packaged service.
.TP
.I ~/.config/conductor/conductor.toml
That of a node which a user starts.
.TP
.I /var/lib/conductor/conductor.db
The conversations of the packaged service.
.SH EXIT STATUS
0: done. 1: error. 2: wrong usage. 130: interrupted.
.SH SEE ALSO
.BR systemctl (1)
)";

} // namespace

std::string man_page(const tree_command& program) {
  std::string text =
      ".\\\" Made by: conductor man\n.TH CONDUCTOR 1 \"\" \"conductor " +
      std::string{version} + "\" \"User Commands\"\n.SH NAME\nconductor " +
      "\\- a node between people and their Ollama servers\n.SH SYNOPSIS\n"
      ".B conductor\n.I COMMAND\n.RI [ OPTION \"...]\"\n.SH DESCRIPTION\n" +
      "Conductor stands between people's programs and one or more Ollama "
      "servers.\nEvery command takes\n.BR \\-h \" or \" \\-\\-help .\n"
      ".SH COMMANDS\n";
  each_command(program,
               [&](const std::vector<std::string>& path, const tree_command& command) {
                 if (!path.empty())
                   text += command_part(path, command);
               });
  return text + ending;
}

} // namespace conductor::cli

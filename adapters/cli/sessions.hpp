#pragma once

#include <optional>
#include <string>
#include <vector>

namespace conductor::cli {

/// What a `conductor sessions` command was told.
struct session_options {
  std::string host;
  std::string session;                  ///< id, beginning of the id, or title
  std::vector<std::string> sessions;    ///< of rm
  std::string title;                    ///< of rename
  std::optional<std::string> new_title; ///< of fork
  std::optional<int> message;           ///< of fork: the last one that is copied
  std::string model;                    ///< of ls
  std::string text;                     ///< of ls: part of the title
  int limit = 50;                       ///< of ls
  std::string file;                     ///< of export, import and backup
  bool markdown = false;
  bool force = false;
  bool raw = false; ///< JSON
};

/// Each asks the node and prints. They return the exit code and throw failure.
int list_sessions(const session_options& options);
int show_session(const session_options& options);
int remove_sessions(const session_options& options); ///< all of them or, not found, none
int rename_session(const session_options& options);
int fork_session(const session_options& options);
int export_session(const session_options& options);
int import_session(const session_options& options);
int back_up(const session_options& options);

} // namespace conductor::cli

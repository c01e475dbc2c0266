#pragma once

#include <string>

namespace conductor {

/// The file that a setting means: a path as it is; `credential:NAME` is that file of
/// `directory`, where systemd puts what LoadCredential= and SetCredential= name
/// (CREDENTIALS_DIRECTORY). Throws std::invalid_argument where there is none.
std::string credential_path(const std::string& setting, const char* directory);

/// A file's one line, without blanks around it: a token. Throws std::runtime_error that
/// names the file, not what is in it.
std::string read_token(const std::string& file);

} // namespace conductor

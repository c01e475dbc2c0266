#pragma once

#include <string>

namespace conductor {

/// The file that a setting means: a path as it is; `credential:NAME` is that file of
/// `directory`, where systemd puts what LoadCredential= and SetCredential= name
/// (CREDENTIALS_DIRECTORY). Throws std::invalid_argument where there is none.
std::string credential_path(const std::string& setting, const char* directory);

/// The same with this process's CREDENTIALS_DIRECTORY.
std::string credential_path(const std::string& setting);
/// It is such a name, not a path.
bool is_credential(const std::string& setting);

/// A file's one line, without blanks around it: a token. Throws std::runtime_error that
/// names the file, not what is in it.
std::string read_token(const std::string& file);

} // namespace conductor

#include "config/source.hpp"

#include <fstream>
#include <sstream>

extern char** environ;

namespace conductor {

std::map<std::string, std::string> process_environment() {
  std::map<std::string, std::string> all;
  for (char** e = environ; *e != nullptr; ++e) {
    const std::string entry{*e};
    const auto equals = entry.find('=');
    if (equals != std::string::npos)
      all[entry.substr(0, equals)] = entry.substr(equals + 1);
  }
  return all;
}

config_source find_config(const std::string& flag) {
  const auto variables = process_environment();
  const auto named = variables.find("CONDUCTOR_CONFIG");
  if (!flag.empty())
    return {flag, true};
  if (named != variables.end() && !named->second.empty())
    return {named->second, true};
  return {default_config_file(variables), false};
}

config_inputs read_config(const config_source& from) {
  config_inputs inputs;
  inputs.environment = process_environment();
  if (from.file.empty())
    return inputs;
  std::ifstream in{from.file};
  std::ostringstream text;
  text << in.rdbuf();
  if (in.good() || in.eof()) {
    inputs.file_name = from.file;
    inputs.file_text = text.str();
  } else if (from.named) {
    throw config_error(from.file, "", "the file cannot be read");
  }
  return inputs;
}

} // namespace conductor

#include "config/load.hpp"

#include <algorithm>

namespace conductor {

std::string show_config(const loaded_config& config) {
  std::string text;
  std::string section;
  for (const auto& e : config.entries) {
    const auto dot = e.key.find('.');
    const auto in = e.key.substr(0, dot);
    const bool repeats = in == "backend" || in == "model";
    if (repeats ? e.key == in + ".name" : in != section) {
      text += (text.empty() ? "" : "\n");
      text += repeats ? "[[" + in + "]]\n" : "[" + in + "]\n";
      section = in;
    }
    auto line = e.key.substr(dot + 1) + " = " + e.value;
    line.resize(std::max<std::size_t>(line.size() + 2, 44), ' ');
    text += line + "# " + e.origin + "\n";
  }
  return text;
}

} // namespace conductor

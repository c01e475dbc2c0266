#include "adapters/cli/command_tree.hpp"

#include <CLI/CLI.hpp>

namespace conductor::cli {

namespace {

void add_options(tree_command& command, const CLI::App& app) {
  for (const auto* option : app.get_options()) {
    if (option->get_positional()) {
      tree_argument a{option->get_name(true), option->get_description(),
                      option->get_required(), option->get_expected_max() > 1};
      command.arguments.push_back(std::move(a));
      continue;
    }
    tree_option o;
    for (const auto& name : option->get_snames())
      o.names.push_back("-" + name);
    for (const auto& name : option->get_lnames())
      o.names.push_back("--" + name);
    if (option->get_items_expected_max() > 0)
      o.value = option->get_type_name();
    o.about = option->get_description();
    command.options.push_back(std::move(o));
  }
}

} // namespace

std::vector<std::string> tree_command::names() const {
  std::vector<std::string> all{name};
  all.insert(all.end(), aliases.begin(), aliases.end());
  return all;
}

tree_command tree_of(const CLI::App& app) {
  tree_command command;
  command.name = app.get_name();
  command.aliases = app.get_aliases();
  command.about = app.get_description();
  add_options(command, app);
  const auto all = [](const CLI::App*) { return true; };
  for (const auto* part : app.get_subcommands(all)) {
    if (part->get_name().empty()) // a group of options
      add_options(command, *part);
    else
      command.commands.push_back(tree_of(*part));
  }
  return command;
}

} // namespace conductor::cli

#include "adapters/cli/command_parts.hpp"

#include "adapters/cli/failure.hpp"
#include "adapters/cli/terminal.hpp"
#include "adapters/cli/visible_text.hpp"

#include <CLI/CLI.hpp>

#include <exception>

namespace conductor::cli {

int guarded(const std::function<int()>& command) {
  try {
    return command();
  } catch (const interruption& i) {
    leave_terminal();
    return i.code;
  } catch (const failure& f) {
    if (*f.what() != 0)
      write_error("Error: " + visible_on(surface_of(2), f.what()) + "\n");
    return f.code;
  } catch (const std::exception& e) {
    write_error("Error: " + std::string(e.what()) + "\n");
    return exit_error;
  }
}

void add_host(CLI::App* command, std::string& host) {
  command->add_option("--host", host,
                      "Where the node is: URL, host:port or unix:/path (CONDUCTOR_HOST)");
}

void add_repeated(CLI::App* command, const std::string& name,
                  std::vector<std::string>& values, const std::string& about) {
  command->add_option(name, values, about)
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

CLI::Option* add_words(CLI::App* command, const std::string& name,
                       std::vector<std::string>& words, const std::string& about) {
  // CLI11 would take `[a,b]` for a list of two, unless the option takes no extra
  // arguments; so it is one that asks for more words than can come.
  constexpr int all = CLI::detail::expected_max_vector_size;
  return command->add_option(name, words, about)
      ->expected(all, all)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->option_text("WORD...");
}

} // namespace conductor::cli

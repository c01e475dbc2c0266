#include "adapters/cli/show.hpp"

#include "adapters/cli/failure.hpp"
#include "adapters/cli/node.hpp"
#include "adapters/cli/record.hpp"
#include "adapters/cli/terminal.hpp"

#include <nlohmann/json.hpp>

namespace conductor::cli {

int show(const show_options& options) {
  catch_signals();
  nlohmann::json body{{"model", options.model}};
  if (options.verbose)
    body["verbose"] = true;
  auto answer = node_client(options.host).fetch({"POST", "/api/show", body.dump()}).body;
  if (options.raw) {
    write_out(answer + "\n");
    return exit_ok;
  }
  auto shown = parse_document(answer);
  if (options.part.empty())
    write_out(show_sections(shown, options.verbose));
  else
    write_out(text_of(shown, options.part.c_str()) +
              (options.part == "system" || options.part == "template" ? "" : "\n"));
  return exit_ok;
}

} // namespace conductor::cli

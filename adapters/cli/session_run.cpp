#include "adapters/cli/attachments.hpp"
#include "adapters/cli/failure.hpp"
#include "adapters/cli/models.hpp"
#include "adapters/cli/node.hpp"
#include "adapters/cli/prompt.hpp"
#include "adapters/cli/prompt/interactive.hpp"
#include "adapters/cli/pull.hpp"
#include "adapters/cli/record.hpp"
#include "adapters/cli/retries.hpp"
#include "adapters/cli/run.hpp"
#include "adapters/cli/session_answer.hpp"
#include "adapters/cli/session_list.hpp"
#include "adapters/cli/session_text.hpp"
#include "adapters/cli/terminal.hpp"

#include <nlohmann/json.hpp>

namespace conductor::cli {

namespace {

using json = nlohmann::ordered_json;

bool is_installed(client& node, const std::string& model) {
  auto tags = parse_document(node.fetch({"GET", "/api/tags"}).body);
  for (const auto& installed : list_of(tags, "models"))
    if (full_name(text_of(installed, "name")) == full_name(model))
      return true;
  return false;
}

// Whether the first word is a model and not of the prompt. Before --session it is; after
// it, if the node has such a model and there is more to ask.
bool names_model(client& node, const run_options& options) {
  if (options.model.empty() || options.model_first)
    return !options.model.empty();
  bool more = !options.prompt.empty() || !input_is_terminal();
  return more && options.model.find_first_of(" \t\r\n") == std::string::npos &&
         is_installed(node, options.model);
}

std::string created(client& node, const std::string& title, const std::string& model) {
  request what{"POST", session_target({})};
  what.body = json{{"model", model}, {"title", title}}.dump(
      -1, ' ', false, json::error_handler_t::replace);
  what.headers = {{"Idempotency-Key", fresh_key()}};
  auto made = parse_ordered(fetch_surely(node, what).body);
  write_error("New session '" + shown_title(made) + "'\n");
  return text_of(made, "id");
}

void change_model(client& node, const std::string& id, const std::string& model) {
  node.fetch(
      {"PATCH", session_target(id),
       json{{"model", model}}.dump(-1, ' ', false, json::error_handler_t::replace)});
}

request asking(const std::string& id, const char* part, const std::string& body) {
  return {"POST", session_target(id, part), body, {{"Idempotency-Key", fresh_key()}}};
}

} // namespace

int run_in_session(const run_options& options) {
  catch_signals();
  if (options.dimensions != 0 || options.truncate_said)
    throw failure("a session makes no embeddings: --dimensions and --truncate do not go "
                  "with --session",
                  exit_usage);
  if (wants_prompt(options) && (options.model.empty() || options.model_first))
    return run_prompt(options);
  auto node = node_client(options.host);
  auto found = find_session(node, options.session);
  auto words = options.prompt;
  bool has_model = names_model(node, options);
  if (!has_model && !options.model.empty())
    words.insert(words.begin(), options.model);
  if (!found && !has_model)
    throw failure(no_session(node, options.session) +
                  "\nTo make it, say its model: conductor run MODEL --session " +
                  options.session);
  auto model = has_model ? options.model : text_of(*found, "model");

  auto prompt = whole_prompt(words, "conductor run --session " + options.session);
  std::vector<std::string> images;
  for (const auto& path : options.images)
    images.push_back(attachment(path));
  attach_mentioned(node, model, prompt, images);
  if (prompt.empty())
    throw failure("there is nothing to say to the session", exit_usage);
  auto body = message_body(options, prompt, images);

  auto id = found ? text_of(*found, "id") : created(node, options.session, model);
  if (found && full_name(model) != full_name(text_of(*found, "model")))
    change_model(node, id, model);
  try {
    show_answer(node, id, asking(id, "messages", body), options);
  } catch (const answer_failure& no) {
    // Said by Ollama before any text, for a model that it does not have.
    if (no.reason != "upstream_404")
      throw;
    pull_model(node, model, options.insecure);
    show_answer(node, id, asking(id, "regenerate", regenerate_body(options)), options);
  }
  return exit_ok;
}

} // namespace conductor::cli

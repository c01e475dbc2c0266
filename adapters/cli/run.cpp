#include "adapters/cli/run.hpp"

#include "adapters/cli/answer.hpp"
#include "adapters/cli/attachments.hpp"
#include "adapters/cli/failure.hpp"
#include "adapters/cli/node.hpp"
#include "adapters/cli/prompt.hpp"
#include "adapters/cli/prompt/interactive.hpp"
#include "adapters/cli/pull.hpp"
#include "adapters/cli/record.hpp"
#include "adapters/cli/terminal.hpp"
#include "adapters/cli/waiting_mark.hpp"

#include <nlohmann/json.hpp>

namespace conductor::cli {

namespace {

void generate(client& node, const run_options& options, const std::string& body,
              bool prompted) {
  answer shown({surface_of(1), !options.no_word_wrap, options.hide_thinking});
  bool on_terminal = surface_of(1).terminal;
  waiting_mark mark;
  nlohmann::json last;
  bool complete = false;
  stream_reader reader;
  if (surface_of(2).terminal)
    reader.on_tick = [&] { mark.tick(); };
  reader.on_line = [&](std::string_view line) {
    if (options.raw)
      write_out(std::string(line) + "\n");
    auto record = parse_record(line);
    complete = record.value("done", false);
    auto text =
        options.raw ? "" : shown.push(record, on_terminal ? terminal_width(1) : 80);
    if (!text.empty() || complete)
      mark.clear();
    if (!text.empty())
      write_out(text);
    if (complete)
      last = std::move(record);
  };
  try {
    node.stream({"POST", "/api/generate", body}, reader);
    mark.clear();
    if (!complete)
      throw failure("the answer ended before it was complete");
  } catch (...) {
    mark.clear();
    write_out(shown.close());
    throw;
  }
  if (!options.raw)
    write_out(shown.close() + (prompted ? "\n\n" : ""));
  if (options.verbose)
    write_error(statistics(last));
}

void embed(client& node, const run_options& options, const std::string& prompt) {
  if (prompt.empty())
    throw failure("embedding models require input text. Usage: conductor run " +
                  options.model + " \"your text here\"");
  auto body = node.fetch({"POST", "/api/embed", embed_body(options, prompt)}).body;
  if (options.raw)
    return write_out(body + "\n");
  auto answer = parse_document(body);
  const auto& vectors = list_of(answer, "embeddings");
  if (vectors.empty())
    throw failure("no embeddings returned");
  write_out(vectors[0].dump() + "\n");
}

} // namespace

int run(const run_options& options) {
  if (!options.session.empty())
    return run_in_session(options);
  if (wants_prompt(options))
    return run_prompt(options);
  catch_signals();
  auto prompt = whole_prompt(options.prompt, "conductor run " + options.model);
  auto node = node_client(options.host);
  std::vector<std::string> images;
  for (const auto& path : options.images)
    images.push_back(attachment(path));
  attach_mentioned(node, options.model, prompt, images);
  auto body = generate_body(options, prompt, images);
  // No question beforehand: a model that is missing or only embeds says so by its
  // refusal.
  try {
    generate(node, options, body, !prompt.empty());
  } catch (const refusal& no) {
    std::string_view text = no.what();
    if (no.status == 400 && text.find("does not support generate") != text.npos &&
        has(capabilities(node, options.model), "embedding")) {
      embed(node, options, prompt);
    } else if (no.status == 404 && text.find("not found") != text.npos) {
      pull_model(node, options.model, options.insecure);
      generate(node, options, body, !prompt.empty());
    } else {
      throw;
    }
  }
  return exit_ok;
}

} // namespace conductor::cli

#include "adapters/cli/run.hpp"

#include "adapters/cli/answer.hpp"
#include "adapters/cli/attachments.hpp"
#include "adapters/cli/failure.hpp"
#include "adapters/cli/node.hpp"
#include "adapters/cli/pull.hpp"
#include "adapters/cli/record.hpp"
#include "adapters/cli/spinner.hpp"
#include "adapters/cli/terminal.hpp"

#include <nlohmann/json.hpp>

#include <unistd.h>

#include <algorithm>

namespace conductor::cli {

namespace {

// What precedes on standard input and the words of the command line, as one text.
std::string whole_prompt(const run_options& options) {
  auto words = options.prompt;
  if (!input_is_terminal()) {
    if (auto piped = read_input(); !piped.empty())
      words.insert(words.begin(), std::move(piped));
  } else if (words.empty()) {
    throw failure(
        "there is no prompt. The interactive prompt comes with a later version; "
        "give the prompt as words, as in: conductor run " +
            options.model + " \"Why is the sky blue?\", or on standard input",
        exit_usage);
  }
  std::string prompt;
  for (const auto& word : words)
    prompt += (&word == words.data() ? "" : " ") + word;
  return prompt;
}

nlohmann::json capabilities(client& node, const std::string& model) {
  auto body = nlohmann::json{{"model", model}}.dump();
  auto shown = parse_document(node.fetch({"POST", "/api/show", body}).body);
  return list_of(shown, "capabilities");
}

bool has(const nlohmann::json& capabilities, const char* name) {
  return std::find(capabilities.begin(), capabilities.end(), name) != capabilities.end();
}

void replace_all(std::string& text, const std::string& what) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at))
    text.erase(at, what.size());
}

// Takes the files that the prompt mentions out of it, if the model can see or hear them.
// Costs a request only when such a file exists.
void attach_mentioned(client& node, const std::string& model, std::string& prompt,
                      std::vector<std::string>& images) {
  auto paths = mentioned_files(prompt);
  std::erase_if(paths, [](const std::string& p) {
    return ::access(unescaped_path(p).c_str(), F_OK) != 0;
  });
  if (paths.empty())
    return;
  auto can = capabilities(node, model);
  if (!has(can, "vision") && !has(can, "audio"))
    return;
  for (const auto& mentioned : paths) {
    auto path = unescaped_path(mentioned);
    images.push_back(attachment(path));
    write_error((path.ends_with(".wav") ? "Added audio '" : "Added image '") + path +
                "'\n");
    for (const auto& text : {"'" + path + "'", "'" + mentioned + "'", mentioned})
      replace_all(prompt, text);
  }
  auto first = prompt.find_first_not_of(" \t\r\n");
  auto last = prompt.find_last_not_of(" \t\r\n");
  prompt = first == std::string::npos ? "" : prompt.substr(first, last - first + 1);
}

// A turning mark on standard error until the first record arrives.
class waiting_mark {
public:
  void tick() {
    if (!over_)
      write_error("\x1b[?25l\x1b[1G" + spin_.next() + " ");
    shown_ = !over_;
  }
  void clear() {
    if (std::exchange(shown_, false))
      write_error("\x1b[2K\x1b[1G\x1b[?25h");
    over_ = true;
  }

private:
  spinner spin_;
  bool shown_ = false, over_ = false;
};

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
  catch_signals();
  auto prompt = whole_prompt(options);
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

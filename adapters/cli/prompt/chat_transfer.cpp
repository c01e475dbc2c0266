#include "adapters/cli/failure.hpp"
#include "adapters/cli/new_file.hpp"
#include "adapters/cli/prompt/chat.hpp"
#include "adapters/cli/record.hpp"
#include "adapters/cli/session_list.hpp"
#include "adapters/cli/terminal.hpp"
#include "adapters/cli/visible_text.hpp"

namespace conductor::cli {

namespace {

constexpr auto lenient = nlohmann::ordered_json::error_handler_t::replace;

} // namespace

// Ollama's prompt forgets what was said; here that stays, in a conversation of its own.
void chat::load(const std::string& model) {
  note("Loading model '" + visible_text(model) + "'\n");
  if (!knows_model(model))
    return;
  console_->waiting().show("");
  node_.fetch({"POST", "/api/generate", nlohmann::json{{"model", model}}.dump()});
  console_->waiting().clear();
  detach();
  settings_ = json::object();
  model_ = model;
  shown_model(model_);
}

void chat::use_model(const std::string& model) {
  if (model.empty())
    return note(visible_text(model_) + "\n");
  if (!knows_model(model))
    return;
  auto before = std::exchange(model_, model);
  try {
    if (!id_.empty())
      apply({{"model", model}});
    settings_.erase("model");
    shown_model(model_);
  } catch (...) {
    model_ = before;
    throw;
  }
  note("Going on with '" + visible_text(model) + "'\n");
}

void chat::save(const std::string& model) {
  json body{{"model", model}, {"from", model_}};
  if (!text_of(settings_, "system").empty())
    body["system"] = settings_["system"];
  if (!list_of(settings_, "options").empty())
    body["parameters"] = settings_["options"];
  if (!id_.empty()) {
    auto exported = node_.fetch({"GET",
                                 session_target(id_, "export") + "?as=json",
                                 "",
                                 {{"Accept", "application/json"}}});
    auto whole = parse_ordered(exported.body);
    auto messages = json::array();
    for (const auto& m : list_of(whole, "messages")) {
      json message{{"role", text_of(m, "role")}, {"content", text_of(m, "content")}};
      if (m.contains("images"))
        message["images"] = m["images"];
      messages.push_back(message);
    }
    if (!messages.empty())
      body["messages"] = messages;
  }
  console_->waiting().show("");
  stream_reader reader;
  reader.on_line = [](std::string_view line) { parse_record(line); };
  node_.stream({"POST", "/api/create", body.dump(-1, ' ', false, lenient)}, reader);
  note("Created new model '" + visible_text(model) + "'\n");
}

void chat::export_to(const std::string& path) {
  if (path.empty())
    return note("Usage:\n  /export <file>\n");
  bool read = path.ends_with(".md");
  request what{"GET", session_target(id_, "export") + "?as="};
  what.target += read ? "markdown" : "json";
  what.headers = {{"Accept", read ? "text/markdown" : "application/json"}};
  new_file file(path, false);
  stream_reader reader;
  reader.on_bytes = [&](std::string_view piece) { file.write(piece); };
  node_.stream(what, reader);
  file.finish();
  note("Wrote '" + visible_text(path) + "'\n");
}

void chat::statistics_text() {
  std::int64_t prompt = 0, said = 0, answers = 0;
  auto session = session_now();
  for (const auto& message : list_of(session, "messages")) {
    if (!message.contains("usage"))
      continue;
    ++answers;
    prompt += number_of(list_of(message, "usage"), "prompt_tokens");
    said += number_of(list_of(message, "usage"), "completion_tokens");
  }
  note((numbers_ ? statistics(*numbers_) + "\n" : "") + "conversation:         " + id_ +
       "\nanswers:              " + std::to_string(answers) + "\nprompt tokens:        " +
       std::to_string(prompt) + "\nanswer tokens:        " + std::to_string(said) + "\n");
}

} // namespace conductor::cli

#include "adapters/cli/prompt/chat.hpp"

#include "adapters/cli/attachments.hpp"
#include "adapters/cli/completion.hpp"
#include "adapters/cli/failure.hpp"
#include "adapters/cli/models.hpp"
#include "adapters/cli/node.hpp"
#include "adapters/cli/prompt.hpp"
#include "adapters/cli/pull.hpp"
#include "adapters/cli/record.hpp"
#include "adapters/cli/retries.hpp"
#include "adapters/cli/session_list.hpp"
#include "adapters/cli/session_text.hpp"
#include "adapters/cli/terminal.hpp"
#include "adapters/cli/visible_text.hpp"
#include "adapters/cli/word_wrap.hpp"

#include <random>

namespace conductor::cli {

namespace {

constexpr auto lenient = nlohmann::ordered_json::error_handler_t::replace;
const std::pair<std::string, std::string> events_only{"Accept", "application/x-ndjson"};

} // namespace

chat::chat(const run_options& options)
    : options_(options), node_(node_client(options.host)), model_(options.model) {}

int chat::run() {
  begin();
  for (bool stay = true; stay;) {
    auto entered = console_->next();
    if (gone_)
      detach();
    if (!entered)
      break;
    try {
      if (entered->is == entry::kind::command)
        stay = command(entered->text);
      else if (entered->is == entry::kind::system)
        set_system(entered->text);
      else
        ask(entered->text);
    } catch (const interruption&) {
      note("\n");
    } catch (const failure& why) {
      if (why.code == exit_pipe_closed)
        throw;
      note("Error: " + visible_text(why.what()) + "\n");
    }
  }
  farewell();
  return exit_ok;
}

void chat::begin() {
  std::optional<json> found;
  if (!options_.session.empty())
    found = find_session(node_, options_.session);
  if (!found && model_.empty())
    throw failure(no_session(node_, options_.session) +
                  "\nTo make it, say its model: conductor run MODEL --session " +
                  options_.session);
  if (model_.empty())
    model_ = text_of(*found, "model");
  try {
    shown_model(model_);
  } catch (const refusal& no) {
    if (no.status != 404)
      throw;
    pull_model(node_, model_, options_.insecure);
    shown_model(model_);
  }
  console_.emplace(*node_.loop(), [this] { interrupt(); });
  auto wished = parse_ordered(regenerate_body(options_));
  if (found)
    attach(text_of(*found, "id"), true);
  else
    title_ = options_.session;
  if (found && !options_.model.empty() && full_name(options_.model) != full_name(model_))
    use_model(options_.model);
  if (!wished.empty())
    apply(wished);
}

void chat::farewell() {
  feed_.reset();
  console_.reset();
  if (id_.empty())
    return;
  write_error("The node keeps this conversation; go on with: conductor run --session " +
              called() + "\n");
}

void chat::ask(const std::string& text) {
  auto prompt = text;
  std::vector<std::string> images;
  for (const auto& path : options_.images)
    images.push_back(attachment(path));
  attach_mentioned(node_, model_, prompt, images);
  json body{{"content", prompt}};
  if (!images.empty())
    body["images"] = images;
  if (id_.empty())
    make_session();
  options_.images.clear();
  own_ = prompt;
  follow({"POST", session_target(id_, "messages"), body.dump(-1, ' ', false, lenient)});
}

// Sends what asks for an answer, and shows until that is over.
void chat::follow(request what) {
  struct scope {
    chat& c;
    ~scope() {
      c.asking_ = false;
      c.own_.reset();
      c.cancel_.reset();
      c.console_->release();
    }
  };
  wanted_ = last_over_ = 0;
  cancelling_ = given_up_ = false;
  asking_ = true;
  scope ends{*this};
  console_->waiting().show("");
  send(std::move(what));
  console_->run_until([this] {
    return gone_ || given_up_ || (last_over_ != 0 && last_over_ >= wanted_);
  });
  if (given_up_)
    note("\nThe answer goes on at the node; it will be shown here.\n");
}

// The answer itself is heard from the session's events; what this stream tells of it is
// read to its end all the same, because who leaves before is taken for one who gave up.
void chat::send(request what) {
  what.headers = {{"Idempotency-Key", fresh_key()}, events_only};
  retries again(std::random_device{}());
  stream_reader reader;
  reader.on_line = [this](std::string_view line) {
    if (wanted_ != 0)
      return;
    auto event = parse_document(line);
    if (!event.contains("type"))
      throw disconnection(text_of(event, "error"));
    auto number = static_cast<std::uint64_t>(number_of(event, "message"));
    // An answer's number is the one after its message's.
    wanted_ = text_of(event, "type") == "message" ? number + 1 : number;
  };
  for (;;) {
    asked_end_.reset();
    asked_.emplace(node_, what, reader,
                   [this](std::exception_ptr why) { asked_end_ = why; });
    console_->run_until([this] { return asked_end_ || wanted_ != 0 || given_up_; });
    if (given_up_)
      throw interruption();
    if (wanted_ != 0)
      return;
    auto pause = again.next();
    try {
      if (*asked_end_)
        std::rethrow_exception(*asked_end_);
      throw disconnection("the node said nothing");
    } catch (const disconnection&) {
      if (!pause)
        throw;
    } catch (const refusal& no) {
      if (no.status != 503 || !pause)
        throw;
    }
    node_.idle(*pause, [] {});
  }
}

void chat::make_session() {
  auto body = settings_;
  body["model"] = model_;
  if (!title_.empty())
    body["title"] = title_;
  request what{"POST", session_target({}), body.dump(-1, ' ', false, lenient)};
  what.headers = {{"Idempotency-Key", fresh_key()}};
  id_ = text_of(parse_ordered(fetch_surely(node_, what).body), "id");
  follow_events(0);
}

void chat::attach(const std::string& id, bool show) {
  detach();
  id_ = id;
  auto session = session_now();
  title_ = text_of(session, "title");
  model_ = text_of(session, "model");
  settings_ = json::object();
  for (const auto* key : {"system", "options", "format", "think", "keep_alive"})
    if (session.contains(key))
      settings_[key] = session[key];
  std::uint64_t known = 0;
  std::string last;
  for (const auto& message : list_of(session, "messages")) {
    auto state = text_of(message, "state");
    if (state == "streaming" || state == "queued")
      break;
    known = static_cast<std::uint64_t>(number_of(message, "seq"));
    bool answers = text_of(message, "role") == "assistant";
    auto text = visible_text(text_of(message, "content"));
    if (answers && !options_.no_word_wrap)
      text = word_wrap().push(text, terminal_width(1));
    last = answers ? last + text + "\n\n" : as_entered(text + "\n", true);
  }
  if (show)
    note("Conversation " + called() + " with " + visible_text(model_) + ", " +
         std::to_string(list_of(session, "messages").size()) + " messages\n" + last);
  follow_events(known);
}

void chat::follow_events(std::uint64_t shown) {
  view_.emplace(shown, session_listener{
                           [this](std::uint64_t, const std::string& text) { said(text); },
                           [this](const std::string& text) {
                             if (asking_ && !shown_)
                               console_->waiting().show(text);
                           },
                           [this](const nlohmann::json& record) { tells(record); },
                           [this](const turn& answer) { over(answer); },
                           [this](const nlohmann::json& event) { changed(event); }});
  feed_listener hears;
  hears.event = [this](const nlohmann::json& event) { view_->push(event); };
  hears.next = [this] { return view_->next_event(); };
  hears.lost = [this](const std::string& why) {
    std::string text(shown_ ? "\n" : "");
    note(text.append("Lost: ").append(visible_text(why)).append(". Trying again.\n"));
    if (!asking_)
      console_->release(); // the line is there again, whatever becomes of the answer
  };
  hears.found = [this] { note("Connected again.\n"); };
  hears.failed = [this](std::exception_ptr why) {
    gone_ = true;
    shown_.reset();
    try {
      std::rethrow_exception(why);
    } catch (const std::exception& e) {
      note("Error: the conversation cannot be followed: " + visible_text(e.what()) +
           "\n");
    }
    console_->release();
  };
  feed_.emplace(node_, id_, hears);
}

std::string chat::called() const {
  return title_.empty() ? id_ : single_quoted(visible_text(title_));
}

void chat::detach() {
  feed_.reset();
  view_.reset();
  shown_.reset();
  numbers_.reset();
  id_.clear();
  title_.clear();
  gone_ = false;
}

} // namespace conductor::cli

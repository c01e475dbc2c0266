#include "adapters/cli/failure.hpp"
#include "adapters/cli/prompt/chat.hpp"
#include "adapters/cli/record.hpp"
#include "adapters/cli/session_list.hpp"
#include "adapters/cli/terminal.hpp"
#include "adapters/cli/visible_text.hpp"

namespace conductor::cli {

void chat::interrupt() {
  auto answering = asking_ ? wanted_ : view_ ? view_->answering() : 0;
  if (answering == 0 || cancelling_) {
    given_up_ = asking_;
    return node_.interrupt();
  }
  cancelling_ = true;
  stream_reader reader;
  reader.on_line = [](std::string_view) {};
  cancel_.emplace(node_,
                  request{"POST", session_target(id_, "cancel"),
                          nlohmann::json{{"message", answering}}.dump()},
                  reader, [this](std::exception_ptr why) {
                    cancelling_ = asking_ && cancelling_ && !why;
                    given_up_ = given_up_ || (asking_ && why);
                    if (why && !asking_)
                      note("\nError: the answer goes on, it could not be cancelled\n");
                  });
}

void chat::said(const std::string& text) {
  if (own_ == text)
    return own_.reset();
  note(as_entered(visible_text(text) + "\n", true));
}

void chat::tells(const nlohmann::json& record) {
  console_->hold();
  if (!shown_)
    shown_.emplace(
        answer_style{surface_of(1), !options_.no_word_wrap, options_.hide_thinking});
  write_out(shown_->push(record, terminal_width(1)));
}

void chat::over(const turn& answer) {
  console_->hold();
  if (shown_)
    write_out(shown_->close() + "\n");
  shown_.reset();
  if (answer.is() == turn::state::failed)
    write_out("Error: " + visible_text(answer.error()) + "\n");
  write_out("\n");
  if (answer.is() == turn::state::done)
    numbers_ = answer.numbers();
  if (answer.is() == turn::state::done && options_.verbose)
    write_error(statistics(*numbers_) + "\n");
  last_over_ = answer.message();
  cancelling_ = false;
  if (!asking_)
    console_->release();
}

void chat::changed(const nlohmann::json& event) {
  title_ = text_of(event, "title");
  auto model = text_of(event, "model");
  if (!model.empty() && model != model_)
    note("The conversation goes on with " + visible_text(model) + ".\n");
  model_ = model;
}

void chat::note(const std::string& lines) {
  console_->waiting().clear();
  console_->say(lines);
}

} // namespace conductor::cli

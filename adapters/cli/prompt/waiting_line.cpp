#include "adapters/cli/prompt/waiting_line.hpp"

#include "adapters/cli/spinner.hpp"
#include "adapters/cli/terminal.hpp"
#include "adapters/cli/text_width.hpp"
#include "adapters/cli/ticker.hpp"
#include "adapters/cli/visible_text.hpp"

namespace conductor::cli {

struct waiting_line::state {
  explicit state(boost::asio::io_context& loop) : ticks(loop, [this] { draw(); }) {}
  void draw() {
    std::string out("\r");
    out.append(spin.next()).append(" ");
    if (text_width(text) + 3 < terminal_width(1))
      out.append(text);
    write_all(1, out.append("\x1b[K"));
  }
  std::string text;
  spinner spin;
  ticker ticks;
};

waiting_line::waiting_line(boost::asio::io_context& loop) : loop_(loop) {}

waiting_line::~waiting_line() = default;

void waiting_line::show(const std::string& text) {
  if (!state_)
    state_ = std::make_unique<state>(loop_);
  state_->text = visible_text(text);
  if (!text.empty())
    state_->draw(); // else an answer that comes at once would only flicker
}

void waiting_line::clear() {
  if (state_)
    write_all(1, "\r\x1b[K");
  state_.reset();
}

} // namespace conductor::cli

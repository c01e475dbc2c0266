#include "adapters/cli/chat/chat_view.hpp"

#include <algorithm>
#include <utility>

namespace conductor::cli {

namespace {

using kind = key::kind;

} // namespace

void chat_view::press(const key& k) {
  bool quits = std::exchange(quits_, false);
  notice_.clear();
  if (k.with_ctrl("z"))
    return orders_.suspend();
  if (k.with_ctrl("l"))
    return orders_.redraw();
  if (press_asked(asked_, k))
    return;
  if (std::exchange(help_, false))
    return;
  if (k.with_ctrl("c") && quits)
    return orders_.quit();
  if (press_anywhere(k))
    return;
  if (focus_ == place::list)
    press_list(k);
  else if (focus_ == place::talk)
    press_talk(k);
  else
    press_input(k);
}

bool chat_view::press_anywhere(const key& k) {
  if (k.with_ctrl("c"))
    interrupt();
  else if (k.with_ctrl("n"))
    begin();
  else if (k.with_ctrl("o") && panes_.size() > 1)
    pane_ = (pane_ + 1) % panes_.size();
  else if (k.with_alt("j") || k.with_alt("k"))
    next(k.text == "j" ? 1 : -1);
  else if (k.is == kind::function && k.text == "1")
    help_ = true;
  else if (k.is == kind::tab || k.is == kind::back_tab)
    focus_ = focus_ == place::list ? place::input : place::list;
  else if (k.is == kind::click)
    click(k);
  else if (k.with_ctrl("d") &&
           (focus_ != place::input || !current() || current()->input.empty()))
    orders_.quit();
  else
    return (k.is == kind::page_up || k.is == kind::page_down || k.is == kind::wheel_up ||
            k.is == kind::wheel_down) &&
           focus_ != place::list && scroll(k);
  return true;
}

// What is under way ends first, then what was typed goes; then the next one quits.
void chat_view::interrupt() {
  auto* o = current();
  if (o && o->talk.answering())
    return orders_.cancel(current_id());
  if (o && focus_ == place::input && !o->input.empty()) {
    o->input.taken();
    return;
  }
  quits_ = true;
  say("Ctrl-C again quits");
}

void chat_view::press_input(const key& k) {
  auto* o = current();
  if (k.is == kind::escape)
    focus_ = place::talk;
  else if (!o)
    (void)press_letter(k, "");
  else if (k.is == kind::enter)
    send();
  else
    o->input.press(k);
}

void chat_view::send() {
  auto* o = current();
  auto text = o->input.text();
  if (text.find_first_not_of(" \n") == text.npos)
    return;
  if (!away_.empty())
    return; // it stays, and the footer says why
  orders_.say(current_id(), o->input.taken());
  o->seen.to_end();
}

bool chat_view::scroll(const key& k) {
  auto* o = current();
  if (!o)
    return false;
  auto page = static_cast<long>(page_);
  if (k.is == kind::up || k.typed("k"))
    o->seen.scroll(o->talk, -1);
  else if (k.is == kind::down || k.typed("j"))
    o->seen.scroll(o->talk, 1);
  else if (k.is == kind::wheel_up || k.is == kind::wheel_down)
    o->seen.scroll(o->talk, k.is == kind::wheel_up ? -3 : 3);
  else if (k.is == kind::page_up || k.typed("b") || k.with_ctrl("b"))
    o->seen.scroll(o->talk, -page);
  else if (k.is == kind::page_down || k.typed(" ") || k.with_ctrl("f"))
    o->seen.scroll(o->talk, page);
  else if (k.is == kind::home || k.typed("g"))
    o->seen.to_begin();
  else if (k.is == kind::end || k.typed("G"))
    o->seen.to_end();
  else
    return false;
  return true;
}

void chat_view::press_talk(const key& k) {
  auto* o = current();
  if (k.typed("i") || k.is == kind::enter || !o)
    focus_ = place::input;
  else if (k.is == kind::escape)
    o->seen.find(o->talk, "", 1);
  else if (k.typed("[") || k.typed("]"))
    o->seen.choose(o->talk, k.text == "[" ? -1 : 1);
  else if (k.typed("/"))
    asked_ = dialog::ask("Search:", "", [this](const std::string& text) {
      if (auto* c = current(); c && !c->seen.find(c->talk, text, -1))
        say("nothing says \"" + text + "\"", true);
    });
  else if ((k.typed("n") || k.typed("N")) && !o->seen.sought().empty())
    search(k.text == "n" ? -1 : 1);
  else if (k.typed("y") || k.typed("Y"))
    copy(k.text == "Y");
  else if (k.typed("t"))
    o->seen.turn_thinking();
  else if (!press_letter(k, current_id()))
    scroll(k);
}

// New things stand at the end: the next place is one further up.
void chat_view::search(int by) {
  auto* o = current();
  if (!o->seen.find(o->talk, std::string(o->seen.sought()), by))
    say("nothing else says that", true);
}

void chat_view::copy(bool code) {
  auto* o = current();
  const auto* m = o->seen.chosen(o->talk);
  auto text = m ? code ? last_code(m->content) : m->content : "";
  if (text.empty())
    return say(code ? "there is no block of code in it" : "there is nothing to copy",
               true);
  orders_.copy(text);
  say("copied, if the terminal allows it (OSC 52): " + std::to_string(text.size()) +
      " bytes");
}

// Letters that mean the same where something is read as in the list.
bool chat_view::press_letter(const key& k, const std::string& session) {
  if (k.typed("n"))
    begin();
  else if (k.typed("?"))
    help_ = true;
  else if (k.typed("p"))
    plain_ = !plain_;
  else if (k.typed("b") && focus_ == place::list)
    list_hidden_ = !list_hidden_;
  else if (k.typed("m")) {
    mouse_ = !mouse_;
    orders_.mouse(mouse_);
    say(mouse_ ? "clicks choose, the wheel scrolls" : "the mouse is the terminal's");
  } else if (k.typed("x") && panes_.size() > 1) {
    panes_.erase(panes_.begin() + static_cast<std::ptrdiff_t>(pane_));
    pane_ = 0;
  } else if (k.typed("q"))
    orders_.quit();
  else
    return !session.empty() && press_order(k, session);
  return true;
}

// Letters that are orders about one conversation.
bool chat_view::press_order(const key& k, const std::string& session) {
  if (k.typed("r")) {
    const auto* listed = list_.find(session);
    asked_ = dialog::ask(
        "Title:", listed ? listed->title : "",
        [this, session](const std::string& title) { orders_.rename(session, title); });
  } else if (k.typed("d"))
    asked_ = dialog::confirm(
        "Delete \"" +
            title_text(list_.find(session) ? list_.find(session)->title : session) +
            "\"?",
        [this, session](const std::string&) { orders_.remove(session); });
  else if (k.typed("f")) {
    auto* o = current();
    const auto* m = o && focus_ == place::talk ? o->seen.chosen(o->talk) : nullptr;
    orders_.fork(session, m ? m->seq : 0);
  } else if (k.typed("R"))
    orders_.regenerate(session);
  else if (k.typed("c"))
    orders_.cancel(session);
  else
    return false;
  return true;
}

void chat_view::press_list(const key& k) {
  const auto* c = list_.chosen();
  if (k.is == kind::up || k.typed("k"))
    list_.move(-1);
  else if (k.is == kind::down || k.typed("j"))
    list_.move(1);
  else if (k.is == kind::page_up || k.is == kind::page_down)
    list_.move(k.is == kind::page_up ? -10 : 10);
  else if (k.is == kind::home || k.is == kind::end)
    list_.move(k.is == kind::home ? -1'000'000 : 1'000'000);
  else if (k.is == kind::escape && !list_.filter().empty())
    list_.filter("");
  else if (k.is == kind::escape || k.typed("i"))
    focus_ = place::input;
  else if (k.typed("/"))
    asked_ = dialog::ask(
        "Titles with:", "", [this](const std::string& text) { orders_.seek(text); },
        [this](const std::string& text) { list_.filter(text); });
  else if (c && (k.is == kind::enter || k.typed("s"))) {
    open(std::string(c->id), k.typed("s"));
    focus_ = place::input;
  } else
    (void)press_letter(k, c ? std::string(c->id) : "");
}

void chat_view::click(const key& k) {
  if (list_width_ > 0 && k.column + 1 < list_width_) {
    if (const auto* c = list_.at_row(k.row))
      open(std::string(c->id));
    return;
  }
  focus_ = place::input;
}

void chat_view::next(int by) {
  list_.choose(current_id());
  list_.move(by);
  if (const auto* c = list_.chosen())
    open(std::string(c->id));
}

} // namespace conductor::cli

#include "adapters/cli/chat/chat_view.hpp"

#include <algorithm>
#include <utility>

namespace conductor::cli {

namespace {

constexpr std::size_t wide = 70; // columns from where the list has room beside
constexpr std::size_t most_input = 6;

std::size_t list_columns(std::size_t columns) {
  return std::clamp<std::size_t>(columns / 4, 18, 34);
}

} // namespace

line chat_view::head(const opened& o, const std::string& session, std::size_t columns,
                     bool focused) const {
  auto title = o.talk.known()        ? o.talk.title()
               : list_.find(session) ? list_.find(session)->title
                                     : "";
  line left{piece(" " + title_text(title), {tone::head, true})};
  left.push_back(piece("  " + o.talk.model(), {tone::faint}));
  line right;
  if (o.talk.answering())
    right.push_back(piece(
        o.talk.progress().empty() ? "answers " : o.talk.progress() + " ", {tone::good}));
  else if (!o.talk.known())
    right.push_back({"is fetched ", {tone::faint}});
  if (!o.seen.follows())
    right.push_back({"↓ more ", {tone::warn}});
  auto row = spread(std::move(left), std::move(right), columns);
  for (auto& s : row)
    s.look.reverse = focused;
  return row;
}

lines chat_view::pane(const std::string& session, std::size_t columns, std::size_t rows,
                      bool focused, std::optional<cursor>& at) {
  auto& o = opened_.at(session);
  cursor inside;
  auto room = std::min(most_input, std::max<std::size_t>(rows / 3, 1));
  auto typed = o.input.view(columns > 2 ? columns - 2 : 1, room, inside);
  lines out;
  if (!plain_ && rows > 2)
    out.push_back(head(o, session, columns, focused && panes_.size() > 1));
  auto used = out.size() + typed.size();
  auto seen = o.seen.view(o.talk, columns, rows > used ? rows - used : 0, !plain_,
                          focused && focus_ == place::talk);
  page_ = std::max<std::size_t>(rows > used + 1 ? rows - used - 1 : 1, 1);
  auto above = rows > typed.size() ? rows - typed.size() : 0;
  out.insert(out.end(), seen.begin(), seen.end());
  out.resize(above);
  if (focused && focus_ == place::input)
    at = cursor{inside.row + static_cast<unsigned>(above), inside.column + 2};
  for (std::size_t i = 0; i < typed.size(); ++i) {
    line row{{i == 0 ? "> " : "  ", {focused ? tone::you : tone::faint, true}}};
    row.insert(row.end(), typed[i].begin(), typed[i].end());
    out.push_back(std::move(row));
  }
  return out;
}

line chat_view::footer(std::size_t columns) const {
  if (!away_.empty())
    return fitted(line{piece("AWAY: " + away_, {tone::bad, true})}, columns);
  if (!notice_.empty())
    return fitted(line{piece(notice_, {bad_ ? tone::bad : tone::good})}, columns);
  const char* keys =
      focus_ == place::input
          ? "Enter send  Alt-Enter new line  Tab list  Esc read  Ctrl-C cancel  F1 help"
      : focus_ == place::talk
          ? "i write  ↑↓ scroll  [ ] message  / search  y copy  t thinking  ? help"
          : "Enter open  s beside  n new  r rename  f fork  d delete  / search  ? help";
  return fitted(line{{columns < 50 ? "F1 help  Ctrl-D quit" : keys, {tone::faint}}},
                columns);
}

lines chat_view::help_rows(std::size_t columns, std::size_t rows) const {
  lines out;
  for (const auto& l : chat_help())
    for (auto& part : wrapped(l, columns))
      out.push_back(std::move(part));
  out.resize(rows);
  return out;
}

void chat_view::add_panes(lines& out, std::size_t columns, std::size_t rows,
                          std::size_t left, std::optional<cursor>& at) {
  bool two = panes_.size() > 1 && columns >= wide;
  std::size_t from = two ? 0 : pane_, to = two ? panes_.size() : pane_ + 1;
  auto each = two ? (columns - 1) / 2 : columns;
  for (auto i = from; i < to; ++i) {
    std::optional<cursor> inside;
    auto width = two && i > 0 ? columns - each - 1 : each;
    auto rows_here = pane(panes_[i], width, rows, i == pane_, inside);
    auto before = left + (two && i > 0 ? each + 1 : 0);
    if (inside)
      at = cursor{inside->row, inside->column + static_cast<unsigned>(before)};
    for (std::size_t k = 0; k < rows; ++k) {
      if (two && i > 0) {
        out[k] = fitted(std::move(out[k]), before - 1);
        out[k].push_back({"│", {tone::faint}});
      }
      auto row = fitted(std::move(rows_here[k]), width);
      out[k].insert(out[k].end(), row.begin(), row.end());
    }
  }
}

lines chat_view::frame(std::size_t columns, std::size_t rows, std::optional<cursor>& at) {
  at.reset();
  if (rows == 0 || columns == 0)
    return {};
  std::optional<cursor> inside;
  lines below = asked_ ? asked_->view(columns, std::max<std::size_t>(rows / 2, 1), inside)
                       : lines{footer(columns)};
  auto room = rows > below.size() ? rows - below.size() : 0;
  lines out(room);
  for (const auto& id : panes_)
    list_.seen(id);
  bool beside = columns >= wide && !plain_ && (!list_hidden_ || focus_ == place::list);
  bool alone = !beside && focus_ == place::list;
  list_width_ = alone ? columns : beside ? list_columns(columns) : 0;
  if (help_) {
    out = help_rows(columns, room);
  } else {
    if (list_width_ > 0) {
      auto width = alone ? columns : list_width_ - 1;
      auto some = list_.view(width, room, focus_ == place::list, panes_);
      some.resize(room);
      for (std::size_t k = 0; k < room; ++k) {
        out[k] = fitted(std::move(some[k]), width);
        if (beside)
          out[k].push_back({"│", {tone::faint}});
      }
    }
    if (!alone && !panes_.empty() && room > 0)
      add_panes(out, columns - list_width_, room, list_width_, at);
    else if (!alone && room > 0)
      append(out[0], "  No conversation is open: n begins one", {tone::faint});
  }
  if (asked_) {
    at.reset();
    if (inside)
      at = cursor{inside->row + static_cast<unsigned>(room), inside->column};
  }
  out.insert(out.end(), below.begin(), below.end());
  return out;
}

lines chat_help() {
  static const std::vector<std::pair<const char*, const char*>> keys{
      {"Enter", "send; Alt-Enter or Ctrl-J: a new line"},
      {"Tab, Esc", "to the list and back; to reading (i: back to writing)"},
      {"↑ ↓ in the input", "what was sent before"},
      {"PgUp PgDn, wheel", "scroll; reading also ↑ ↓ j k, g G: begin and end"},
      {"Ctrl-C", "cancel the answer, or clear the input; twice: quit. Ctrl-D quits"},
      {"Ctrl-N or n", "a new conversation: choose its model"},
      {"Ctrl-O, Alt-j, Alt-k", "the other pane; the next, the previous conversation"},
      {"", "Reading, and in the list:"},
      {"/, then n N",
       "search in the conversation, or among titles; next, previous place"},
      {"[ ]", "choose a message"},
      {"y, Y", "copy the message (OSC 52); its last block of code"},
      {"t, p", "show thinking; a plain view to mark by mouse"},
      {"R, f", "answer again; a copy of the conversation up to the chosen message"},
      {"r, d", "rename; delete"},
      {"s, x", "open beside; close this pane"},
      {"b, m", "hide the list; mouse on or off"},
      {"Ctrl-L, Ctrl-Z", "draw all anew; stop until the shell goes on"}};
  return key_rows(keys, 20);
}

} // namespace conductor::cli

#include "adapters/cli/top/top_view.hpp"

#include "adapters/cli/record.hpp"

#include <algorithm>
#include <utility>

namespace conductor::cli {

namespace {

using kind = key::kind;

// Keys as in vi, besides those with names.
kind meant(const key& k) {
  if (k.typed("k") || k.with_ctrl("p"))
    return kind::up;
  if (k.typed("j") || k.with_ctrl("n"))
    return kind::down;
  if (k.typed("g"))
    return kind::home;
  if (k.typed("G"))
    return kind::end;
  if (k.typed(" ") || k.with_ctrl("f"))
    return kind::page_down;
  if (k.typed("b") || k.with_ctrl("b"))
    return kind::page_up;
  return k.is;
}

// How far a key goes in a list, in rows; 0: it does not.
long way(kind k, std::size_t page) {
  constexpr long far = 1'000'000'000;
  switch (k) {
  case kind::up:
  case kind::wheel_up:
    return -1;
  case kind::down:
  case kind::wheel_down:
    return 1;
  case kind::page_up:
    return -static_cast<long>(page);
  case kind::page_down:
    return static_cast<long>(page);
  case kind::home:
    return -far;
  case kind::end:
    return far;
  default:
    return 0;
  }
}

std::size_t moved(std::size_t from, long by, std::size_t size) {
  auto to = static_cast<long>(from) + by;
  return static_cast<std::size_t>(
      std::clamp<long>(to, 0, std::max<long>(0, static_cast<long>(size) - 1)));
}

} // namespace

void top_view::show(std::string title, lines text) {
  if (title != title_ || !detail_)
    top_row_ = 0;
  title_ = std::move(title);
  detail_ = std::move(text);
}

void top_view::say(std::string notice, bool bad) {
  notice_ = std::move(notice);
  bad_ = bad;
}

void top_view::offer(std::vector<std::string> models) {
  models_ = std::move(models);
  if (asked_)
    asked_->offer(models_);
}

const entry* top_view::chosen() const {
  const auto& t = tables_[static_cast<std::size_t>(focus_)];
  return seen_.about == focus_ && t.at < seen_.entries.size() ? &seen_.entries[t.at]
                                                              : nullptr;
}

void top_view::press(const key& k, const node_state& node) {
  notice_.clear();
  if (k.with_ctrl("z"))
    return orders_.suspend();
  if (k.with_ctrl("l"))
    return orders_.redraw();
  if (press_asked(asked_, k))
    return;
  if (k.with_ctrl("c") || k.typed("q") || k.with_ctrl("d"))
    return orders_.quit();
  if (k.typed("?") || (k.is == kind::function && k.text == "1"))
    return show("Keys", top_help());
  if (detail_)
    return press_detail(k);
  // Keys may come faster than frames.
  seen_ = shown_section(focus_, node, now_);
  find_chosen(seen_);
  press_table(k, node);
}

void top_view::press_detail(const key& k) {
  if (k.is == kind::escape || k.is == kind::enter || k.is == kind::backspace) {
    detail_.reset();
    return;
  }
  if (auto by = way(meant(k), page_); by != 0)
    top_row_ = moved(top_row_, by, detail_rows_);
}

void top_view::move(long by) {
  auto& t = focused();
  if (seen_.entries.empty())
    return;
  t.at = moved(t.at, by, seen_.entries.size());
  t.chosen = seen_.entries[t.at].id;
  t.chosen_model = seen_.entries[t.at].model;
}

void top_view::sort(bool turns) {
  auto& t = focused();
  if (turns) {
    t.down = !t.down;
    return;
  }
  // Numbers are sought from the top.
  t.sort = t.sort == none ? 0 : t.sort + 1 < seen_.columns.size() ? t.sort + 1 : none;
  t.down = t.sort != none && seen_.columns[t.sort].right;
}

void top_view::press_table(const key& k, const node_state& node) {
  auto go = [&](int by) {
    auto to = (static_cast<int>(focus_) + by + static_cast<int>(topics)) %
              static_cast<int>(topics);
    focus_ = static_cast<topic>(to);
  };
  if (auto by = way(meant(k), page_); by != 0)
    move(by);
  else if (k.is == kind::tab || k.is == kind::right)
    go(1);
  else if (k.is == kind::back_tab || k.is == kind::left)
    go(-1);
  else if (k.is == kind::text && k.text >= "1" && k.text <= "6")
    focus_ = static_cast<topic>(k.text[0] - '1');
  else if (k.typed("s"))
    sort(false);
  else if (k.typed("S"))
    sort(true);
  else if (k.typed("e"))
    only_failures_ = !only_failures_, focus_ = topic::requests;
  else if (k.typed("/"))
    asked_ = dialog::ask(
        "Filter:", filter_, [this](const std::string& text) { filter_ = text; },
        [this](const std::string& text) { filter_ = text; });
  else if (k.is == kind::escape)
    filter_.clear();
  else
    order(k, node);
}

void top_view::order(const key& k, const node_state& node) {
  const auto* e = chosen();
  auto of_backend = focus_ == topic::backends;
  if (k.typed("l")) {
    // On a server's row it is loaded there.
    auto backend = of_backend && e ? e->id : "";
    asked_ = dialog::choose(
        backend.empty() ? "Load which model?" : "Load which model at " + backend + "?",
        models_,
        [this, backend](const std::string& model) {
          asked_ = dialog::confirm("Load " + model +
                                       (backend.empty() ? "" : " at " + backend) + "?",
                                   [this, model, backend](const std::string&) {
                                     orders_.load(model, backend);
                                   });
        },
        true);
    orders_.models();
    return;
  }
  if (!e) {
    if (k.is == kind::enter || k.typed("c") || k.typed("d") || k.typed("u"))
      say("there is nothing here", true);
    return;
  }
  auto id = e->id, model = e->model;
  if (k.is == kind::enter) {
    orders_.open(focus_, id);
  } else if (k.typed("c") && (focus_ == topic::answers || focus_ == topic::queue)) {
    asked_ = dialog::confirm("Cancel the answer " + id + "?",
                             [this, id](const std::string&) { orders_.cancel(id); });
  } else if (k.typed("c") && focus_ == topic::sessions) {
    asked_ = dialog::confirm("Cancel the answer of this session?",
                             [this, id](const std::string&) { orders_.cancel_turn(id); });
  } else if (k.typed("d") && of_backend) {
    const auto& all = node.entries("backends");
    bool drained = std::any_of(all.begin(), all.end(), [&](const auto& b) {
      return b.is_object() && text_of(b, "name") == id && b.value("draining", false);
    });
    asked_ = dialog::confirm(
        drained ? "Give " + id + " requests again?" : "Give " + id + " nothing new?",
        [this, id, drained](const std::string&) { orders_.drain(id, !drained); });
  } else if (k.typed("u") && of_backend && !model.empty()) {
    asked_ = dialog::confirm(
        "Unload " + model + " at " + id + "?",
        [this, id, model](const std::string&) { orders_.unload(model, id); });
  } else if (k.typed("c") || k.typed("d") || k.typed("u")) {
    say(k.typed("c")   ? "choose an answer, one that waits, or a session"
        : k.typed("d") ? "choose a server"
                       : "choose a model below a server",
        true);
  }
}

lines top_help() {
  static const std::vector<std::pair<const char*, const char*>> keys{
      {"1 … 6, Tab, ← →",
       "choose a table: answers, queue, backends, GPUs, sessions, recent"},
      {"↑ ↓ PgUp PgDn Home End", "choose a row; also j k b Space g G"},
      {"Enter", "look closely: a request's course, a backend, a session's last messages"},
      {"Esc", "back; in the tables: no filter"},
      {"/", "show only rows that hold a text"},
      {"e", "of the recent requests only those that failed; all of them"},
      {"s, S", "sort by the next column; turn the order around"},
      {"c", "cancel the answer that is chosen, also one that waits"},
      {"d", "drain the backend that is chosen, or give it requests again"},
      {"l, u", "load a model (at the backend that is chosen); unload the one chosen"},
      {"Ctrl-L, Ctrl-Z", "draw all anew; stop until the shell goes on"},
      {"q, Ctrl-C", "quit"}};
  return key_rows(keys, 24);
}

} // namespace conductor::cli

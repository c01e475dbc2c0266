#include "adapters/cli/top/top_view.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace conductor::cli {

namespace {

constexpr std::size_t small = 14; // rows below which only one table is shown
constexpr std::array all_topics{topic::answers, topic::queue,    topic::backends,
                                topic::gpus,    topic::sessions, topic::requests};

bool before(const cell& a, const cell& b) {
  if (!std::isnan(a.weight) && !std::isnan(b.weight))
    return a.weight < b.weight;
  return a.shown.text < b.shown.text;
}

// A server's models are no servers.
std::string count_of(const section& s) {
  return std::to_string(std::count_if(s.entries.begin(), s.entries.end(),
                                      [](const entry& e) { return e.model.empty(); }));
}

} // namespace

section top_view::shown_section(topic about, const node_state& node, moment now) const {
  auto s = section_of(about, node, now);
  const auto& t = tables_[static_cast<std::size_t>(about)];
  if (!filter_.empty())
    std::erase_if(s.entries, [&](const entry& e) {
      return std::none_of(e.cells.begin(), e.cells.end(),
                          [&](const cell& c) { return holds(c.shown.text, filter_); });
    });
  if (about == topic::requests && only_failures_) {
    s.title = "FAILED";
    std::erase_if(s.entries, [](const entry& e) { return !e.bad; });
  }
  if (t.sort < s.columns.size()) {
    std::stable_sort(s.entries.begin(), s.entries.end(), [&](auto& a, auto& b) {
      return t.down ? before(b.cells[t.sort], a.cells[t.sort])
                    : before(a.cells[t.sort], b.cells[t.sort]);
    });
    s.columns[t.sort].head += t.down ? "↓" : "↑";
  }
  return s;
}

// The row that stands for the same as before; else the one that took its place.
std::size_t top_view::find_chosen(const section& s) {
  auto& t = tables_[static_cast<std::size_t>(s.about)];
  if (s.entries.empty())
    return 0;
  auto same = std::find_if(s.entries.begin(), s.entries.end(), [&](const entry& e) {
    return e.id == t.chosen && e.model == t.chosen_model;
  });
  t.at = same != s.entries.end() ? static_cast<std::size_t>(same - s.entries.begin())
                                 : std::min(t.at, s.entries.size() - 1);
  t.chosen = s.entries[t.at].id;
  t.chosen_model = s.entries[t.at].model;
  return t.at;
}

// The title stands in the head of the columns.
lines top_view::table_rows(const section& s, std::size_t columns, std::size_t rows) {
  auto all = laid_out(s, columns > 1 ? columns - 1 : 1);
  auto chosen = find_chosen(s);
  bool focused = s.about == focus_;
  lines out{
      spread({piece(s.title + " " + count_of(s), {tone::head, false, false, focused})},
             {}, columns)};
  if (s.entries.empty() || rows < 2)
    return out;
  if (rows > 2)
    out.push_back(beside({{" ", {}}}, 1, all.front()));
  auto room = rows - out.size();
  auto first = focused && chosen >= room ? chosen - room + 1 : 0;
  for (auto i = first; i < s.entries.size() && i < first + room; ++i) {
    bool here = focused && i == chosen;
    auto row = beside({{here ? "▸" : " ", {tone::accent}}}, 1, all[i + 1]);
    if (here)
      for (auto& part : row)
        part.look.reverse = true;
    out.push_back(here ? fitted(std::move(row), columns) : std::move(row));
  }
  if (auto left = s.entries.size() - std::min(s.entries.size(), first + room); left > 0)
    out.front() = spread(out.front(), {}, columns),
    out.front() =
        spread({out.front().front()},
               {{"… " + std::to_string(left) + " more", {tone::faint}}}, columns);
  return out;
}

// Each table gets what it wants where that is little; the one with the keys gets the
// rest.
lines top_view::tables(const std::vector<section>& all, std::size_t columns,
                       std::size_t rows) {
  std::vector<std::size_t> share(all.size(), 1);
  auto wants = [&](std::size_t i) {
    auto n = all[i].entries.size();
    return n == 0 ? std::size_t{1} : n + 2;
  };
  auto left = rows - std::min(rows, all.size());
  auto focus = static_cast<std::size_t>(focus_);
  auto give = [&](std::size_t i, std::size_t most) {
    while (left > 0 && share[i] < std::min(wants(i), most))
      ++share[i], --left;
  };
  give(focus, rows / 2);
  for (std::size_t most = 3; most <= rows && left > 0; ++most)
    for (std::size_t i = 0; i < all.size(); ++i)
      give(i, most);
  lines out;
  for (std::size_t i = 0; i < all.size(); ++i) {
    auto some = table_rows(all[i], columns, share[i]);
    out.insert(out.end(), some.begin(), some.end());
  }
  return out;
}

lines top_view::detail_rows(std::size_t columns, std::size_t rows) {
  lines broken;
  for (const auto& l : *detail_)
    for (auto& part : wrapped(l, columns))
      broken.push_back(std::move(part));
  detail_rows_ = broken.size();
  page_ = rows > 2 ? rows - 2 : 1;
  lines out{fitted(line{piece(title_, {tone::head, false, false, true})}, columns)};
  auto room = rows - 1;
  top_row_ = std::min(top_row_, broken.size() > room ? broken.size() - room : 0);
  for (auto i = top_row_; i < broken.size() && out.size() < rows; ++i)
    out.push_back(broken[i]);
  return out;
}

line top_view::tabs(const std::vector<section>& all, std::size_t columns) const {
  line out;
  for (const auto& s : all) {
    bool here = s.about == focus_;
    auto text = std::to_string(static_cast<int>(s.about) + 1) +
                (here ? " " + s.title + " " + count_of(s) : "");
    out.push_back(piece(" " + text + " ", {tone::plain, here, false, false, here}));
  }
  return fitted(std::move(out), columns);
}

line top_view::footer(std::size_t columns) const {
  if (!notice_.empty())
    return fitted(line{piece(notice_, {bad_ ? tone::bad : tone::good})}, columns);
  if (detail_)
    return fitted(line{{"Esc back   ↑↓ PgUp PgDn scroll   q quit", {tone::faint}}},
                  columns);
  line keys{{columns < 60
                 ? "? help  q quit"
                 : "? help  Tab table  Enter open  / filter  s sort  c cancel  d "
                   "drain  l load  u unload  q quit",
             {tone::faint}}};
  if (!filter_.empty())
    keys.insert(keys.begin(), piece("/" + filter_ + "  ", {tone::warn}));
  return fitted(std::move(keys), columns);
}

lines top_view::frame(const node_state& node, moment now, std::size_t columns,
                      std::size_t rows, std::optional<cursor>& at) {
  now_ = now;
  at.reset();
  if (rows == 0 || columns == 0)
    return {};
  auto out = summary_of(node, columns);
  if (out.size() > rows)
    out.resize(rows);
  std::optional<cursor> inside;
  lines below = asked_ ? asked_->view(columns, std::max<std::size_t>(rows / 2, 1), inside)
                       : lines{footer(columns)};
  auto used = out.size() + below.size();
  auto room = rows > used ? rows - used : 0;
  if (room > 0 && detail_) {
    auto some = detail_rows(columns, room);
    out.insert(out.end(), some.begin(), some.end());
  } else if (room > 0 && node.known()) {
    std::vector<section> all;
    for (auto about : all_topics)
      all.push_back(shown_section(about, node, now));
    seen_ = all[static_cast<std::size_t>(focus_)];
    page_ = room > 3 ? room - 3 : 1;
    lines some;
    if (room < small) {
      if (room > 1)
        out.push_back(tabs(all, columns));
      some = table_rows(seen_, columns, room > 1 ? room - 1 : room);
      if (room > 1)
        some.erase(some.begin()); // the tab says it
    } else {
      some = tables(all, columns, room);
    }
    out.insert(out.end(), some.begin(), some.end());
  }
  if (out.size() + below.size() > rows)
    out.resize(rows > below.size() ? rows - below.size() : 0);
  while (out.size() + below.size() < rows)
    out.emplace_back();
  if (inside)
    at = cursor{inside->row + static_cast<unsigned>(out.size()), inside->column};
  out.insert(out.end(), below.begin(), below.end());
  for (auto& row : out)
    if (width_of(row) > columns)
      row = fitted(std::move(row), columns);
  return out;
}

} // namespace conductor::cli

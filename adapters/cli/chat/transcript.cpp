#include "adapters/cli/chat/transcript.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace conductor::cli {

namespace {

constexpr std::size_t most_blocks = 500; // that are kept laid out

// Text as it was typed, row by row.
void add_typed(lines& out, std::string_view text, std::size_t columns, style look = {}) {
  for (bool more = true; more;) {
    auto end = text.find('\n');
    more = end != text.npos;
    for (auto& row : wrapped({piece(text.substr(0, end), look)}, columns))
      out.push_back(std::move(row));
    text.remove_prefix(more ? end + 1 : text.size());
  }
}

std::size_t words_of(std::string_view text) {
  std::size_t words = 0;
  bool inside = false;
  for (char c : text) {
    bool word = c != ' ' && c != '\n' && c != '\t';
    words += word && !inside;
    inside = word;
  }
  return words;
}

line head_of(const chat_message& m) {
  bool user = m.role == "user";
  auto who = user               ? "you"
             : m.role == "tool" ? "tool"
             : m.model.empty()  ? "answer"
                                : m.model;
  line head{piece(who, {user ? tone::you : tone::good, true})};
  if (m.state == "cancelled" || m.state == "failed" || m.state == "interrupted" ||
      m.state == "queued")
    head.push_back(piece("  " + m.state, {m.state == "failed" ? tone::bad : tone::warn}));
  if (m.images > 0)
    head.push_back({"  " + std::to_string(m.images) + " images", {tone::faint}});
  if (m.tokens > 0)
    head.push_back({"  " + std::to_string(m.tokens) + " tokens", {tone::faint}});
  return head;
}

} // namespace

void transcript::dress(const chat_message& m, block& b) {
  b.rows.clear();
  b.rows.push_back(head_of(m));
  if (!m.thinking.empty()) {
    auto count = std::to_string(words_of(m.thinking)) + " words";
    b.rows.push_back(
        {{(thinking_ ? "▾ thought, " : "▸ thought, ") + count, {tone::faint}}});
    if (thinking_)
      add_typed(b.rows, m.thinking, columns_, {tone::faint, false, true});
  }
  if (m.role == "assistant") {
    const auto& text = b.text.rows(m.content, columns_);
    b.rows.insert(b.rows.end(), text.begin(), text.end());
  } else {
    add_typed(b.rows, m.content, columns_);
  }
  if (!m.calls.empty())
    add_typed(b.rows, "calls " + m.calls, columns_, {tone::code});
  if (!m.error.empty())
    add_typed(b.rows, m.error, columns_, {tone::bad});
  b.rows.emplace_back();
}

const lines& transcript::rows_of(const chat_message& m) {
  auto& b = blocks_[m.seq];
  if (b.version != m.version) {
    // A message that was told anew may be another one.
    if (m.state != "streaming" || !std::exchange(b.growing, m.state == "streaming"))
      b.text.reset();
    dress(m, b);
    b.version = m.version;
  }
  return b.rows;
}

void transcript::forget_far() {
  if (blocks_.size() <= most_blocks)
    return;
  blocks_.clear();
}

void transcript::go_back(const conversation& c, std::size_t rows) {
  while (rows > row_) {
    rows -= row_;
    if (at_ == 0) {
      row_ = 0;
      return;
    }
    row_ = rows_of(c.messages()[--at_]).size();
  }
  row_ -= rows;
}

void transcript::go_on(const conversation& c, std::size_t rows) {
  const auto& all = c.messages();
  while (at_ < all.size()) {
    auto left = rows_of(all[at_]).size() - row_;
    if (rows < left) {
      row_ += rows;
      return;
    }
    rows -= left;
    row_ = 0;
    ++at_;
  }
  follows_ = true;
}

void transcript::scroll(const conversation& c, long rows) {
  if (rows < 0) {
    follows_ = false;
    go_back(c, static_cast<std::size_t>(-rows));
  } else if (!follows_) {
    go_on(c, static_cast<std::size_t>(rows));
  }
}

void transcript::to_begin() {
  follows_ = false;
  at_ = row_ = 0;
}

lines transcript::view(const conversation& c, std::size_t columns, std::size_t rows,
                       bool dressed, bool choosing) {
  const auto& all = c.messages();
  auto width = columns > 2 && dressed ? columns - 2 : columns;
  if (width != columns_ || dressed != dressed_)
    blocks_.clear();
  columns_ = std::max<std::size_t>(width, 1);
  dressed_ = dressed;
  rows_ = rows;
  forget_far();
  for (bool again = true; again;) {
    again = false;
    at_ = std::min(at_, all.size());
    if (at_ < all.size())
      row_ = std::min(row_, rows_of(all[at_]).size() - 1);
    if (follows_) {
      at_ = all.size();
      row_ = 0;
      go_back(c, rows);
    }
    lines out;
    auto marked_one = choosing ? chosen(c) : nullptr;
    for (auto i = at_; i < all.size() && out.size() < rows; ++i) {
      const auto& some = rows_of(all[i]);
      for (auto k = i == at_ ? row_ : 0; k < some.size() && out.size() < rows; ++k) {
        auto row = marked(some[k], sought_);
        if (dressed)
          row.insert(row.begin(),
                     {&all[i] == marked_one && k + 1 < some.size() ? "▌ " : "  ",
                      {tone::accent}});
        out.push_back(std::move(row));
      }
    }
    // Less than what fits: the end was passed.
    if (out.size() < rows && !follows_ && (at_ > 0 || row_ > 0)) {
      follows_ = again = true;
      continue;
    }
    return out;
  }
  return {};
}

const chat_message* transcript::chosen(const conversation& c) const {
  const auto& all = c.messages();
  for (auto m = all.rbegin(); chosen_ != 0 && m != all.rend(); ++m)
    if (m->seq == chosen_)
      return &*m;
  return all.empty() ? nullptr : &all.back();
}

void transcript::choose(const conversation& c, int by) {
  const auto& all = c.messages();
  const auto* now = chosen(c);
  if (!now)
    return;
  auto index = now - all.data() + by;
  index =
      std::clamp<std::ptrdiff_t>(index, 0, static_cast<std::ptrdiff_t>(all.size()) - 1);
  chosen_ = all[static_cast<std::size_t>(index)].seq;
  at_ = static_cast<std::size_t>(index);
  row_ = 0;
  follows_ = false;
}

bool transcript::find(const conversation& c, const std::string& what, int by) {
  const auto& all = c.messages();
  bool again = what == sought_ && found_ && found_at_ < all.size();
  sought_ = what;
  found_ = false;
  if (what.empty())
    return true;
  if (all.empty())
    return false;
  // Behind the place that was found; else from what is seen.
  auto start = again      ? found_at_
               : follows_ ? all.size() - 1
                          : std::min(at_, all.size() - 1);
  for (std::size_t n = 0; n <= all.size(); ++n) {
    auto ahead = n % all.size();
    auto i = (start + (by > 0 ? ahead : all.size() - ahead)) % all.size();
    const auto& m = all[i];
    if (!holds(m.content, what) && !(thinking_ && holds(m.thinking, what)))
      continue;
    const auto& rows = rows_of(m);
    auto size = static_cast<long>(rows.size());
    auto from = by > 0 ? 0L : size - 1;
    if (n == 0 && again)
      from = static_cast<long>(found_row_) + by;
    for (auto k = from; k >= 0 && k < size; k += by)
      if (holds(plain(rows[static_cast<std::size_t>(k)]), what)) {
        found_ = true;
        at_ = found_at_ = i;
        row_ = found_row_ = static_cast<std::size_t>(k);
        follows_ = false;
        chosen_ = m.seq;
        return true;
      }
  }
  return false;
}

} // namespace conductor::cli

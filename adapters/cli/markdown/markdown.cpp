#include "adapters/cli/markdown/markdown.hpp"

#include "adapters/cli/markdown/entities.hpp"
#include "adapters/cli/markdown/table_rows.hpp"
#include "adapters/cli/text_width.hpp"

#include <md4c.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace conductor::cli {

namespace {

// What stands before the rows of a block: the first time, and then.
struct margin {
  line first, rest;
};

/// Hears of blocks and spans, and lays them out.
class layout {
public:
  layout(std::size_t columns, std::string_view source)
      : source_(source), columns_(std::max<std::size_t>(columns, 4)) {}

  void enter(MD_BLOCKTYPE type, void* detail);
  void leave(MD_BLOCKTYPE type);
  void enter(MD_SPANTYPE type, void* detail);
  void leave(MD_SPANTYPE type);
  void text(MD_TEXTTYPE type, const char* what, std::size_t size);
  lines rows() { return std::move(rows_); }

private:
  std::string_view inside(const char* text, std::size_t size) const;
  style look() const;
  std::size_t room() const;
  void put(const line& row);
  void end_row();
  void gap();
  void push(margin m) { margins_.push_back(std::move(m)); }
  void code();

  std::string_view source_;
  std::size_t columns_;
  lines rows_;
  line row_;
  std::vector<margin> margins_;
  std::vector<unsigned> numbers_; // of the lists around; 0: not numbered
  std::vector<std::string> links_;
  unsigned strong_ = 0, weak_ = 0, deleted_ = 0, coded_ = 0, heading_ = 0;
  bool gap_ = false, in_code_ = false, in_cell_ = false;
  std::string code_, language_;
  table_cells table_;
};

// Whatever the parser says: no more than the source has.
std::string_view layout::inside(const char* text, std::size_t size) const {
  const auto *begin = source_.data(), *end = begin + source_.size();
  if (!text || size == 0)
    return {};
  if (text < begin || text > end)
    return {text, std::min(size, source_.size())}; // the parser's own
  return {text, std::min(size, static_cast<std::size_t>(end - text))};
}

style layout::look() const {
  style s;
  s.bold = strong_ > 0 || heading_ > 0 || (in_cell_ && table_.size() == 1);
  s.italic = weak_ > 0;
  if (coded_ > 0)
    s.colour = tone::code;
  else if (!links_.empty())
    s.colour = tone::accent, s.underline = true;
  else if (heading_ > 0)
    s.colour = tone::head, s.underline = heading_ == 1;
  else if (deleted_ > 0)
    s.colour = tone::faint;
  return s;
}

// However deep a block lies, half of the screen is left to it.
std::size_t layout::room() const {
  std::size_t used = 0;
  for (const auto& m : margins_)
    used += width_of(m.rest);
  return std::max(columns_ - std::min(used, columns_), columns_ / 2);
}

void layout::put(const line& row) {
  line out;
  std::size_t used = 0;
  for (auto& m : margins_) {
    auto before = std::exchange(m.first, m.rest);
    used += width_of(before);
    if (used <= columns_ - room())
      out.insert(out.end(), before.begin(), before.end());
  }
  out.insert(out.end(), row.begin(), row.end());
  rows_.push_back(std::move(out));
}

void layout::end_row() {
  if (row_.empty())
    return;
  for (const auto& part : wrapped(std::exchange(row_, {}), room()))
    put(part);
}

// One empty row between blocks, none between the items of a list.
void layout::gap() {
  if (std::exchange(gap_, false) && !rows_.empty() && numbers_.empty())
    put({});
}

void layout::enter(MD_BLOCKTYPE type, void* detail) {
  switch (type) {
  case MD_BLOCK_UL:
  case MD_BLOCK_OL:
    end_row();
    gap();
    numbers_.push_back(
        type == MD_BLOCK_OL ? static_cast<MD_BLOCK_OL_DETAIL*>(detail)->start : 0);
    if (type == MD_BLOCK_OL && numbers_.back() == 0)
      numbers_.back() = 1;
    break;
  case MD_BLOCK_LI: {
    end_row();
    const auto* item = static_cast<MD_BLOCK_LI_DETAIL*>(detail);
    auto& number = numbers_.back();
    std::string mark = number == 0 ? "• " : std::to_string(number++) + ". ";
    if (item->is_task)
      mark = item->task_mark == ' ' ? "○ " : "✓ ";
    auto width = number == 0 || item->is_task ? 2 : mark.size();
    push({{{mark, {tone::accent}}}, {{std::string(width, ' '), {}}}});
    break;
  }
  case MD_BLOCK_QUOTE: {
    end_row();
    gap();
    line bar{{"▎ ", {tone::faint}}};
    push({bar, bar});
    break;
  }
  case MD_BLOCK_H:
    gap();
    heading_ = static_cast<MD_BLOCK_H_DETAIL*>(detail)->level;
    break;
  case MD_BLOCK_HR: {
    gap();
    std::string rule;
    for (std::size_t i = 0; i < room(); ++i)
      rule += "─";
    put({{rule, {tone::faint}}});
    gap_ = true;
    break;
  }
  case MD_BLOCK_CODE: {
    end_row();
    gap();
    const auto& of = static_cast<MD_BLOCK_CODE_DETAIL*>(detail)->lang;
    language_ = cleaned(inside(of.text, of.size));
    in_code_ = true;
    break;
  }
  case MD_BLOCK_TABLE:
    gap();
    table_.clear();
    break;
  case MD_BLOCK_TR:
    table_.emplace_back();
    break;
  case MD_BLOCK_TH:
  case MD_BLOCK_TD:
    in_cell_ = true;
    break;
  case MD_BLOCK_P:
    end_row();
    gap();
    break;
  default:
    break;
  }
}

void layout::leave(MD_BLOCKTYPE type) {
  switch (type) {
  case MD_BLOCK_UL:
  case MD_BLOCK_OL:
    numbers_.pop_back();
    gap_ = true;
    break;
  case MD_BLOCK_LI:
    end_row();
    if (!margins_.back().first.empty() && margins_.back().first != margins_.back().rest)
      put({}); // an item with nothing in it yet
    margins_.pop_back();
    break;
  case MD_BLOCK_QUOTE:
    margins_.pop_back();
    gap_ = true;
    break;
  case MD_BLOCK_CODE:
    code();
    gap_ = true;
    break;
  case MD_BLOCK_TABLE:
    for (const auto& row : table_rows(table_, room()))
      put(row);
    gap_ = true;
    break;
  case MD_BLOCK_TH:
  case MD_BLOCK_TD:
    in_cell_ = false;
    table_.back().push_back(std::exchange(row_, {}));
    break;
  case MD_BLOCK_H:
  case MD_BLOCK_P:
    end_row();
    heading_ = 0;
    gap_ = true;
    break;
  default:
    break;
  }
}

void layout::code() {
  in_code_ = false;
  line bar{{"│ ", {tone::faint}}};
  push({bar, bar});
  if (!language_.empty())
    put(fitted(line{{language_, {tone::faint, false, true}}},
               std::min(room(), text_width(language_))));
  auto text = std::exchange(code_, {});
  if (!text.empty() && text.back() == '\n')
    text.pop_back();
  std::string_view rest = text;
  for (bool more = true; more;) {
    auto end = rest.find('\n');
    more = end != rest.npos;
    for (const auto& part : chopped({piece(rest.substr(0, end), {tone::code})}, room()))
      put(part);
    rest.remove_prefix(more ? end + 1 : rest.size());
  }
  margins_.pop_back();
}

void layout::enter(MD_SPANTYPE type, void* detail) {
  if (type == MD_SPAN_STRONG)
    ++strong_;
  else if (type == MD_SPAN_EM)
    ++weak_;
  else if (type == MD_SPAN_DEL)
    ++deleted_;
  else if (type == MD_SPAN_CODE)
    ++coded_;
  else if (type == MD_SPAN_A || type == MD_SPAN_IMG) {
    const auto& to = type == MD_SPAN_A ? static_cast<MD_SPAN_A_DETAIL*>(detail)->href
                                       : static_cast<MD_SPAN_IMG_DETAIL*>(detail)->src;
    links_.push_back(cleaned(inside(to.text, to.size)));
  }
}

void layout::leave(MD_SPANTYPE type) {
  if (type == MD_SPAN_STRONG)
    --strong_;
  else if (type == MD_SPAN_EM)
    --weak_;
  else if (type == MD_SPAN_DEL)
    --deleted_;
  else if (type == MD_SPAN_CODE)
    --coded_;
  else if (type == MD_SPAN_A || type == MD_SPAN_IMG) {
    auto to = std::move(links_.back());
    links_.pop_back();
    // Whoever follows a link sees where it leads.
    if (!to.empty() && plain(row_).find(to) == std::string::npos)
      append(row_, " (" + to + ")", {tone::faint});
  }
}

void layout::text(MD_TEXTTYPE type, const char* from, std::size_t size) {
  auto what = inside(from, size);
  if (in_code_)
    code_ += what;
  else if (type == MD_TEXT_BR)
    in_cell_ ? append(row_, " ", {}) : end_row();
  else if (type == MD_TEXT_SOFTBR)
    append(row_, " ", look());
  else if (type == MD_TEXT_ENTITY)
    append(row_, cleaned(entity_text(what)), look());
  else
    append(row_, cleaned(what), look());
}

layout& of(void* user) {
  return *static_cast<layout*>(user);
}

} // namespace

lines markdown_lines(std::string_view text, std::size_t columns) {
  // md4c 0.4.8 looks at what stands behind the text for the end of a link that has none,
  // and then takes for text all that follows in memory.
  const auto own = std::string(text) + "\n";
  layout all(columns, own);
  MD_PARSER parser{};
  parser.flags = MD_DIALECT_GITHUB | MD_FLAG_NOHTML | MD_FLAG_NOINDENTEDCODEBLOCKS;
  parser.enter_block = [](MD_BLOCKTYPE t, void* d, void* u) {
    return of(u).enter(t, d), 0;
  };
  parser.leave_block = [](MD_BLOCKTYPE t, void*, void* u) { return of(u).leave(t), 0; };
  parser.enter_span = [](MD_SPANTYPE t, void* d, void* u) {
    return of(u).enter(t, d), 0;
  };
  parser.leave_span = [](MD_SPANTYPE t, void*, void* u) { return of(u).leave(t), 0; };
  parser.text = [](MD_TEXTTYPE t, const MD_CHAR* s, MD_SIZE n, void* u) {
    return of(u).text(t, s, n), 0;
  };
  md_parse(own.data(), static_cast<MD_SIZE>(own.size()), &parser, &all);
  return all.rows();
}

} // namespace conductor::cli

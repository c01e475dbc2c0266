#include "adapters/cli/markdown/layout.hpp"

#include "adapters/cli/text_width.hpp"

namespace conductor::cli {

void markdown_layout::enter(MD_BLOCKTYPE type, void* detail) {
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

void markdown_layout::leave(MD_BLOCKTYPE type) {
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

void markdown_layout::code() {
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

} // namespace conductor::cli

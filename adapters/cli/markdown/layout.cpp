#include "adapters/cli/markdown/layout.hpp"

#include "adapters/cli/markdown/entities.hpp"

namespace conductor::cli {

// Whatever the parser says: no more than the source has.
std::string_view markdown_layout::inside(const char* text, std::size_t size) const {
  const auto *begin = source_.data(), *end = begin + source_.size();
  if (!text || size == 0)
    return {};
  if (text < begin || text > end)
    return {text, std::min(size, source_.size())}; // the parser's own
  return {text, std::min(size, static_cast<std::size_t>(end - text))};
}

style markdown_layout::look() const {
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
std::size_t markdown_layout::room() const {
  std::size_t used = 0;
  for (const auto& m : margins_)
    used += width_of(m.rest);
  return std::max(columns_ - std::min(used, columns_), columns_ / 2);
}

void markdown_layout::put(const line& row) {
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

void markdown_layout::end_row() {
  if (row_.empty())
    return;
  for (const auto& part : wrapped(std::exchange(row_, {}), room()))
    put(part);
}

// One empty row between blocks, none between the items of a list.
void markdown_layout::gap() {
  if (std::exchange(gap_, false) && !rows_.empty() && numbers_.empty())
    put({});
}

void markdown_layout::enter(MD_SPANTYPE type, void* detail) {
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

void markdown_layout::leave(MD_SPANTYPE type) {
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

void markdown_layout::text(MD_TEXTTYPE type, const char* from, std::size_t size) {
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

} // namespace conductor::cli

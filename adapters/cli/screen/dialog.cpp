#include "adapters/cli/screen/dialog.hpp"

#include "adapters/cli/text_width.hpp"

#include <algorithm>
#include <utility>

namespace conductor::cli {

dialog dialog::confirm(std::string question, answer yes) {
  return {kind::confirm, std::move(question), std::move(yes)};
}

dialog dialog::ask(std::string question, std::string text, answer done, answer as_typed) {
  dialog d(kind::ask, std::move(question), std::move(done));
  d.text_.set(text);
  d.as_typed_ = std::move(as_typed);
  return d;
}

dialog dialog::choose(std::string question, std::vector<std::string> items, answer done,
                      bool free) {
  dialog d(kind::choose, std::move(question), std::move(done));
  d.items_ = std::move(items);
  d.free_ = free;
  return d;
}

std::vector<std::string> dialog::fitting() const {
  std::vector<std::string> found;
  auto wanted = text_.text();
  for (const auto& item : items_)
    if (holds(item, wanted))
      found.push_back(item);
  return found;
}

bool dialog::press(const key& k) {
  if (k.is == key::kind::escape || k.with_ctrl("c") || k.with_ctrl("g")) {
    if (as_typed_)
      as_typed_("");
    return true;
  }
  if (is_ == kind::confirm) {
    if (k.typed("y") || k.typed("Y"))
      done_("y");
    return k.is == key::kind::text || k.is == key::kind::enter;
  }
  auto found = fitting();
  if (k.is == key::kind::enter) {
    auto text = text_.text();
    if (is_ == kind::choose && !found.empty())
      text = found[std::min(chosen_, found.size() - 1)];
    else if (is_ == kind::choose && !free_)
      return false;
    if (!text.empty() || is_ == kind::ask)
      done_(text);
    return true;
  }
  if (is_ == kind::choose && (k.is == key::kind::up || k.is == key::kind::down)) {
    if (k.is == key::kind::up)
      chosen_ -= chosen_ > 0;
    else
      chosen_ += chosen_ + 1 < found.size();
    return false;
  }
  if (text_.press(k)) {
    chosen_ = 0;
    if (as_typed_)
      as_typed_(text_.text());
  }
  return false;
}

lines dialog::view(std::size_t columns, std::size_t rows,
                   std::optional<cursor>& at) const {
  const style head{tone::head};
  at.reset();
  if (is_ == kind::confirm) {
    auto asked = wrapped({piece(question_ + " (y/n)", head)}, columns);
    if (asked.size() > rows)
      asked.erase(asked.begin(), asked.end() - static_cast<std::ptrdiff_t>(rows));
    return asked;
  }
  lines out;
  if (is_ == kind::choose && rows > 1) {
    auto found = fitting();
    auto room = std::min<std::size_t>(rows - 1, 8);
    auto chosen = found.empty() ? 0 : std::min(chosen_, found.size() - 1);
    auto first = chosen >= room ? chosen - room + 1 : 0;
    for (auto i = first; i < found.size() && i < first + room; ++i)
      out.push_back(
          fitted(line{piece(" " + found[i], {.reverse = i == chosen})}, columns));
    if (found.empty())
      out.push_back(fitted(
          line{piece(free_ ? " (what is typed)" : " (none)", {tone::faint})}, columns));
  }
  auto label = piece(question_ + " ", head);
  auto width = text_width(label.text);
  if (width + 8 > columns) {
    label = piece("> ", head);
    width = 2;
  }
  cursor inside;
  auto typed = text_.view(columns > width ? columns - width : 2, 1, inside);
  line last{label};
  last.insert(last.end(), typed[0].begin(), typed[0].end());
  out.push_back(std::move(last));
  at = cursor{static_cast<unsigned>(out.size() - 1),
              static_cast<unsigned>(width + inside.column)};
  return out;
}

bool press_asked(std::optional<dialog>& asked, const key& k) {
  if (!asked)
    return false;
  auto now = std::exchange(asked, std::nullopt);
  if (!now->press(k) && !asked)
    asked = std::move(now);
  return true;
}

} // namespace conductor::cli

#include "adapters/cli/chat/chat_list.hpp"

#include "adapters/cli/record.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace conductor::cli {

std::string title_text(const std::string& title) {
  return title.empty() ? "(no title)" : title;
}

void chat_list::take(const nlohmann::json& sessions, bool whole) {
  auto chosen_id = chosen() ? chosen()->id : "";
  std::set<std::string> told;
  for (const auto& s : sessions) {
    if (!s.is_object())
      continue;
    listed_chat fresh{text_of(s, "id"), text_of(s, "title"), text_of(s, "model"),
                      text_of(s, "updated_at"),
                      static_cast<std::uint64_t>(number_of(s, "version"))};
    told.insert(fresh.id);
    fresh.busy = busy_.contains(fresh.id);
    auto [seen, first] = seen_.emplace(fresh.id, fresh.version);
    fresh.unread = seen->second < fresh.version;
    std::erase_if(all_, [&](const listed_chat& c) { return c.id == fresh.id; });
    all_.push_back(std::move(fresh));
  }
  if (whole)
    std::erase_if(all_, [&](const listed_chat& c) { return !told.contains(c.id); });
  std::stable_sort(all_.begin(), all_.end(), [](const auto& a, const auto& b) {
    return a.updated > b.updated; // all in one form and zone
  });
  choose(chosen_id);
}

void chat_list::take_busy(const nlohmann::json& generations) {
  busy_.clear();
  for (const auto& g : generations)
    if (g.is_object())
      busy_.insert(text_of(g, "session"));
  for (auto& c : all_)
    c.busy = busy_.contains(c.id);
}

void chat_list::seen(const std::string& id) {
  for (auto& c : all_)
    if (c.id == id) {
      seen_[id] = c.version;
      c.unread = false;
    }
}

void chat_list::gone(const std::string& id) {
  std::erase_if(all_, [&](const listed_chat& c) { return c.id == id; });
}

std::vector<const listed_chat*> chat_list::shown() const {
  std::vector<const listed_chat*> found;
  for (const auto& c : all_)
    if (holds(c.title, filter_) || holds(c.model, filter_))
      found.push_back(&c);
  return found;
}

void chat_list::move(long by) {
  auto size = static_cast<long>(shown().size());
  if (size > 0)
    at_ = static_cast<std::size_t>(
        std::clamp<long>(static_cast<long>(at_) + by, 0, size - 1));
}

void chat_list::choose(const std::string& id) {
  auto found = shown();
  for (std::size_t i = 0; i < found.size(); ++i)
    if (found[i]->id == id)
      at_ = i;
}

const listed_chat* chat_list::chosen() const {
  auto found = shown();
  return found.empty() ? nullptr : found[std::min(at_, found.size() - 1)];
}

const listed_chat* chat_list::find(const std::string& id) const {
  auto at = std::find_if(all_.begin(), all_.end(),
                         [&](const listed_chat& c) { return c.id == id; });
  return at == all_.end() ? nullptr : &*at;
}

lines chat_list::view(std::size_t columns, std::size_t rows, bool focused,
                      const std::vector<std::string>& open) {
  lines out;
  auto found = shown();
  at_ = found.empty() ? 0 : std::min(at_, found.size() - 1);
  first_ = std::min(first_, at_);
  if (rows > 0 && at_ >= first_ + rows)
    first_ = at_ - rows + 1;
  for (auto i = first_; i < found.size() && out.size() < rows; ++i) {
    const auto& c = *found[i];
    bool here = focused && i == at_;
    bool shown = std::find(open.begin(), open.end(), c.id) != open.end();
    line row{{c.busy     ? "▸ "
              : c.unread ? "● "
                         : "  ",
              {c.busy ? tone::good : tone::warn}},
             piece(title_text(c.title),
                   {c.title.empty() ? tone::faint : tone::plain, shown || c.unread})};
    row = fitted(std::move(row), columns);
    if (here)
      for (auto& s : row)
        s.look.reverse = true;
    out.push_back(std::move(row));
  }
  if (out.empty() && rows > 0)
    out.push_back(fitted(line{{"  (none)", {tone::faint}}}, columns));
  return out;
}

const listed_chat* chat_list::at_row(std::size_t row) const {
  auto found = shown();
  return first_ + row < found.size() ? found[first_ + row] : nullptr;
}

} // namespace conductor::cli

#pragma once

#include "adapters/cli/screen/text.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace conductor::cli {

/// A conversation of the list.
struct listed_chat {
  std::string id, title, model, updated;
  std::uint64_t version = 0;
  bool busy = false;   ///< an answer is under way
  bool unread = false; ///< it changed since it was shown
};

/// The node's conversations, the one last used first, and which of them is chosen.
class chat_list {
public:
  /// What the node says of some of them; with `whole` there are no others.
  void take(const nlohmann::json& sessions, bool whole);

  /// The sessions of answers in flight, as in `/conductor/v1/generations`.
  void take_busy(const nlohmann::json& generations);

  /// It is before somebody's eyes, or was just now.
  void seen(const std::string& id);
  void gone(const std::string& id);

  /// Only those whose title or model holds a text.
  void filter(std::string text) { filter_ = std::move(text), at_ = 0; }
  const std::string& filter() const { return filter_; }

  std::vector<const listed_chat*> shown() const;
  void move(long by);
  void choose(const std::string& id);
  const listed_chat* chosen() const;
  const listed_chat* find(const std::string& id) const;
  bool empty() const { return all_.empty(); }

  /// Rows, the chosen one marked where the list has the keys; those of `open` are bold.
  lines view(std::size_t columns, std::size_t rows, bool focused,
             const std::vector<std::string>& open);

  /// The conversation in a row of the last view.
  const listed_chat* at_row(std::size_t row) const;

private:
  std::vector<listed_chat> all_;
  std::map<std::string, std::uint64_t> seen_; ///< version
  std::set<std::string> busy_;
  std::string filter_;
  std::size_t at_ = 0, first_ = 0;
};

/// A title for people, also where there is none.
std::string title_text(const std::string& title);

} // namespace conductor::cli

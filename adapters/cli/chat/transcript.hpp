#pragma once

#include "adapters/cli/chat/conversation.hpp"
#include "adapters/cli/markdown/markdown.hpp"
#include "adapters/cli/screen/text.hpp"

#include <cstddef>
#include <map>
#include <string>

namespace conductor::cli {

/// The part of a conversation that is seen. It lays out the messages that are seen, and
/// those on the way to them, so that one of thousands costs no more than a short one.
/// At the end it follows what comes; elsewhere it stays where it is.
class transcript {
public:
  /// The rows that are seen, at most `rows`; `chosen` has a mark where messages are
  /// chosen. Without `dressed`: the words alone, as for a mouse.
  lines view(const conversation& c, std::size_t columns, std::size_t rows,
             bool dressed = true, bool choosing = false);

  void scroll(const conversation& c, long rows);
  void to_begin();
  void to_end() { follows_ = true; }
  bool follows() const { return follows_; }

  /// Chooses the message before (-1) or behind (1) the one that is chosen.
  void choose(const conversation& c, int by);

  /// The message that is chosen, or else the last one; null: there is none.
  const chat_message* chosen(const conversation& c) const;

  /// Shows thinking, or only that there was some.
  void turn_thinking() { thinking_ = !thinking_, blocks_.clear(); }

  /// Marks a text where it is seen and goes to the next (1) or the last (-1) place that
  /// has it. False: there is none. Empty: marks nothing.
  bool find(const conversation& c, const std::string& what, int by);
  const std::string& sought() const { return sought_; }

private:
  /// One message laid out.
  struct block {
    std::uint64_t version = 0;
    growing_markdown text;
    lines rows;
    bool growing = false; ///< its text only grew since
  };

  const lines& rows_of(const chat_message& m);
  void dress(const chat_message& m, block& b);
  void go_back(const conversation& c, std::size_t rows);
  void go_on(const conversation& c, std::size_t rows);
  void forget_far();

  std::map<std::uint64_t, block> blocks_; ///< by the message's seq
  std::size_t columns_ = 80, rows_ = 24;
  std::size_t at_ = 0, row_ = 0; ///< the first row seen: of which message, and in it
  bool follows_ = true, thinking_ = false, dressed_ = true;
  std::uint64_t chosen_ = 0; ///< seq; 0: the last one
  std::string sought_;
  bool found_ = false;                       ///< the last search found something
  std::size_t found_at_ = 0, found_row_ = 0; ///< there
};

} // namespace conductor::cli

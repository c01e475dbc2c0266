#pragma once

#include "adapters/cli/screen/dialog.hpp"
#include "adapters/cli/screen/screen.hpp"
#include "adapters/cli/top/sections.hpp"

#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace conductor::cli {

/// What somebody at the keys wants of the node; each may be called from press().
struct top_orders {
  std::function<void()> quit;
  std::function<void()> suspend;
  std::function<void()> redraw; ///< all of the terminal, anew
  std::function<void(topic, const std::string& id)> open;
  std::function<void(const std::string& id)> cancel; ///< an answer, waiting or not
  std::function<void(const std::string& session)> cancel_turn;
  std::function<void(const std::string& backend, bool drains)> drain;
  std::function<void(const std::string&model, const std::string&backend)> load, unload;
  std::function<void()> models; ///< which there are shall be offered
};

/// What is shown of a node, and what the keys make of it: which table has the keys, the
/// row that is chosen, the order, what is looked for, one thing seen closely. Knows
/// neither terminal nor connection.
class top_view {
public:
  explicit top_view(top_orders orders) : orders_(std::move(orders)) {}

  /// Does what the key says, to the tables as frame() showed them last.
  void press(const key& k, const node_state& node);

  /// The screen, and where its cursor is.
  lines frame(const node_state& node, moment now, std::size_t columns, std::size_t rows,
              std::optional<cursor>& at);

  /// Shows one thing closely, until a key leaves it; its rows are broken to fit.
  void show(std::string title, lines text);

  /// A sentence that is shown until the next key.
  void say(std::string notice, bool bad = false);

  /// The models that can be loaded, for who is asked which.
  void offer(std::vector<std::string> models);

private:
  struct table {
    std::string chosen, chosen_model; ///< the row, by what it stands for
    std::size_t at = 0;               ///< where it stood last
    std::size_t sort = none;          ///< the column; none: as the node has it
    bool down = false;
  };
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  section shown_section(topic about, const node_state& node, moment now) const;
  void press_table(const key& k, const node_state& node);
  void press_detail(const key& k);
  void order(const key& k, const node_state& node);
  void move(long by);
  void sort(bool turns);
  std::size_t find_chosen(const section& s);
  const entry* chosen() const;
  table& focused() { return tables_[static_cast<std::size_t>(focus_)]; }

  lines table_rows(const section& s, std::size_t columns, std::size_t rows);
  lines tables(const std::vector<section>& all, std::size_t columns, std::size_t rows);
  lines detail_rows(std::size_t columns, std::size_t rows);
  line tabs(const std::vector<section>& all, std::size_t columns) const;
  line footer(std::size_t columns) const;

  top_orders orders_;
  std::array<table, topics> tables_;
  topic focus_ = topic::answers;
  section seen_; ///< the one with the keys, as it was shown last
  moment now_{}; ///< of the last frame
  std::string filter_;
  bool only_failures_ = false; ///< of the recent requests
  std::optional<dialog> asked_;
  std::string title_;
  std::optional<lines> detail_;
  std::size_t top_row_ = 0, detail_rows_ = 0, page_ = 10;
  std::string notice_;
  bool bad_ = false;
  std::vector<std::string> models_;
};

/// What the keys do, for people.
lines top_help();

} // namespace conductor::cli

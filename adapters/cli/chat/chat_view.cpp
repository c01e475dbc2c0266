#include "adapters/cli/chat/chat_view.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

namespace conductor::cli {

chat_view::opened* chat_view::current() {
  return panes_.empty() ? nullptr : &opened_.at(panes_[pane_]);
}

const std::string& chat_view::current_id() const {
  static const std::string none;
  return panes_.empty() ? none : panes_[pane_];
}

bool chat_view::take(const std::string& session, const nlohmann::json& event) {
  auto at = opened_.find(session);
  return at != opened_.end() && at->second.talk.take(event);
}

void chat_view::open(const std::string& session, bool beside) {
  opened_.try_emplace(session);
  auto there = std::find(panes_.begin(), panes_.end(), session);
  if (there != panes_.end()) {
    pane_ = static_cast<std::size_t>(there - panes_.begin());
  } else if (panes_.empty()) {
    panes_.push_back(session);
    pane_ = 0;
  } else if (beside && panes_.size() == 1) {
    panes_.push_back(session);
    pane_ = 1;
  } else {
    panes_[pane_] = session;
  }
  list_.choose(session);
  orders_.open(session);
}

void chat_view::close(const std::string& session) {
  std::erase(panes_, session);
  pane_ = 0;
  opened_.erase(session);
  list_.gone(session);
  if (const auto* c = list_.chosen(); c && panes_.empty())
    open(std::string(c->id));
}

void chat_view::give_back(const std::string& session, const std::string& text) {
  if (auto at = opened_.find(session); at != opened_.end() && at->second.input.empty())
    at->second.input.set(text);
}

std::vector<std::pair<std::string, std::uint64_t>> chat_view::followed() const {
  std::vector<std::pair<std::string, std::uint64_t>> all;
  for (const auto& [id, o] : opened_)
    all.emplace_back(id, o.talk.next_event());
  return all;
}

void chat_view::offer(std::vector<std::string> models) {
  models_ = std::move(models);
  if (asked_)
    asked_->offer(models_);
}

void chat_view::say(std::string notice, bool bad) {
  notice_ = std::move(notice);
  bad_ = bad;
}

void chat_view::begin() {
  asked_ = dialog::choose("Model:", models_, [this](const std::string& model) {
    orders_.create(model);
    focus_ = place::input;
  });
  orders_.models();
}

std::string last_code(const std::string& markdown) {
  std::string found, code;
  std::string_view fence;
  for (std::string_view rest = markdown; !rest.empty();) {
    auto end = std::min(rest.find('\n'), rest.size());
    auto row = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    auto mark = row.substr(std::min(row.find_first_not_of(' '), row.size()));
    auto length =
        std::min(mark.find_first_not_of(mark.empty() ? '`' : mark[0]), mark.size());
    bool is_fence = length >= 3 && (mark[0] == '`' || mark[0] == '~');
    if (fence.empty() && is_fence) {
      fence = mark.substr(0, length);
      code.clear();
    } else if (!fence.empty() && is_fence && mark.starts_with(fence)) {
      fence = {};
      found = code;
    } else if (!fence.empty()) {
      code.append(row).append("\n");
    }
  }
  return fence.empty() ? found : code;
}

} // namespace conductor::cli

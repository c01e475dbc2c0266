#include "tests/support/ollama/script_book.hpp"

namespace conductor::test {

namespace {

script pop(std::deque<script>& queue) {
  auto first = std::move(queue.front());
  queue.pop_front();
  return first;
}

} // namespace

script script_book::take(std::string_view route, bool is_answer) {
  std::lock_guard lock(mutex_);
  if (auto found = once_.find(route); found != once_.end() && !found->second.empty())
    return pop(found->second);
  if (is_answer && !next_.empty())
    return pop(next_);
  if (auto found = always_.find(route); found != always_.end())
    return found->second;
  // The default describes answers: lists and the like stay healthy.
  return is_answer ? default_ : script{};
}

void script_book::set_default(script s) {
  std::lock_guard lock(mutex_);
  default_ = std::move(s);
}

void script_book::next(script s) {
  std::lock_guard lock(mutex_);
  next_.push_back(std::move(s));
}

void script_book::on(std::string route, script s) {
  std::lock_guard lock(mutex_);
  once_[std::move(route)].push_back(std::move(s));
}

void script_book::always(std::string route, script s) {
  std::lock_guard lock(mutex_);
  always_[std::move(route)] = std::move(s);
}

void script_book::reset() {
  std::lock_guard lock(mutex_);
  default_ = {};
  next_.clear();
  once_.clear();
  always_.clear();
}

} // namespace conductor::test

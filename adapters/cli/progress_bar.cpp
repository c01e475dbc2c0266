#include "adapters/cli/progress_bar.hpp"

#include "adapters/cli/human.hpp"

#include <algorithm>

namespace conductor::cli {

namespace {

constexpr std::size_t max_samples = 10;

std::string padded(const std::string& text, std::size_t width = 6) {
  return std::string(width - std::min(width, text.size()), ' ') + text;
}

std::string repeated(const char* text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i)
    out += text;
  return out;
}

double whole_seconds(progress_bar::time_point from, progress_bar::time_point to) {
  return static_cast<double>(std::chrono::round<std::chrono::seconds>(to - from).count());
}

} // namespace

progress_bar::progress_bar(std::string message, std::int64_t total, std::int64_t done,
                           time_point now)
    : message_(std::move(message))
    , total_(total)
    , first_(done)
    , done_(done)
    , started_(now) {
  if (done >= total)
    stopped_ = now;
}

void progress_bar::set(std::int64_t done, time_point now) {
  done_ = std::min(done, total_);
  if (done_ >= total_ && !stopped_)
    stopped_ = now;
  if (samples_.empty() || now - samples_.back().at > std::chrono::seconds(1)) {
    samples_.push_back({now, done_});
    if (samples_.size() > max_samples)
      samples_.pop_front();
  }
}

double progress_bar::rate() const {
  if (samples_.empty())
    return 0;
  const auto& last = samples_.back();
  auto from = samples_.size() == 1 ? sample{started_, first_} : samples_.front();
  auto span = whole_seconds(from.at, last.at);
  return span == 0 ? 0 : static_cast<double>(last.done - from.done) / span;
}

std::string progress_bar::render(unsigned columns) const {
  auto share =
      total_ > 0 ? static_cast<double>(done_) / static_cast<double>(total_) : 0.0;
  auto before = message_.empty() ? "" : message_ + " ";
  before += padded(fixed(share * 100, 0), 3) + "%";

  std::string after;
  auto speed = rate();
  if (stopped_)
    after = padded(human_bytes(total_)) + std::string(7, ' ');
  else
    after = padded(human_bytes(done_)) + "/" + padded(human_bytes(total_));
  if (!stopped_ && speed > 0) {
    std::chrono::seconds left(
        static_cast<std::int64_t>(static_cast<double>(total_ - done_) / speed));
    after += "  " + padded(human_bytes(static_cast<std::int64_t>(speed))) + "/s";
    after += "  " + padded(short_duration(left));
  } else {
    after += std::string(18, ' ');
  }

  // The bar's two borders and a space on each side, and one to spare.
  auto room =
      static_cast<int>(columns) - static_cast<int>(before.size() + after.size()) - 5;
  auto full = static_cast<int>(room * share);
  return before + " ▕" + repeated("█", full) + repeated(" ", room - full) + "▏ " + after;
}

} // namespace conductor::cli

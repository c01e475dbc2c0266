#include "tests/bench/load/answer_reader.hpp"

#include "tests/bench/load/plan.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstring>

namespace conductor::bench {

namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  auto lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

} // namespace

void answer_reader::reset() {
  at_ = state::head;
  head_.clear();
  partial_.clear();
  left_ = 0;
  status_ = 0;
}

bool answer_reader::next(std::string_view& input, std::string_view& record) {
  while (!input.empty() && at_ != state::over) {
    switch (at_) {
    case state::head:
      read_head(input);
      break;
    case state::size:
      read_size(input);
      break;
    case state::data:
      if (read_data(input, record))
        return true;
      break;
    case state::data_end:
      read_data_end(input);
      break;
    case state::trailer:
      read_trailer(input);
      break;
    case state::over:
      break;
    }
  }
  return false;
}

void answer_reader::read_head(std::string_view& input) {
  auto before = head_.size();
  head_ += input;
  auto end = head_.find("\r\n\r\n", before < 3 ? 0 : before - 3);
  if (end == head_.npos) {
    input = {};
    if (head_.size() > 65'536)
      throw load_error("a response head without an end");
    return;
  }
  input.remove_prefix(end + 4 - before);
  head_.resize(end + 2);
  take_head();
}

void answer_reader::take_head() {
  if (head_.size() < 12 || !head_.starts_with("HTTP/1.1 "))
    throw load_error("no HTTP/1.1 response: " + head_.substr(0, 60));
  std::from_chars(&head_[9], &head_[12], status_);
  std::transform(head_.begin(), head_.end(), head_.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  chunked_ = head_.find("\r\ntransfer-encoding: chunked\r\n") != head_.npos;
  if (chunked_) {
    at_ = state::size;
    digits_ = 0;
    extension_ = false;
    return;
  }
  constexpr std::string_view name = "\r\ncontent-length: ";
  auto length = head_.find(name);
  if (length == head_.npos)
    throw load_error("a response neither chunked nor with a length: " + head_);
  auto from = head_.data() + length + name.size();
  std::from_chars(from, head_.data() + head_.size(), left_);
  at_ = state::data;
  if (left_ == 0)
    finish();
}

void answer_reader::read_size(std::string_view& input) {
  auto c = input.front();
  input.remove_prefix(1);
  if (c == '\n') {
    if (digits_ == 0)
      throw load_error("malformed chunk size");
    blank_ = true;
    at_ = left_ == 0 ? state::trailer : state::data;
  } else if (auto value = hex_value(c); value >= 0 && !extension_) {
    if (++digits_ > 8)
      throw load_error("a chunk size of more than eight digits");
    left_ = left_ * 16 + static_cast<unsigned>(value);
  } else if (c == '\r' || c == ';' || extension_) {
    extension_ = true;
  } else {
    throw load_error("malformed chunk size");
  }
}

bool answer_reader::read_data(std::string_view& input, std::string_view& record) {
  auto piece = input.substr(0, left_);
  auto end = static_cast<const char*>(std::memchr(piece.data(), '\n', piece.size()));
  auto used = end ? static_cast<std::size_t>(end - piece.data()) + 1 : piece.size();
  input.remove_prefix(used);
  left_ -= used;
  auto text = piece.substr(0, end ? used - 1 : used);
  if (end && partial_.empty()) {
    record = text;
  } else {
    partial_ += text;
    if (end) {
      line_.swap(partial_);
      partial_.clear();
      record = line_;
    }
  }
  if (end && status_ != 200)
    throw load_error("status " + std::to_string(status_) + ": " + std::string(record));
  if (left_ == 0)
    data_over();
  return end != nullptr;
}

void answer_reader::data_over() {
  if (!chunked_)
    return finish();
  at_ = state::data_end;
  border_ = 0;
}

void answer_reader::read_data_end(std::string_view& input) {
  if (input.front() != "\r\n"[border_])
    throw load_error("a chunk's data does not end where its size says");
  input.remove_prefix(1);
  if (++border_ < 2)
    return;
  at_ = state::size;
  digits_ = 0;
  extension_ = false;
}

void answer_reader::read_trailer(std::string_view& input) {
  auto c = input.front();
  input.remove_prefix(1);
  if (c == '\n') {
    if (blank_)
      return finish();
    blank_ = true;
  } else if (c != '\r') {
    blank_ = false;
  }
}

void answer_reader::finish() {
  at_ = state::over;
  if (status_ != 200)
    throw load_error("status " + std::to_string(status_) + ": " + partial_);
  if (!partial_.empty())
    throw load_error("the answer's last line has no end: " + partial_);
}

} // namespace conductor::bench

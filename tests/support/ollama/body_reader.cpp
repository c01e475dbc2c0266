#include "tests/support/ollama/body_reader.hpp"

#include <algorithm>
#include <charconv>

namespace conductor::test {

namespace asio = boost::asio;

body_reader::body_reader(connection& from, const http_request& head)
    : from_(from)
    , phase_(head.chunked                  ? phase::chunk_size
             : head.length.value_or(0) > 0 ? phase::length
                                           : phase::end)
    , left_(head.length.value_or(0)) {
  auto expects = head.field("Expect");
  expects_continue_ = expects && same_text(*expects, "100-continue");
}

bool body_reader::take_line(std::string& line) {
  auto& input = from_.input();
  auto end = input.find("\r\n");
  if (end == input.npos)
    return false;
  line = input.substr(0, end);
  input.erase(0, end + 2);
  return true;
}

// One step from what is at hand; false: broken.
bool body_reader::step(std::string& out, bool& progress) {
  auto& input = from_.input();
  std::string line;
  progress = false;
  switch (phase_) {
  case phase::length:
  case phase::chunk_data: {
    auto n = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size()));
    out.append(input, 0, n);
    input.erase(0, n);
    left_ -= n;
    if (left_ == 0)
      phase_ = phase_ == phase::length ? phase::end : phase::chunk_end;
    progress = n > 0;
    return true;
  }
  case phase::chunk_size: {
    if (!take_line(line))
      return input.size() < 256;
    auto [at, wrong] = std::from_chars(line.data(), line.data() + line.size(), left_, 16);
    if (wrong != std::errc() || at == line.data())
      return false;
    phase_ = left_ == 0 ? phase::trailer : phase::chunk_data;
    progress = true;
    return true;
  }
  case phase::chunk_end:
    if ((progress = take_line(line)))
      phase_ = phase::chunk_size;
    return line.empty() && (progress || input.size() < 2);
  case phase::trailer:
    if ((progress = take_line(line)) && line.empty())
      phase_ = phase::end;
    return true;
  case phase::end:
    return true;
  }
  return true;
}

// Written plainly, one wait per statement: GCC 12 compiles co_await inside unbraced loops
// and conditions of these members to a trap.
asio::awaitable<bool> body_reader::read(std::string& out) {
  const auto before = out.size();
  if (expects_continue_ && !at_end() && from_.input().empty()) {
    expects_continue_ = false;
    const bool sent = co_await from_.write("HTTP/1.1 100 Continue\r\n\r\n");
    if (!sent) {
      co_return false;
    }
  }
  for (;;) {
    bool progress = true;
    while (progress && !at_end()) {
      if (!step(out, progress)) {
        co_return false;
      }
    }
    if (at_end() || out.size() > before) {
      co_return true;
    }
    const bool filled = co_await from_.fill();
    if (!filled) {
      co_return false;
    }
  }
}

asio::awaitable<bool> body_reader::read_all(std::string& out) {
  bool whole = true;
  while (whole && !at_end()) {
    whole = co_await read(out);
  }
  co_return whole;
}

} // namespace conductor::test

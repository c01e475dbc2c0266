#include "adapters/lane/outbox.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace conductor {
namespace {

std::string chunk_head(std::size_t size) {
  char line[20];
  const auto end = std::to_chars(line, line + 16, size, 16).ptr;
  end[0] = '\r';
  end[1] = '\n';
  return {line, end + 2};
}

} // namespace

void outbox::body(bytes data, bool chunked) {
  if (data.empty())
    return; // an empty chunk would end the body
  if (chunked)
    push({chunk_head(data.size()), std::move(data), true});
  else
    push({{}, std::move(data), false});
}

const std::vector<boost::asio::const_buffer>& outbox::gather(std::size_t most) {
  buffers_.clear();
  for (const auto& i : items_) {
    if (buffers_.size() + 3 > most)
      break;
    auto skip = i.done;
    for (std::string_view part : {std::string_view{i.head}, i.data.view(),
                                  std::string_view{i.tail ? "\r\n" : ""}}) {
      const auto skipped = std::min(skip, part.size());
      skip -= skipped;
      if (part.size() > skipped)
        buffers_.emplace_back(part.data() + skipped, part.size() - skipped);
    }
  }
  return buffers_;
}

std::uint64_t outbox::consume(std::size_t n) {
  std::uint64_t body = 0;
  const auto in_body = [](const item& i, std::size_t upto) {
    return std::min(std::max(upto, i.head.size()) - i.head.size(), i.data.size());
  };
  while (n > 0) {
    auto& front = items_.front();
    const auto step = std::min(n, front.size() - front.done);
    body += in_body(front, front.done + step) - in_body(front, front.done);
    front.done += step;
    n -= step;
    if (front.done == front.size())
      items_.pop_front();
  }
  return body;
}

} // namespace conductor

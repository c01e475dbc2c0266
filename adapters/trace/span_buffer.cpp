#include "adapters/trace/span_buffer.hpp"

#include <utility>

namespace conductor {

bool span_buffer::add(part p) {
  if (bytes_ + p.text.size() > most_bytes_)
    return false;
  spans_ += p.spans;
  bytes_ += p.text.size();
  parts_.push_back(std::move(p));
  return true;
}

span_buffer::part span_buffer::take(std::size_t most_spans, std::size_t most_bytes) {
  part all;
  while (!parts_.empty()) {
    auto& front = parts_.front();
    if (all.spans > 0 && (all.spans + front.spans > most_spans ||
                          all.text.size() + front.text.size() > most_bytes))
      break;
    spans_ -= front.spans;
    bytes_ -= front.text.size();
    all.spans += front.spans;
    if (all.text.empty())
      all.text = std::move(front.text);
    else
      all.text.append(",").append(front.text);
    parts_.pop_front();
  }
  return all;
}

} // namespace conductor

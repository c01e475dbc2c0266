#include "tests/bench/load/answer_check.hpp"

#include <charconv>

namespace conductor::bench {

void answer_check::expect(const question& q) {
  line_check::expect(q);
  last_ = 0;
}

void answer_check::line(std::string_view text, std::vector<std::int64_t>& times) {
  constexpr std::string_view begin = R"({"t":)";
  std::int64_t sent = 0;
  auto end = text.data() + text.size();
  if (!text.starts_with(begin) || text.back() != '}')
    throw load_error("not a record with a time: " + std::string(text.substr(0, 200)));
  if (auto [at, wrong] = std::from_chars(text.data() + begin.size(), end, sent);
      wrong != std::errc() || *at != ',')
    throw load_error("a record's time is no number: " + std::string(text.substr(0, 200)));
  if (done_)
    throw load_error("a record after done:true");
  // Times grow from record to record: the same one is a duplicate, an earlier one is
  // late.
  if (sent <= last_)
    throw load_error(sent == last_ ? "a record came twice" : "records out of order");
  last_ = sent;
  if (text.find(R"("done":true)") != text.npos)
    done_ = true;
  else
    add_record();
  times.push_back(sent);
}

} // namespace conductor::bench

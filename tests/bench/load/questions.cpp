#include "tests/bench/load/questions.hpp"

#include "tests/bench/load/request_text.hpp"

#include <cstdio>

namespace conductor::bench {

questions::questions(const load_plan& plan) : plan_(plan), turns_(plan.streams) {
  if (!plan.sessions.empty() && plan.sessions.size() < plan.streams)
    throw load_error(std::to_string(plan.sessions.size()) + " sessions are too few for " +
                     std::to_string(plan.streams) + " streams");
}

const std::string& questions::session_of(unsigned stream, unsigned turn) const {
  const auto own = plan_.sessions.size() / plan_.streams;
  return plan_.sessions[stream + turn % own * plan_.streams];
}

void questions::next(unsigned stream, unsigned records, question& q) {
  if (!plan_.own_text && plan_.sessions.empty()) {
    // The same one again is not written again: that would be part of what is measured.
    if (q.records != records)
      q = {request_text(plan_, records, plan_.gap_us), records, {}};
    return;
  }
  const auto turn = turns_[stream]++;
  char word[24];
  std::snprintf(word, sizeof word, "w%u.%u", stream, turn);
  q.records = records;
  q.word = word;
  q.text = plan_.sessions.empty()
               ? chat_text(plan_, records, q.word)
               : message_text(plan_, records, q.word, session_of(stream, turn));
}

} // namespace conductor::bench

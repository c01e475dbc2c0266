#include "actors/turn.hpp"

#include <algorithm>
#include <utility>

namespace conductor {
namespace {

/// Of text that Ollama has not counted yet.
constexpr std::size_t bytes_a_token = 4;

/// Of the messages that ask for message `answer`.
std::size_t bytes_asked(const std::vector<session_message>& messages,
                        std::uint64_t answer) {
  std::size_t bytes = 0;
  const auto from =
      std::lower_bound(messages.begin(), messages.end(), answer,
                       [](const auto& m, std::uint64_t seq) { return m.seq < seq; });
  for (auto i = std::make_reverse_iterator(from); i != messages.rend(); ++i) {
    if (i->role == "assistant")
      break;
    bytes += i->wire.size();
  }
  return bytes;
}

/// The turn's, where so many tokens come before it.
std::uint64_t tokens_after(std::uint64_t before,
                           const std::vector<session_message>& messages,
                           const session_message& answer) {
  const auto counted = answer.used.prompt_tokens + answer.used.answer_tokens;
  if (counted > 0)
    return counted - std::min(counted, before);
  return (answer.wire.size() + bytes_asked(messages, answer.seq)) / bytes_a_token;
}

} // namespace

std::string compose(const session_info& info,
                    const std::vector<session_message>& messages, std::uint64_t answer,
                    const std::string& settings, const session_codec& codec,
                    const std::string& so_far) {
  auto body = "{\"model\":" + codec.quote(info.model) + ",\"messages\":[";
  bool first = true;
  const auto add = [&](const std::string& wire) {
    if (wire.empty())
      return;
    if (!std::exchange(first, false))
      body += ',';
    body += wire;
  };
  add(info.system);
  for (const auto& m : messages)
    if (m.seq > info.trimmed && m.seq < answer)
      add(m.wire);
  add(so_far);
  body += "],\"stream\":true";
  if (settings.size() > 2) // more than {}
    body.append(",").append(settings, 1, settings.size() - 2);
  return body + "}";
}

std::uint64_t turn_tokens(const session_info& info,
                          const std::vector<session_message>& messages,
                          const session_message& answer) {
  return tokens_after(tokens_of(info, messages) - answer.tokens, messages, answer);
}

void count_turns(session_record& record) {
  auto sum = tokens_of(record.info, record.messages);
  for (auto& m : record.messages)
    if (m.role == "assistant" && m.tokens == 0) {
      m.tokens = tokens_after(sum, record.messages, m);
      if (m.seq > record.info.trimmed)
        sum += m.tokens;
    }
}

std::uint64_t tokens_of(const session_info& info,
                        const std::vector<session_message>& messages) {
  std::uint64_t sum = 0;
  for (const auto& m : messages)
    if (m.seq > info.trimmed)
      sum += m.tokens;
  return sum;
}

trim trim_for(const session_info& info, const std::vector<session_message>& messages,
              std::uint64_t answer, std::uint64_t context) {
  auto left = tokens_of(info, messages) + bytes_asked(messages, answer) / bytes_a_token;
  trim t{info.trimmed, left};
  if (context == 0 || left * 10 < context * 9)
    return t;
  for (const auto& m : messages) {
    if (m.seq <= info.trimmed || m.role != "assistant")
      continue;
    if (m.seq >= answer || left * 2 <= context)
      break;
    left -= std::min(left, m.tokens);
    t = {m.seq, left};
  }
  return t;
}

} // namespace conductor

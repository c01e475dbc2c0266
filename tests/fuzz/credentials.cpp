// However a request shows who sent it: a key in the path is taken off whole, and what is
// taken for a key of this node is one.
#include "adapters/http/credentials.hpp"
#include "adapters/keys/key_text.hpp"
#include "tests/fuzz/pieces.hpp"

using namespace conductor;

namespace {

/// The text up to a line's end, which is taken off.
std::string_view line_of(std::string_view& text) {
  const auto line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  return line;
}

void check_key(std::string_view text) {
  const auto parts = parse_key(text);
  if (parts)
    fuzz::must(std::string{key_mark} + std::string{parts->id} + "_" +
                   std::string{parts->secret} ==
               text);
}

} // namespace

// The first line is a target, the second a peer, each other one a header.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text{reinterpret_cast<const char*>(data), size};
  request_head head;
  head.method = "POST";
  head.target = "/" + std::string{line_of(text)};
  const auto asked = head.target;
  const std::string peer{line_of(text)};
  while (!text.empty()) {
    const auto line = line_of(text);
    const auto colon = std::min(line.find(':'), line.size());
    head.fields.push_back({std::string{line.substr(0, colon)},
                           std::string{line.substr(std::min(colon + 1, line.size()))}});
  }

  auto key = take_key(head.target);
  fuzz::must(head.target.starts_with('/'));
  fuzz::must(key.empty() ? head.target == asked : asked.ends_with(head.target.substr(1)));
  fuzz::must(key.find_first_of("/?#") == std::string::npos);
  const auto path = head.target.substr(0, head.target.find('?'));
  static const std::vector<network> trusted{parse_network("10.0.0.0/8")};
  const auto who = find_asker(head, peer, trusted);
  const auto shown = credentials_of(head, key, path, who);
  if (!key.empty())
    fuzz::must(shown.key == key && !shown.key_may_be_others);
  check_key(shown.key);

  // Whatever was sent, no secret is left in what is logged of it.
  const auto logged = without_secrets(asked);
  fuzz::must(without_secrets(logged) == logged);
  if (const auto parts = parse_key(key); parts)
    fuzz::must(logged.find("cnd_" + std::string{parts->id} + "_" +
                           std::string{parts->secret}) == std::string::npos);

  const auto offered = head.find("Sec-WebSocket-Protocol");
  const auto agreed = agreed_protocol(offered);
  fuzz::must(offered.find(agreed) != std::string_view::npos);

  // Judged against nobody's keys, no text lets anybody in from elsewhere.
  static const gate door{access_rule::remote, false,
                         [none = std::make_shared<const key_table>()] { return none; }};
  const auto entered = door.judge(shown, 1'790'000'000'000);
  fuzz::must(!entered.by);
  fuzz::must(shown.local && !shown.proxied ? true : !entered.refused.empty());
  return 0;
}

#include "adapters/cli/prompt/keys.hpp"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <utility>

namespace conductor::cli {

namespace {

constexpr std::string_view paste_begin = "\x1b[200~", paste_end = "\x1b[201~";
constexpr std::size_t longest_sequence = 32;

struct sequence {
  std::string_view bytes; // after the escape
  key::kind is;
  char letter;
};

constexpr auto control = key::kind::control, alt = key::kind::alt;
constexpr sequence known[] = {{"[A", control, 'p'},  {"OA", control, 'p'},
                              {"[B", control, 'n'},  {"OB", control, 'n'},
                              {"[C", control, 'f'},  {"OC", control, 'f'},
                              {"[D", control, 'b'},  {"OD", control, 'b'},
                              {"[H", control, 'a'},  {"OH", control, 'a'},
                              {"[1~", control, 'a'}, {"[7~", control, 'a'},
                              {"[F", control, 'e'},  {"OF", control, 'e'},
                              {"[4~", control, 'e'}, {"[8~", control, 'e'},
                              {"[3~", control, 'd'}, {"[1;5C", alt, 'f'},
                              {"[1;3C", alt, 'f'},   {"[1;5D", alt, 'b'},
                              {"[1;3D", alt, 'b'},   {"[13;2u", key::kind::new_line, 0}};

std::size_t character_size(unsigned char lead) {
  return lead < 0xc2 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 1;
}

bool continues(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

// The terminal swaps line feed and carriage return; pasted text may have either or both.
std::string with_line_feeds(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto c = text[i];
    if (c != '\r' && c != '\n') {
      if (c == '\t' || static_cast<unsigned char>(c) >= 0x20)
        out += c;
      continue;
    }
    out += '\n';
    if (i + 1 < text.size() && text[i + 1] != c &&
        (text[i + 1] == '\r' || text[i + 1] == '\n'))
      ++i;
  }
  return out;
}

} // namespace

void key_reader::push(std::string_view bytes, std::deque<key>& keys) {
  rest_ += bytes;
  // An escape that ends what came was pressed alone: a terminal sends sequences whole.
  if (!pasting_ && rest_ == "\x1b")
    rest_.clear();
  while (!rest_.empty() && (pasting_ ? take_paste(keys) : take(keys)))
    ;
}

bool key_reader::take(std::deque<key>& keys) {
  auto c = static_cast<unsigned char>(rest_.front());
  if (c == 0x1b)
    return take_escape(keys);
  std::size_t size = 1;
  if (c == '\n')
    keys.push_back({key::kind::enter});
  else if (c == '\r')
    keys.push_back({key::kind::new_line});
  else if (c == 0x7f || c == 0x08)
    keys.push_back({key::kind::erase});
  else if (c == '\t')
    keys.push_back({control, "i"});
  else if (c < 0x20)
    keys.push_back({control, std::string(1, static_cast<char>(std::tolower(c | 0x40)))});
  else {
    size = character_size(c);
    if (rest_.size() < size && std::all_of(rest_.begin() + 1, rest_.end(), continues))
      return false;
    if (!std::all_of(rest_.begin() + 1, rest_.begin() + static_cast<std::ptrdiff_t>(size),
                     continues))
      size = 1;
    if (size > 1 || c < 0x80)
      keys.push_back({key::kind::text, rest_.substr(0, size)});
  }
  rest_.erase(0, size);
  return true;
}

bool key_reader::take_escape(std::deque<key>& keys) {
  if (rest_.size() < 2)
    return false;
  if (rest_.starts_with(paste_begin)) {
    rest_.erase(0, paste_begin.size());
    pasting_ = true;
    return true;
  }
  auto second = rest_[1];
  std::size_t size = 2;
  if (second == '[' || second == 'O') {
    while (size < rest_.size() && (rest_[size] < 0x40 || rest_[size] > 0x7e) &&
           size < longest_sequence)
      ++size;
    if (size == rest_.size())
      return false;
    ++size;
    auto bytes = std::string_view(rest_).substr(1, size - 1);
    auto at = std::find_if(std::begin(known), std::end(known),
                           [&](const auto& s) { return s.bytes == bytes; });
    if (at != std::end(known))
      keys.push_back({at->is, at->letter ? std::string(1, at->letter) : std::string()});
  } else if (second == '\n' || second == '\r') {
    keys.push_back({key::kind::new_line});
  } else if (second == 0x7f || second == 0x08) {
    keys.push_back({control, "w"});
  } else if (std::isalpha(static_cast<unsigned char>(second))) {
    keys.push_back({alt, std::string(1, static_cast<char>(std::tolower(
                                            static_cast<unsigned char>(second))))});
  }
  rest_.erase(0, size);
  return true;
}

bool key_reader::take_paste(std::deque<key>& keys) {
  auto end = rest_.find(paste_end);
  if (end == std::string::npos)
    return false;
  keys.push_back({key::kind::paste, with_line_feeds(rest_.substr(0, end))});
  rest_.erase(0, end + paste_end.size());
  pasting_ = false;
  return true;
}

} // namespace conductor::cli

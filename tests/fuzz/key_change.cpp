// What is asked of a key is refused with a reason, or can be kept: the file that has the
// key after it can be read again.
#include "adapters/keys/key_file.hpp"
#include "adapters/native/key_json.hpp"
#include "tests/fuzz/pieces.hpp"

using namespace conductor;

namespace {

constexpr std::int64_t now = 1'790'000'000'000;

void keep(api_key k) {
  k.id = "a";
  k.salt = k.digest = "5a";
  const auto kept = keys_document({k});
  fuzz::must(kept == keys_document(parse_keys(kept)));
  json_input::dump(to_json(k));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  try {
    auto wish = parse_key_wish(text, now);
    // KEYS reads these, not the body's parser.
    wish.public_key.clear();
    keep(wish);
  } catch (const json_input::bad_request&) {
  }
  try {
    const auto change = parse_key_change(text, now);
    api_key k;
    k.name = "one";
    change(k); // tried before: it cannot be refused now
    k.public_key.clear();
    keep(k);
  } catch (const json_input::bad_request&) {
  }
  return 0;
}

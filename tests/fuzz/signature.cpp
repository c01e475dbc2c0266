// A claim that is read is spelled in one way only, and no text made without the secret
// key is a signature.
#include "adapters/keys/signature.hpp"
#include "tests/fuzz/pieces.hpp"

#include <algorithm>
#include <string>

using namespace conductor;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  if (const auto key = public_key_of(text)) {
    fuzz::must(from_base64(*key)->size() == 51);
    fuzz::must(public_key_of("ssh-ed25519 " + *key + " who@where\n") == key);
  }
  if (const auto claim = parse_claim(text)) {
    const auto colon = text.find(':');
    fuzz::must(claim->public_key == text.substr(0, colon));
    const auto bytes = from_base64(text.substr(colon + 1));
    fuzz::must(bytes && std::equal(bytes->begin(), bytes->end(), claim->signature.begin(),
                                   claim->signature.end()));
    fuzz::must(!verify(*claim, "GET,/api/tags?ts=1"));
  }
  if (const auto second = time_signed(text))
    fuzz::must(*second > 0 && text.find("ts=") != std::string_view::npos);
  from_base64(text);
  return 0;
}

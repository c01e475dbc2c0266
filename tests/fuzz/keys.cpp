// A file of keys is refused with a reason, or says the same when it is written again.
#include "adapters/keys/key_file.hpp"
#include "tests/fuzz/pieces.hpp"

#include <stdexcept>

using namespace conductor;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  std::vector<api_key> all;
  try {
    all = parse_keys(text);
  } catch (const std::runtime_error& refused) {
    fuzz::must(refused.what()[0] != '\0');
    return 0;
  }
  const auto written = keys_document(all);
  fuzz::must(keys_document(parse_keys(written)) == written);
  // What it lets do, and to whom, is what it says.
  const auto table = table_of(all, nullptr);
  fuzz::must(table->by_id.size() == all.size());
  for (const auto& [uid, by] : table->by_uid)
    fuzz::must(by->key.uid == uid && !by->key.revoked);
  return 0;
}

// A conversation that is imported is refused with a reason, or comes out as it went in:
// its export, imported again, is the same conversation.
#include "adapters/native/session_json.hpp"
#include "adapters/native/session_requests.hpp"
#include "tests/fuzz/pieces.hpp"

using namespace conductor;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  session_record one;
  try {
    one = parse_session(text);
  } catch (const bad_request& refused) {
    fuzz::must(refused.what()[0] != '\0');
    return 0;
  }
  fuzz::must(!one.info.model.empty());
  for (std::size_t i = 0; i < one.messages.size(); ++i) {
    const auto& m = one.messages[i];
    fuzz::must(m.seq == i + 1 && settled(m.state));
    fuzz::must(m.wire.empty() ||
               json_input::json::parse(m.wire, nullptr, false).is_object());
  }
  const auto document = export_json(one);
  export_markdown(one);
  to_json(one);
  try {
    auto again = parse_session(document);
    fuzz::must(export_json(again) == document);
  } catch (const bad_request&) {
    fuzz::must(false); // what was written here is taken back here
  }
  return 0;
}

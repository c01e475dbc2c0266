// What a WebSocket's peer says is a command or refused with a reason.
#include "adapters/native/talk_command.hpp"
#include "tests/fuzz/pieces.hpp"

using namespace conductor;

namespace {

template <class Command>
void check(const Command& c) {
  fuzz::must(!c.session.empty());
}
void check(const ask_topic& c) {
  fuzz::must(!c.topic.empty() && !c.op.empty());
}
void check(const send_to_session& c) {
  fuzz::must(!c.session.empty() && !c.what.messages.empty());
  // What goes to Ollama is JSON, whatever bytes came.
  for (const auto& m : c.what.messages)
    fuzz::must(json_input::json::parse(m.wire, nullptr, false).is_object());
  fuzz::must(json_input::json::parse(c.what.settings, nullptr, false).is_object());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  try {
    std::visit([](const auto& c) { check(c); },
               talk_command_of(json_input::object_of(text)));
  } catch (const json_input::bad_request& refused) {
    fuzz::must(refused.what()[0] != '\0');
  }
  return 0;
}

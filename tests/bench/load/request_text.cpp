#include "tests/bench/load/request_text.hpp"

#include <nlohmann/json.hpp>

namespace conductor::bench {

std::string request_text(const load_plan& plan, unsigned records, std::uint64_t gap_us) {
  nlohmann::ordered_json body{
      {"model", plan.model},
      {"messages", {{{"role", "user"}, {"content", "Say something."}}}},
      {"stream", true},
      {"options",
       {{"script",
         {{"first_ms", 0},
          {"gap_us", gap_us},
          {"records", records},
          {"size", plan.size},
          {"timestamps", true}}}}}};
  auto text = body.dump();
  return "POST /api/chat HTTP/1.1\r\nHost: " + plan.host + ":" +
         std::to_string(plan.port) +
         "\r\nUser-Agent: conductor-load\r\nAccept: application/x-ndjson\r\n"
         "Content-Type: application/json\r\nContent-Length: " +
         std::to_string(text.size()) + "\r\n\r\n" + text;
}

} // namespace conductor::bench

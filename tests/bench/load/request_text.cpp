#include "tests/bench/load/request_text.hpp"

#include <nlohmann/json.hpp>

namespace conductor::bench {

namespace {

using json = nlohmann::ordered_json;

std::string post(const load_plan& plan, const std::string& target, const json& body) {
  auto text = body.dump();
  return "POST " + target + " HTTP/1.1\r\nHost: " + plan.host + ":" +
         std::to_string(plan.port) +
         "\r\nUser-Agent: conductor-load\r\nAccept: application/x-ndjson\r\n"
         "Content-Type: application/json\r\nContent-Length: " +
         std::to_string(text.size()) + "\r\n\r\n" + text;
}

json chat(const load_plan& plan, const std::string& said, json script) {
  return {{"model", plan.model},
          {"messages", {{{"role", "user"}, {"content", said}}}},
          {"stream", true},
          {"options", {{"script", std::move(script)}}}};
}

json stamped(const load_plan& plan, unsigned records) {
  return {{"first_ms", 0},
          {"gap_us", plan.gap_us},
          {"records", records},
          {"echo", true},
          {"stamps", true}};
}

} // namespace

std::string request_text(const load_plan& plan, unsigned records, std::uint64_t gap_us) {
  return post(plan, "/api/chat",
              chat(plan, "Say something.",
                   {{"first_ms", 0},
                    {"gap_us", gap_us},
                    {"records", records},
                    {"size", plan.size},
                    {"timestamps", true}}));
}

std::string chat_text(const load_plan& plan, unsigned records, const std::string& word) {
  return post(plan, "/api/chat", chat(plan, word, stamped(plan, records)));
}

std::string message_text(const load_plan& plan, unsigned records, const std::string& word,
                         const std::string& session) {
  return post(plan, "/conductor/v1/sessions/" + session + "/messages",
              {{"content", word}, {"options", {{"script", stamped(plan, records)}}}});
}

} // namespace conductor::bench

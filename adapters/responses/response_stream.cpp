#include "adapters/responses/response_stream.hpp"

#include "adapters/responses/function_calls.hpp"

#include <utility>

namespace conductor::responses {

std::string response_stream::event(const char* type, json data) {
  json all{{"type", type}, {"sequence_number", events_++}};
  all.update(data);
  return std::string{"event: "} + type + "\ndata: " + json_input::dump(all) + "\n\n";
}

std::string response_stream::begin(const json& response) {
  auto written = event("response.created", {{"response", response}});
  return written + event("response.in_progress", {{"response", response}});
}

std::string response_stream::open(kind wanted) {
  if (open_ && open_->is == wanted)
    return {};
  auto written = close();
  const auto place = output_.size();
  const bool thinks = wanted == kind::reasoning;
  open_ = item{wanted, item_id(thinks ? "rs" : "msg", session_, message_, place), {}};
  auto fresh =
      thinks ? reasoning_item(open_->id, "") : message_item(open_->id, "", "in_progress");
  fresh[thinks ? "summary" : "content"] = json::array();
  written += event("response.output_item.added",
                   {{"output_index", place}, {"item", std::move(fresh)}});
  if (thinks)
    return written + event("response.reasoning_summary_part.added",
                           {{"item_id", open_->id},
                            {"output_index", place},
                            {"summary_index", 0},
                            {"part", {{"type", "summary_text"}, {"text", ""}}}});
  return written + event("response.content_part.added", {{"item_id", open_->id},
                                                         {"output_index", place},
                                                         {"content_index", 0},
                                                         {"part", text_part("")}});
}

std::string response_stream::close(const char* status) {
  if (!open_)
    return {};
  const auto last = *std::exchange(open_, std::nullopt);
  const auto place = output_.size();
  const json at{{"item_id", last.id}, {"output_index", place}};
  const auto with = [&](json more) {
    auto data = at;
    data.update(more);
    return data;
  };
  std::string written;
  if (last.is == kind::reasoning) {
    output_.push_back(reasoning_item(last.id, last.text));
    written += event("response.reasoning_summary_text.done",
                     with({{"summary_index", 0}, {"text", last.text}}));
    written += event("response.reasoning_summary_part.done",
                     with({{"summary_index", 0},
                           {"part", {{"type", "summary_text"}, {"text", last.text}}}}));
  } else {
    output_.push_back(message_item(last.id, last.text, status));
    written += event(
        "response.output_text.done",
        with({{"content_index", 0}, {"text", last.text}, {"logprobs", json::array()}}));
    written += event("response.content_part.done",
                     with({{"content_index", 0}, {"part", text_part(last.text)}}));
  }
  return written + event("response.output_item.done",
                         {{"output_index", place}, {"item", output_.back()}});
}

std::string response_stream::think(const std::string& more) {
  auto written = open(kind::reasoning);
  open_->text += more;
  return written +
         event("response.reasoning_summary_text.delta", {{"item_id", open_->id},
                                                         {"output_index", output_.size()},
                                                         {"summary_index", 0},
                                                         {"delta", more}});
}

std::string response_stream::say(const std::string& more) {
  auto written = open(kind::message);
  open_->text += more;
  return written + event("response.output_text.delta", {{"item_id", open_->id},
                                                        {"output_index", output_.size()},
                                                        {"content_index", 0},
                                                        {"delta", more},
                                                        {"logprobs", json::array()}});
}

std::string response_stream::call(const std::string& tool_calls) {
  auto written = close();
  for (const auto& call : calls_of(tool_calls, message_, calls_)) {
    ++calls_;
    const auto place = output_.size();
    json item{{"id", item_id("fc", session_, message_, place)},
              {"type", "function_call"},
              {"status", "in_progress"},
              {"call_id", call.id},
              {"name", call.name},
              {"arguments", ""}};
    const json at{{"item_id", item["id"]}, {"output_index", place}};
    written +=
        event("response.output_item.added", {{"output_index", place}, {"item", item}});
    auto delta = at;
    delta["delta"] = call.arguments;
    written += event("response.function_call_arguments.delta", std::move(delta));
    auto done = at;
    done["name"] = call.name;
    done["arguments"] = call.arguments;
    written += event("response.function_call_arguments.done", std::move(done));
    item["status"] = "completed";
    item["arguments"] = call.arguments;
    written +=
        event("response.output_item.done", {{"output_index", place}, {"item", item}});
    output_.push_back(std::move(item));
  }
  return written;
}

std::string response_stream::end(json response) {
  const auto status = response["status"].get<std::string>();
  const bool whole = status == "completed";
  std::string written;
  if (whole && output_.empty() && !open_) // said nothing: an empty message all the same
    written += open(kind::message);
  written += close(whole ? "completed" : "incomplete");
  response["output"] = output_;
  const auto* type = whole                ? "response.completed"
                     : status == "failed" ? "response.failed"
                                          : "response.incomplete";
  return written + event(type, {{"response", std::move(response)}});
}

} // namespace conductor::responses

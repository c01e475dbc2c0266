#include "tests/support/ollama/answer.hpp"
#include "tests/support/ollama/json_text.hpp"
#include "tests/support/ollama/routes.hpp"

#include <cmath>

namespace conductor::test {

namespace asio = boost::asio;
using nlohmann::json;

namespace {

model_ptr model_of(exchange& x, bool quoted_twice = false) {
  const auto name = model_member(x.json);
  if (name.empty() && !quoted_twice)
    throw refusal(400, "model is required");
  auto found = x.at.models.find(name);
  if (!found)
    throw refusal(404, "model '" + name + "' not found");
  return found;
}

/// The runner options of a request, as one text.
std::string runner_options(const json& options) {
  std::string text;
  if (options.is_object())
    for (const auto* key : {"num_ctx", "num_batch", "num_gpu", "main_gpu", "use_mmap",
                            "num_thread", "draft_num_predict"})
      if (options.contains(key))
        text += std::string{key} + "=" + options[key].dump() + ",";
  return text;
}

std::optional<runners::seconds> keep_alive_of(const json& in) {
  if (!in.contains("keep_alive") || in["keep_alive"].is_null())
    return {};
  const auto& k = in["keep_alive"];
  if (k.is_number())
    return runners::seconds{k.get<double>()};
  const auto text = k.get<std::string>();
  std::size_t used = 0;
  const auto number = std::stod(text, &used);
  const auto unit = text.substr(used);
  return runners::seconds{number * (unit == "m"    ? 60
                                    : unit == "h"  ? 3600
                                    : unit == "ms" ? .001
                                                   : 1)};
}

std::string content_text(const json& content) {
  if (content.is_string())
    return content.get<std::string>();
  std::string text;
  if (content.is_array())
    for (const auto& part : content)
      if (part.is_object())
        text += part.value("text", "");
  return text;
}

void read_messages(answer_request& r, const json& in) {
  if (!in.contains("messages") || !in["messages"].is_array())
    return;
  for (const auto& m : in["messages"]) {
    r.prompt = content_text(m.value("content", json{}));
    r.said += r.prompt.size();
  }
}

void read_tools(answer_request& r, const json& in) {
  if (!in.contains("tools") || !in["tools"].is_array() || in["tools"].empty())
    return;
  const auto& first = in["tools"][0];
  r.first_tool = first.contains("function") ? first["function"].value("name", "")
                                            : first.value("name", "");
}

answer_request basic(exchange& x, bool streams_by_default) {
  answer_request r;
  r.model = model_of(x);
  r.name = model_member(x.json);
  r.stream = flag_member(x.json, "stream", streams_by_default);
  const auto options = x.json.value("options", json::object());
  r.options = runner_options(options);
  r.context_length = int_member(options, "num_ctx", r.context_length);
  r.limit = int_member(options, "num_predict", 0);
  r.keep_alive = keep_alive_of(x.json);
  read_tools(r, x.json);
  return r;
}

void read_think(exchange& x, answer_request& r) {
  const bool can = r.model->can("thinking");
  r.think = can;
  if (!x.json.contains("think") || x.json["think"].is_null())
    return;
  const auto& t = x.json["think"];
  const bool on = t.is_boolean() ? t.get<bool>() : true;
  if (on && !can)
    throw refusal(400, "\"" + r.name + "\" does not support thinking");
  r.think = on;
}

answer_shape shape_of(exchange& x, const answer_request& r) {
  answer_shape s{r.name, false, static_cast<int>(r.said / 4)};
  if (x.json.contains("stream_options") && x.json["stream_options"].is_object())
    s.include_usage = x.json["stream_options"].value("include_usage", false);
  return s;
}

void need(const answer_request& r, std::string_view capability, std::string_view what) {
  if (!r.model->can(capability))
    throw refusal(400, "\"" + r.name + "\" does not support " + std::string{what});
}

/// Counts an answer from its arrival to its end.
asio::awaitable<void> counted_answer(exchange& x, const answer_request& r,
                                     dialect& spelling) {
  x.at.seen.update([](counts& c) { ++c.answers; });
  counted in_flight(x.at.seen, &counts::in_flight, &counts::max_in_flight);
  co_await give_answer(x, r, spelling);
  if (x.complete)
    x.at.seen.update([](counts& c) { ++c.answers_finished; });
}

/// Eight numbers that depend on the text only, of length one.
std::vector<double> embedding_of(std::string_view text) {
  std::vector<double> v(8);
  double sum = 0;
  for (std::size_t i = 0; i < v.size(); ++i) {
    unsigned h = 17 + static_cast<unsigned>(i);
    for (const unsigned char c : text)
      h = h * 31 + c;
    v[i] = (h % 1000) / 1000.0 + 0.001;
    sum += v[i] * v[i];
  }
  for (auto& n : v)
    n /= std::sqrt(sum);
  return v;
}

std::vector<std::string> inputs_of(const json& in) {
  if (in.is_string())
    return {in.get<std::string>()};
  std::vector<std::string> all;
  if (in.is_array())
    for (const auto& i : in) {
      if (!i.is_string())
        throw refusal(400, "invalid input type");
      all.push_back(i.get<std::string>());
    }
  else if (!in.is_null())
    throw refusal(400, "invalid input type");
  return all;
}

} // namespace

asio::awaitable<void> answer_generate(exchange& x) {
  if (!x.at.models.find(model_member(x.json)))
    throw refusal(404, "model '" + model_member(x.json) + "' not found");
  auto r = basic(x, true);
  r.prompt = text_member(x.json, "prompt");
  r.said = r.prompt.size();
  r.with_context = !flag_member(x.json, "raw", false);
  auto spelling = ollama_generate(shape_of(x, r));
  if (r.prompt.empty()) {
    co_await load_only(x, r, *spelling);
    co_return;
  }
  need(r, "completion", "generate");
  read_think(x, r);
  co_await counted_answer(x, r, *spelling);
}

asio::awaitable<void> answer_chat(exchange& x) {
  auto r = basic(x, true);
  read_messages(r, x.json);
  auto spelling = ollama_chat(shape_of(x, r));
  if (!x.json.contains("messages") || x.json["messages"].empty()) {
    co_await load_only(x, r, *spelling);
    co_return;
  }
  need(r, "completion", "chat");
  read_think(x, r);
  co_await counted_answer(x, r, *spelling);
}

asio::awaitable<void> answer_openai_chat(exchange& x) {
  auto r = basic(x, false);
  read_messages(r, x.json);
  if (r.said == 0)
    throw refusal(400, "[] is too short - 'messages'");
  r.think = r.model->can("thinking");
  r.limit = int_member(x.json, "max_tokens", 0);
  auto spelling = openai_chat(shape_of(x, r));
  co_await counted_answer(x, r, *spelling);
}

asio::awaitable<void> answer_openai_completions(exchange& x) {
  auto r = basic(x, false);
  r.prompt = text_member(x.json, "prompt");
  r.said = r.prompt.size();
  r.limit = int_member(x.json, "max_tokens", 0);
  auto spelling = openai_completions(shape_of(x, r));
  co_await counted_answer(x, r, *spelling);
}

asio::awaitable<void> answer_responses(exchange& x) {
  auto r = basic(x, false);
  const auto input = x.json.value("input", json{});
  if (input.is_string())
    r.prompt = input.get<std::string>();
  else if (input.is_array() && !input.empty())
    r.prompt = content_text(input.back().value("content", json{}));
  r.said = r.prompt.size();
  r.think = r.model->can("thinking");
  auto spelling = openai_responses(shape_of(x, r));
  co_await counted_answer(x, r, *spelling);
}

asio::awaitable<void> answer_messages(exchange& x) {
  auto r = basic(x, false);
  if (int_member(x.json, "max_tokens", 0) <= 0)
    throw refusal(400, "max_tokens is required and must be positive");
  read_messages(r, x.json);
  r.limit = int_member(x.json, "max_tokens", 0);
  auto spelling = anthropic_messages(shape_of(x, r));
  co_await counted_answer(x, r, *spelling);
}

asio::awaitable<void> answer_embed(exchange& x) {
  auto r = basic(x, false);
  json vectors = json::array();
  int tokens = 0;
  for (const auto& text : inputs_of(x.json.value("input", json{}))) {
    vectors.push_back(embedding_of(text));
    tokens += static_cast<int>(text.size() / 4 + 1);
  }
  if (!co_await x.play_plain_faults(
          [](int, std::string_view t) { return ollama_error(t); }))
    co_return;
  json body;
  body["model"] = r.name;
  body["embeddings"] = vectors;
  body["total_duration"] = 14143917;
  body["load_duration"] = 1019500;
  body["prompt_eval_count"] = tokens;
  co_await x.send({200, body.dump()});
}

asio::awaitable<void> answer_embeddings(exchange& x) {
  basic(x, false);
  const auto prompt = text_member(x.json, "prompt");
  const auto v = prompt.empty() ? json::array() : json(embedding_of(prompt));
  json body;
  body["embedding"] = v;
  co_await x.send({200, body.dump()});
}

asio::awaitable<void> answer_openai_embeddings(exchange& x) {
  auto r = basic(x, false);
  json data = json::array();
  int tokens = 0;
  for (const auto& text : inputs_of(x.json.value("input", json{}))) {
    json one;
    one["object"] = "embedding";
    one["embedding"] = embedding_of(text);
    one["index"] = data.size();
    data.push_back(one);
    tokens += static_cast<int>(text.size() / 4 + 1);
  }
  if (data.empty())
    throw refusal(400, "invalid input");
  json body;
  body["object"] = "list";
  body["data"] = data;
  body["model"] = r.name;
  body["usage"]["prompt_tokens"] = tokens;
  body["usage"]["total_tokens"] = tokens;
  co_await x.send({200, body.dump()});
}

} // namespace conductor::test

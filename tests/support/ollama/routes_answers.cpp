#include "tests/support/ollama/answer.hpp"
#include "tests/support/ollama/json_text.hpp"
#include "tests/support/ollama/routes.hpp"

#include <cmath>

namespace conductor::test {

namespace asio = boost::asio;
using nlohmann::json;

namespace {

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
  auto r = read_request(x, true);
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
  auto r = read_request(x, true);
  read_messages(r, x.json);
  auto spelling = ollama_chat(shape_of(x, r));
  if (!x.json.contains("messages") || x.json["messages"].empty()) {
    co_await load_only(x, r, *spelling);
    co_return;
  }
  need(r, "completion", "chat");
  read_think(x, r);
  if (renders_only(x)) {
    co_await render_only(x, r, *spelling);
    co_return;
  }
  co_await counted_answer(x, r, *spelling);
}

asio::awaitable<void> answer_openai_chat(exchange& x) {
  auto r = read_request(x, false);
  read_messages(r, x.json);
  if (r.said == 0)
    throw refusal(400, "[] is too short - 'messages'");
  r.think = r.model->can("thinking");
  r.limit = int_member(x.json, "max_tokens", 0);
  auto spelling = openai_chat(shape_of(x, r));
  co_await counted_answer(x, r, *spelling);
}

asio::awaitable<void> answer_openai_completions(exchange& x) {
  auto r = read_request(x, false);
  r.prompt = text_member(x.json, "prompt");
  r.said = r.prompt.size();
  r.limit = int_member(x.json, "max_tokens", 0);
  auto spelling = openai_completions(shape_of(x, r));
  co_await counted_answer(x, r, *spelling);
}

asio::awaitable<void> answer_responses(exchange& x) {
  auto r = read_request(x, false);
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
  auto r = read_request(x, false);
  if (int_member(x.json, "max_tokens", 0) <= 0)
    throw refusal(400, "max_tokens is required and must be positive");
  read_messages(r, x.json);
  r.limit = int_member(x.json, "max_tokens", 0);
  auto spelling = anthropic_messages(shape_of(x, r));
  co_await counted_answer(x, r, *spelling);
}

asio::awaitable<void> answer_embed(exchange& x) {
  auto r = read_request(x, false);
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
  read_request(x, false);
  const auto prompt = text_member(x.json, "prompt");
  const auto v = prompt.empty() ? json::array() : json(embedding_of(prompt));
  json body;
  body["embedding"] = v;
  co_await x.send({200, body.dump()});
}

asio::awaitable<void> answer_openai_embeddings(exchange& x) {
  auto r = read_request(x, false);
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

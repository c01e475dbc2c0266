#include "tests/support/ollama/routes.hpp"

#include "tests/support/ollama/answer_request.hpp"
#include "tests/support/ollama/dialect.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <optional>

namespace conductor::test {

namespace asio = boost::asio;

namespace {

std::string native(int, std::string_view text) {
  return ollama_error(text);
}

asio::awaitable<void> answer_root(exchange& x) {
  co_await x.send({200, "Ollama is running", "text/plain; charset=utf-8"});
}

asio::awaitable<void> answer_version(exchange& x) {
  co_await x.send({200, "{\"version\":\"" + x.at.options.version + "\"}"});
}

asio::awaitable<void> answer_status(exchange& x) {
  co_await x.send({200, R"({"cloud":{"disabled":false,"source":"none"}})"});
}

asio::awaitable<void> answer_me(exchange& x) {
  co_await x.send(
      {401, R"({"error":"unauthorized","signin_url":"https://ollama.com/connect"})"});
}

asio::awaitable<void> answer_signout(exchange& x) {
  co_await x.send({200, "null"});
}

const auto& table() {
  static const std::array routes{
      route_entry{"GET", "/", answer_root, native},
      route_entry{"GET", "/api/version", answer_version, native},
      route_entry{"GET", "/api/status", answer_status, native},
      route_entry{"GET", "/api/tags", answer_tags, native},
      route_entry{"GET", "/api/ps", answer_ps, native},
      route_entry{"POST", "/api/show", answer_show, native},
      route_entry{"POST", "/api/generate", answer_generate, native, true, true},
      route_entry{"POST", "/api/chat", answer_chat, native, true, true},
      route_entry{"POST", "/api/embed", answer_embed, native, true, true},
      route_entry{"POST", "/api/embeddings", answer_embeddings, native, true, true},
      route_entry{"POST", "/api/pull", answer_pull, native},
      route_entry{"POST", "/api/push", answer_push, native},
      route_entry{"POST", "/api/create", answer_create, native},
      route_entry{"POST", "/api/copy", answer_copy, native},
      route_entry{"DELETE", "/api/delete", answer_delete, native},
      route_entry{"HEAD", "/api/blobs/:digest", answer_has_blob, native},
      route_entry{"POST", "/api/blobs/:digest", answer_blob, native, false},
      route_entry{"POST", "/api/me", answer_me, native},
      route_entry{"POST", "/api/signout", answer_signout, native},
      route_entry{"POST", "/v1/chat/completions", answer_openai_chat, openai_error, true,
                  true},
      route_entry{"POST", "/v1/completions", answer_openai_completions, openai_error,
                  true, true},
      route_entry{"POST", "/v1/embeddings", answer_openai_embeddings, openai_error, true,
                  true},
      route_entry{"GET", "/v1/models", answer_openai_models, openai_error},
      route_entry{"GET", "/v1/models/:model", answer_openai_model, openai_error},
      route_entry{"POST", "/v1/responses", answer_responses, openai_error, true, true},
      route_entry{"POST", "/v1/messages", answer_messages, anthropic_error, true, true},
      route_entry{"GET", "/_scripted/stats", answer_stats, native},
      route_entry{"POST", "/_scripted/script", answer_set_script, native},
      route_entry{"POST", "/_scripted/reset", answer_reset, native}};
  return routes;
}

/// Whether `path` fits, and what its `:name`s are.
bool fits(std::string_view pattern, std::string_view path,
          std::map<std::string, std::string, std::less<>>& captured) {
  captured.clear();
  for (;;) {
    const auto p = pattern.find('/', 1), s = path.find('/', 1);
    const auto want = pattern.substr(0, p), have = path.substr(0, s);
    if (want.size() > 1 && want[1] == ':') {
      if (have.size() < 2)
        return false;
      captured[std::string{want.substr(2)}] = have.substr(1);
    } else if (want != have) {
      return false;
    }
    if (p == pattern.npos || s == path.npos)
      return p == pattern.npos && s == path.npos;
    pattern.remove_prefix(p);
    path.remove_prefix(s);
  }
}

bool takes(const route_entry& r, std::string_view method) {
  // Ollama registers HEAD for three of its GET routes.
  return r.method == method ||
         (method == "HEAD" && r.method == "GET" &&
          (r.pattern == "/" || r.pattern == "/api/version" || r.pattern == "/api/tags"));
}

/// It has nothing to answer: it loads or unloads the model.
bool loads_only(const exchange& x) {
  if (!x.json.is_object())
    return false;
  for (const auto* key : {"prompt", "messages", "input"})
    if (const auto i = x.json.find(key);
        i != x.json.end() && !i->is_null() && *i != "" && *i != nlohmann::json::array())
      return false;
  return true;
}

/// The script of a request: its own, or what the test has laid out.
void choose_script(exchange& x, const route_entry& r) {
  // What is laid out for answers is not for a look at the prompt.
  const bool renders = renders_only(x), loads = r.is_answer && loads_only(x);
  x.how = x.at.scripts.take(renders ? script_book::render
                            : loads ? script_book::load
                                    : std::string_view{x.route},
                            r.is_answer && !renders && !loads);
  if (const auto header = x.head.field("X-Script"))
    x.how.apply(nlohmann::json::parse(*header));
  if (x.json.is_object() && x.json.contains("options") && x.json["options"].is_object() &&
      x.json["options"].contains("script"))
    x.how.apply(x.json["options"]["script"]);
}

asio::awaitable<void> run(exchange& x, const route_entry& r) {
  reply refused;
  try {
    body_reader body(x.client, x.head);
    if (r.reads_body) {
      const bool whole = co_await body.read_all(x.body);
      if (!whole)
        co_return;
      x.json = x.body.empty() ? nlohmann::json{}
                              : nlohmann::json::parse(x.body, nullptr, false);
    }
    x.at.seen.saw({x.route, x.client.number(), x.head, r.reads_body ? x.body : ""});
    choose_script(x, r);
    if (x.how.close)
      x.keep_alive = false;
    const bool wants_json = r.reads_body && r.method == "POST" &&
                            r.pattern != "/api/me" && r.pattern != "/api/signout";
    if (wants_json && x.body.empty())
      throw refusal(400, "missing request body");
    if (wants_json && x.json.is_discarded())
      throw refusal(400, "invalid character in JSON body");
    if (!r.is_answer && !co_await x.play_plain_faults(r.error))
      co_return;
    x.began = connection::clock::now();
    co_await r.answer(x);
    co_return;
  } catch (const refusal& no) {
    refused = {no.status, r.error(no.status, no.what())};
  } catch (const std::exception& bad) {
    refused = {400, r.error(400, bad.what())};
  }
  co_await x.send(std::move(refused));
}

std::string for_html(const std::string& text) {
  static const std::map<char, std::string> names{
      {'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&#34;"}, {'\'', "&#39;"}};
  std::string all;
  for (const char c : text) {
    const auto name = names.find(c);
    all += name == names.end() ? std::string{c} : name->second;
  }
  return all;
}

/// Go's ServeMux, which stands before Ollama's routes, sends who asks for a path with
/// detours to the one without.
std::optional<reply> redirected(const http_request& head) {
  const auto path = head.target.substr(0, head.target.find('?'));
  const auto name = path.substr(std::min(path.find_first_not_of('/'), path.size()));
  auto to = std::filesystem::path("/" + name).lexically_normal().string();
  if (to.ends_with('/') && !path.ends_with('/') && to.size() > 1)
    to.pop_back(); // of a folder, which Go's paths do not know
  if (!path.starts_with('/') || to == path)
    return std::nullopt;
  if (head.target.size() > path.size() + 1)
    to += head.target.substr(path.size());
  const auto more = "Location: " + to + "\r\n";
  if (head.method != "GET" && head.method != "HEAD")
    return reply{307, {}, {}, more};
  return reply{307, "<a href=\"" + for_html(to) + "\">Temporary Redirect</a>.\n\n",
               "text/html; charset=utf-8", more};
}

} // namespace

asio::awaitable<void> handle(exchange& x) {
  std::string allowed;
  for (const auto& r : table()) {
    if (!fits(r.pattern, x.head.path, x.captured))
      continue;
    if (takes(r, x.head.method)) {
      x.route = r.pattern;
      co_await run(x, r);
      co_return;
    }
    if (allowed.find(r.method) == allowed.npos)
      allowed += (allowed.empty() ? "" : ", ") + std::string{r.method};
  }
  auto elsewhere = redirected(x.head);
  body_reader rest(x.client, x.head);
  std::string ignored;
  const bool read = co_await rest.read_all(ignored);
  if (!read)
    co_return;
  x.at.seen.saw({"", x.client.number(), x.head, ignored});
  reply answer{404, "404 page not found", "text/plain"};
  if (elsewhere)
    answer = std::move(*elsewhere);
  else if (!allowed.empty())
    answer = {405, "405 method not allowed", "text/plain", "Allow: " + allowed + "\r\n"};
  co_await x.send(std::move(answer));
}

} // namespace conductor::test

#include "tests/support/ollama/dialect.hpp"
#include "tests/support/ollama/json_text.hpp"
#include "tests/support/ollama/routes.hpp"
#include "tests/support/ollama/sha256.hpp"

namespace conductor::test {

namespace asio = boost::asio;
using nlohmann::json;

namespace {

model_ptr wanted(exchange& x, const std::string& name, char quote) {
  auto found = x.at.models.find(name);
  if (!found)
    throw refusal(404, std::string{"model "} + quote + name + quote + " not found");
  return found;
}

std::string listed(const std::vector<std::string>& records) {
  std::string text = "[";
  for (const auto& r : records)
    text += (text.size() > 1 ? "," : "") + r;
  return text + "]";
}

/// Progress records, one a chunk, paced by the script's gap; or only the last of them.
asio::awaitable<void> progress(exchange& x, const std::vector<json>& records) {
  if (!flag_member(x.json, "stream", true)) {
    co_await x.send({200, records.back().dump()});
    co_return;
  }
  auto out =
      x.response_head(200, "application/x-ndjson") + "Transfer-Encoding: chunked\r\n\r\n";
  for (const auto& r : records) {
    const auto line = r.dump() + "\n";
    char size[20];
    out.append(size, static_cast<std::size_t>(
                         std::snprintf(size, sizeof size, "%zx\r\n", line.size())));
    out += line + "\r\n";
    if (!co_await x.client.write(out, x.pieces()))
      co_return;
    out.clear();
    if (x.how.gap.count() > 0 &&
        !co_await x.client.sleep_until(connection::clock::now() + x.how.gap))
      co_return;
  }
  x.complete = true;
  co_await x.client.write("0\r\n\r\n", x.pieces());
}

bool valid_digest(std::string_view d) {
  return d.size() == 71 && (d.starts_with("sha256:") || d.starts_with("sha256-")) &&
         d.find_first_not_of("0123456789abcdefABCDEF", 7) == d.npos;
}

std::string digest_of(exchange& x) {
  auto digest = x.captured["digest"];
  if (!valid_digest(digest))
    throw refusal(400, "invalid digest format");
  digest[6] = ':';
  return digest;
}

// Records are made outside the coroutines: GCC 12 fails on initializer lists inside them.
std::vector<json> statuses(std::initializer_list<const char*> texts) {
  std::vector<json> all;
  for (const auto* text : texts)
    all.push_back({{"status", text}});
  return all;
}

std::vector<json> pull_records(const std::string& digest) {
  auto all = statuses({"pulling manifest"});
  for (const int done : {0, 250, 500, 1000})
    all.push_back({{"status", "pulling " + digest.substr(0, 12)},
                   {"digest", "sha256:" + digest},
                   {"total", 1000},
                   {"completed", done}});
  for (auto& last : statuses({"verifying sha256 digest", "writing manifest", "success"}))
    all.push_back(std::move(last));
  return all;
}

json openai_model(const canned_model& m) {
  return {{"id", m.name},
          {"object", "model"},
          {"created", 1758000000},
          {"owned_by", "library"}};
}

} // namespace

asio::awaitable<void> answer_tags(exchange& x) {
  std::vector<std::string> all;
  for (const auto& m : x.at.models.list())
    all.push_back(tags_json(*m));
  co_await x.send({200, "{\"models\":" + listed(all) + "}"});
}

asio::awaitable<void> answer_ps(exchange& x) {
  std::vector<std::string> all;
  for (const auto& m : x.at.running.list()) {
    const auto known = x.at.models.find(m.name);
    const canned_model none{m.name, m.digest, ""};
    const auto& model = known ? *known : none;
    const auto for_ever =
        std::chrono::system_clock::now() + std::chrono::hours(24 * 365 * 200);
    const auto at = m.expires.value_or(for_ever);
    all.push_back("{\"name\":" + test::quoted(with_tag(m.name)) +
                  ",\"model\":" + test::quoted(with_tag(m.name)) + ",\"size\":" +
                  std::to_string(model.size) + ",\"digest\":" + test::quoted(m.digest) +
                  ",\"details\":" + details_json(model) + ",\"expires_at\":\"" +
                  time_text(at) + "\",\"size_vram\":" +
                  std::to_string(model.on_gpu < 0 ? model.size : model.on_gpu) +
                  ",\"context_length\":" + std::to_string(m.context_length) + "}");
  }
  co_await x.send({200, "{\"models\":" + listed(all) + "}"});
}

asio::awaitable<void> answer_show(exchange& x) {
  const auto name = model_member(x.json);
  if (name.empty())
    throw refusal(400, "model is required");
  const auto m = wanted(x, name, '\'');
  co_await x.send({200, show_json(*m, flag_member(x.json, "verbose", false))});
}

asio::awaitable<void> answer_pull(exchange& x) {
  const auto name = model_member(x.json);
  if (!valid_name(name))
    throw refusal(400, "invalid model name");
  auto records = pull_records(canned_digest(name));
  canned_model m;
  m.name = with_tag(name);
  x.at.models.add(m);
  co_await progress(x, records);
}

asio::awaitable<void> answer_push(exchange& x) {
  wanted(x, model_member(x.json), '"');
  auto records = statuses({"retrieving manifest", "pushing manifest", "success"});
  co_await progress(x, records);
}

asio::awaitable<void> answer_create(exchange& x) {
  const auto name = model_member(x.json);
  if (!valid_name(name))
    throw refusal(400, "invalid model name");
  if (const auto from = text_member(x.json, "from"); !from.empty()) {
    wanted(x, from, '\'');
    x.at.models.copy(from, name);
  } else if (x.json.contains("files") && x.json["files"].is_object()) {
    for (const auto& [file, digest] : x.json["files"].items())
      if (!x.at.models.has_blob(digest.get<std::string>()))
        throw refusal(400, "blob " + digest.get<std::string>() + " not found");
    canned_model m;
    m.name = with_tag(name);
    x.at.models.add(m);
  } else {
    throw refusal(400, "neither 'from' or 'files' was specified");
  }
  auto records = statuses({"writing manifest", "success"});
  co_await progress(x, records);
}

asio::awaitable<void> answer_copy(exchange& x) {
  const auto from = text_member(x.json, "source");
  wanted(x, from, '"');
  x.at.models.copy(from, text_member(x.json, "destination"));
  co_await x.send({200, "", ""});
}

asio::awaitable<void> answer_delete(exchange& x) {
  const auto name = model_member(x.json);
  wanted(x, name, '\'');
  x.at.models.remove(name);
  co_await x.send({200, "", ""});
}

asio::awaitable<void> answer_has_blob(exchange& x) {
  const auto digest = digest_of(x);
  co_await x.send({x.at.models.has_blob(digest) ? 200 : 404, "", ""});
}

asio::awaitable<void> answer_blob(exchange& x) {
  const auto digest = digest_of(x);
  if (x.at.models.has_blob(digest)) {
    // Ollama answers before it reads the body, and closes.
    x.keep_alive = false;
    co_await x.send({200, "", ""});
    co_return;
  }
  body_reader body(x.client, x.head);
  sha256 sum;
  while (!body.at_end()) {
    std::string piece;
    if (!co_await body.read(piece))
      co_return;
    sum.add(piece);
  }
  const auto got = "sha256:" + sum.hex();
  x.at.models.add_blob(got);
  if (got != digest)
    throw refusal(400,
                  "digest mismatch, expected \"" + digest + "\", got \"" + got + "\"");
  co_await x.send({201, "", ""});
}

asio::awaitable<void> answer_openai_models(exchange& x) {
  json all = json::array();
  for (const auto& m : x.at.models.list())
    all.push_back(openai_model(*m));
  json body;
  body["object"] = "list";
  body["data"] = all;
  co_await x.send({200, body.dump()});
}

asio::awaitable<void> answer_openai_model(exchange& x) {
  co_await x.send({200, openai_model(*wanted(x, x.captured["model"], '\'')).dump()});
}

} // namespace conductor::test

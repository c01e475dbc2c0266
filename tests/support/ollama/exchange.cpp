#include "tests/support/ollama/exchange.hpp"

#include "tests/support/ollama/json_text.hpp"

#include <cstdio>

namespace conductor::test {

namespace asio = boost::asio;
using nlohmann::json;

namespace {

// Go's net/http counts a body that fits its buffer, and chunks a larger one.
constexpr std::size_t counted_body = 2048;

[[noreturn]] void wrong_type(const json& got, const char* name, const char* wanted) {
  throw refusal(400, std::string("json: cannot unmarshal ") +
                         (got.is_boolean() ? "bool" : got.type_name()) +
                         " into Go struct field ." + name + " of type " + wanted);
}

const json* member(const json& in, const char* name) {
  if (!in.is_object())
    return nullptr;
  auto found = in.find(name);
  return found == in.end() || found->is_null() ? nullptr : &*found;
}

void append_chunk(std::string& out, std::string_view bytes) {
  char size[20];
  out.append(size, std::snprintf(size, sizeof size, "%zx\r\n", bytes.size()));
  (out += bytes) += "\r\n";
}

} // namespace

std::string_view reason_phrase(int status) {
  switch (status) {
  case 200:
    return "OK";
  case 201:
    return "Created";
  case 204:
    return "No Content";
  case 301:
    return "Moved Permanently";
  case 307:
    return "Temporary Redirect";
  case 400:
    return "Bad Request";
  case 401:
    return "Unauthorized";
  case 403:
    return "Forbidden";
  case 404:
    return "Not Found";
  case 405:
    return "Method Not Allowed";
  case 429:
    return "Too Many Requests";
  case 500:
    return "Internal Server Error";
  case 502:
    return "Bad Gateway";
  case 503:
    return "Service Unavailable";
  default:
    return "status code";
  }
}

std::string exchange::response_head(int status, std::string_view type) const {
  std::string out = "HTTP/1.1 ";
  append_number(out, status);
  ((out += ' ') += reason_phrase(status)) += "\r\n";
  if (!type.empty())
    ((out += "Content-Type: ") += type) += "\r\n";
  ((out += "Date: ") += http_date()) += "\r\n";
  for (const auto& [name, text] : how.headers)
    (((out += name) += ": ") += text) += "\r\n";
  if (!keep_alive)
    out += "Connection: close\r\n";
  return out;
}

asio::awaitable<bool> exchange::send(reply r) {
  auto out = response_head(r.status, r.type) + r.more;
  auto chunked = r.body.size() > counted_body && !head.version_1_0;
  if (chunked) {
    out += "Transfer-Encoding: chunked\r\n\r\n";
  } else {
    if (r.status != 204)
      out += "Content-Length: " + std::to_string(r.body.size()) + "\r\n";
    out += "\r\n";
  }
  if (head.method != "HEAD") {
    if (chunked) {
      append_chunk(out, r.body);
      out += "0\r\n\r\n";
    } else {
      out += r.body;
    }
  }
  complete = true;
  co_return co_await client.write(out, pieces());
}

asio::awaitable<void> exchange::hang() {
  while (!client.gone())
    co_await client.sleep_until(connection::clock::time_point::max());
}

void exchange::die() {
  complete = true;
  client.close(how.reset);
}

asio::awaitable<bool> exchange::play_plain_faults(
    const std::function<std::string(int, std::string_view)>& error_body) {
  if (how.hang || how.hang_after) {
    co_await hang();
    co_return false;
  }
  if (how.first.count() > 0 && !co_await client.sleep_until(began + how.first))
    co_return false;
  if (how.die_after) {
    die();
    co_return false;
  }
  if (how.garbage_after) {
    complete = true;
    co_await send(reply(200, how.garbage));
    co_return false;
  }
  if (how.status != 0 || how.error_after) {
    auto status = how.status != 0 ? how.status : 500;
    reply r{status, how.body, how.content_type};
    if (how.body.empty() && status != 204)
      r.body = error_body(status, how.error_text);
    if (r.type.empty())
      r.type = "application/json; charset=utf-8";
    co_await send(std::move(r));
    co_return false;
  }
  co_return true;
}

std::string text_member(const json& in, const char* name) {
  auto found = member(in, name);
  if (!found)
    return {};
  if (!found->is_string())
    wrong_type(*found, name, "string");
  return found->get<std::string>();
}

bool flag_member(const json& in, const char* name, bool otherwise) {
  auto found = member(in, name);
  if (!found)
    return otherwise;
  if (!found->is_boolean())
    wrong_type(*found, name, "bool");
  return found->get<bool>();
}

int int_member(const json& in, const char* name, int otherwise) {
  auto found = member(in, name);
  if (!found)
    return otherwise;
  if (!found->is_number())
    wrong_type(*found, name, "int");
  return static_cast<int>(found->get<double>());
}

std::string model_member(const json& in) {
  auto model = text_member(in, "model");
  return model.empty() ? text_member(in, "name") : model;
}

} // namespace conductor::test

#include "adapters/ollama/link.hpp"

#include "adapters/ollama/patch_body.hpp"

#include <utility>

namespace conductor {
namespace {

constexpr std::uint64_t upload_window = 256 * 1024;

std::string request_head(const request& asked, std::size_t body,
                         const backend_settings& to, bool chunked) {
  const auto& server = to.url;
  const auto& bearer = to.bearer.text;
  auto host = to_string(server);
  std::string text;
  text.reserve(512);
  text.append(asked.method).append(" ").append(server.path).append(asked.target);
  text.append(" HTTP/1.1\r\nHost: ").append(host).append("\r\n");
  for (const auto& h : asked.headers)
    text.append(h.name).append(": ").append(h.value).append("\r\n");
  if (!bearer.empty())
    text.append("Authorization: Bearer ").append(bearer).append("\r\n");
  text.append("X-Request-Id: ").append(asked.id).append("\r\n");
  if (chunked)
    text.append("Transfer-Encoding: chunked\r\n");
  else if (asked.upload_length)
    text.append("Content-Length: ")
        .append(std::to_string(*asked.upload_length))
        .append("\r\n");
  else if (body > 0 || (asked.method != "GET" && asked.method != "HEAD"))
    text.append("Content-Length: ").append(std::to_string(body)).append("\r\n");
  return text += "\r\n";
}

} // namespace

void link::ask() {
  const auto& asked = *now_.asked;
  upload_over_ = !asked.upload;
  upload_chunked_ = asked.upload && !asked.upload_length;
  const auto body = now_.at->changes && !asked.upload
                        ? bytes::adopt(patch_body(asked.body.view(), *now_.at->changes))
                        : asked.body;
  socket_->text(request_head(asked, body.size(), *server_, upload_chunked_));
  socket_->body(body, false);
  if (asked.upload) {
    send(asked.upload, subscribe{caf::actor_cast<subscriber_actor>(this)});
    send(asked.upload, demand{upload_window});
  }
}

void link::emptied() {
  if (phase_ == phase::securing) {
    connected();
    return;
  }
  if (!upload_over_ && upload_written_ > 0)
    send(now_.asked->upload, demand{std::exchange(upload_written_, 0)});
}

/// Ollama may answer before it read everything, and close: the answer counts.
void link::write_failed(const boost::system::error_code& why) {
  if (phase_ == phase::securing) {
    fail(errc::backend_unreachable,
         "cannot reach Ollama at " + where() + ": " + why.message());
    return;
  }
  socket_->drop_output();
  if (!std::exchange(upload_over_, true))
    send(now_.asked->upload, cancel{});
}

} // namespace conductor

#include "adapters/ollama/link.hpp"

#include <boost/asio/write.hpp>

#include <array>
#include <cstdio>
#include <utility>

namespace conductor {
namespace {

constexpr std::uint64_t upload_window = 256 * 1024;

std::string request_head(const request& asked, const endpoint& server, bool chunked) {
  auto host = to_string(server);
  std::string text;
  text.reserve(512);
  text.append(asked.method).append(" ").append(server.path).append(asked.target);
  text.append(" HTTP/1.1\r\nHost: ").append(host).append("\r\n");
  for (const auto& h : asked.headers)
    text.append(h.name).append(": ").append(h.value).append("\r\n");
  text.append("X-Request-Id: ").append(asked.id).append("\r\n");
  if (chunked)
    text.append("Transfer-Encoding: chunked\r\n");
  else if (asked.upload_length)
    text.append("Content-Length: ")
        .append(std::to_string(*asked.upload_length))
        .append("\r\n");
  else if (!asked.body.empty() || (asked.method != "GET" && asked.method != "HEAD"))
    text.append("Content-Length: ")
        .append(std::to_string(asked.body.size()))
        .append("\r\n");
  return text += "\r\n";
}

} // namespace

void link::ask() {
  const auto& asked = *now_.asked;
  upload_over_ = !asked.upload;
  upload_chunked_ = asked.upload && !asked.upload_length;
  out_.push_back(bytes::adopt(request_head(asked, server_.url, upload_chunked_)));
  if (!asked.body.empty())
    out_.push_back(asked.body);
  if (asked.upload) {
    send(asked.upload, subscribe{caf::actor_cast<subscriber_actor>(this)});
    send(asked.upload, demand{upload_window});
  }
  write();
}

void link::queue(bytes data) {
  if (closed_ || upload_over_)
    return;
  upload_written_ += data.size();
  if (upload_chunked_) {
    char size[24];
    const auto n = std::snprintf(size, sizeof size, "%zx\r\n", data.size());
    out_.push_back(bytes::copy_of({size, static_cast<std::size_t>(n)}));
  }
  out_.push_back(std::move(data));
  if (upload_chunked_)
    out_.push_back(bytes::copy_of("\r\n"));
  write();
}

void link::write() {
  if (writing_ || closed_ || out_.empty())
    return;
  writing_ = true;
  // The operation owns what it writes.
  auto batch = std::exchange(out_, {});
  std::vector<boost::asio::const_buffer> buffers;
  buffers.reserve(batch.size());
  for (const auto& b : batch)
    buffers.emplace_back(b.view().data(), b.size());
  boost::asio::async_write(*socket_, buffers,
                           [this, alive = hold(), batch = std::move(batch)](
                               const boost::system::error_code& ec, std::size_t) {
                             lane::turn scope{home(), "link"};
                             writing_ = false;
                             if (closed_)
                               return;
                             if (ec) {
                               // Ollama may answer before it read everything, and close:
                               // the answer counts.
                               if (!std::exchange(upload_over_, true))
                                 send(now_.asked->upload, cancel{});
                               out_.clear();
                               return;
                             }
                             if (!upload_over_ && upload_written_ > 0)
                               send(now_.asked->upload,
                                    demand{std::exchange(upload_written_, 0)});
                             write();
                           });
}

} // namespace conductor

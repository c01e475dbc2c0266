#include "tests/support/http_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace conductor::test {
namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

int connected(int family, const sockaddr* at, socklen_t size) {
  const int fd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || ::connect(fd, at, size) != 0)
    throw std::runtime_error(std::string{"cannot connect: "} + std::strerror(errno));
  return fd;
}

} // namespace

http_client::http_client(std::uint16_t port) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  fd_ = connected(AF_INET, reinterpret_cast<sockaddr*>(&at), sizeof at);
}

http_client::http_client(const std::string& path) {
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  path.copy(at.sun_path, sizeof at.sun_path - 1);
  fd_ = connected(AF_UNIX, reinterpret_cast<sockaddr*>(&at), sizeof at);
}

http_client::~http_client() {
  close();
}

void http_client::close() {
  if (fd_ >= 0)
    ::close(fd_);
  fd_ = -1;
}

void http_client::half_close() {
  ::shutdown(fd_, SHUT_WR);
}

bool http_client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0)
      return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

bool http_client::ask(std::string_view method, std::string_view target,
                      std::string_view body, std::string_view more) {
  std::string text{method};
  text.append(" ").append(target).append(" HTTP/1.1\r\nHost: 127.0.0.1\r\n").append(more);
  if (!body.empty() || method == "POST")
    text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  text.append("\r\n").append(body);
  return send(text);
}

bool http_client::fill() {
  const auto left =
      std::chrono::duration_cast<milliseconds>(until_ - std::chrono::steady_clock::now());
  pollfd p{fd_, POLLIN, 0};
  if (left.count() <= 0 || ::poll(&p, 1, static_cast<int>(left.count())) <= 0)
    return false;
  char buffer[65536];
  const auto n = ::recv(fd_, buffer, sizeof buffer, 0);
  if (n <= 0)
    return false;
  in_.append(buffer, static_cast<std::size_t>(n));
  return true;
}

std::optional<std::string> http_client::line() {
  auto end = in_.find("\r\n");
  while (end == std::string::npos) {
    if (!fill())
      return {};
    end = in_.find("\r\n");
  }
  auto text = in_.substr(0, end);
  in_.erase(0, end + 2);
  return text;
}

/// Fields up to an empty line; false: they did not end.
bool http_client::read_fields(std::map<std::string, std::string>& into) {
  for (auto l = line(); l; l = line()) {
    if (l->empty())
      return true;
    const auto colon = l->find(':');
    into[lower(l->substr(0, colon))] = l->substr(std::min(colon + 2, l->size()));
  }
  return false;
}

bool http_client::read_head(http_answer& a) {
  const auto first = line();
  if (!first || first->size() < 12) {
    a.problem = first ? "no status line: " + *first : "no answer";
    return false;
  }
  a.status = std::stoi(first->substr(9, 3));
  if (read_fields(a.headers))
    return true;
  a.problem = "the head did not end";
  return false;
}

/// The next chunk; empty text: the last one.
std::optional<std::string> http_client::chunk() {
  const auto size_line = line();
  if (!size_line)
    return {};
  const auto size = std::stoul(*size_line, nullptr, 16);
  if (size == 0) {
    trailers_.clear();
    return read_fields(trailers_) ? std::optional<std::string>{""} : std::nullopt;
  }
  while (in_.size() < size + 2)
    if (!fill())
      return {};
  auto text = in_.substr(0, size);
  in_.erase(0, size + 2);
  return text;
}

http_answer http_client::read_answer(bool to_head, milliseconds most) {
  until_ = std::chrono::steady_clock::now() + most;
  http_answer a;
  if (!read_head(a))
    return a;
  if (a.status == 100) {
    a = {};
    if (!read_head(a))
      return a;
  }
  if (to_head || a.status == 204 || a.status == 304) {
    a.whole = true;
  } else if (a.headers.contains("transfer-encoding")) {
    for (auto c = chunk(); c; c = chunk()) {
      a.whole = c->empty();
      if (a.whole)
        break;
      a.body += *c;
      a.chunks.push_back(std::move(*c));
    }
    a.trailers = trailers_;
  } else if (a.headers.contains("content-length")) {
    const auto size = std::stoul(a.headers["content-length"]);
    while (in_.size() < size && fill()) {
    }
    a.whole = in_.size() >= size;
    a.body = in_.substr(0, size);
    in_.erase(0, size);
  } else {
    while (fill()) {
    }
    a.body = std::exchange(in_, {});
    a.whole = true;
  }
  if (!a.whole)
    a.problem = "the body did not end";
  return a;
}

http_answer http_client::read_first_chunk(milliseconds most) {
  until_ = std::chrono::steady_clock::now() + most;
  http_answer a;
  if (read_head(a))
    a.body = chunk().value_or("");
  return a;
}

std::string http_client::read_chunk(milliseconds most) {
  until_ = std::chrono::steady_clock::now() + most;
  return chunk().value_or("");
}

bool http_client::closed_by_peer(milliseconds most) {
  until_ = std::chrono::steady_clock::now() + most;
  while (fill())
    in_.clear();
  return std::chrono::steady_clock::now() < until_;
}

http_answer fetch(std::uint16_t port, std::string_view method, std::string_view target,
                  std::string_view body, std::string_view more_headers) {
  http_client c{port};
  c.ask(method, target, body, more_headers);
  return c.read_answer(method == "HEAD");
}

} // namespace conductor::test

#include "adapters/console/console.hpp"

#include "messages/header.hpp"

#include <boost/beast/core/error.hpp>
#include <boost/beast/zlib/inflate_stream.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <string>

namespace conductor {
namespace {

constexpr std::string_view root = "/console";

/// No HTML is ever made of a text, so that no script needs a policy for it.
constexpr const char* content_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: "
    "blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'";

response plain(int status, std::string text) {
  return {status, "text/plain; charset=utf-8", std::move(text), {}};
}

/// A list of `name` or `name;q=…` has it, not with q=0.
bool takes(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    std::string one;
    for (const unsigned char c : list.substr(0, comma))
      if (c != ' ' && c != '\t')
        one += static_cast<char>(std::tolower(c));
    list.remove_prefix(std::min(comma + 1, list.size()));
    const auto q = one.find(';');
    if (one.substr(0, q) != name)
      continue;
    return q == std::string::npos || one.find_first_of("123456789", q) != one.npos;
  }
  return false;
}

bool lists(std::string_view list, std::string_view tag) {
  return list == "*" || list.find(tag) != list.npos;
}

/// What gzip was made of, for the few who do not take it. The frame is ours: ten bytes
/// before, checksum and size behind.
std::string unpacked(std::string_view gzip) {
  constexpr std::size_t head = 10, tail = 8;
  std::uint32_t size = 0;
  for (std::size_t i = 1; i <= 4; ++i)
    size = size << 8 | static_cast<unsigned char>(gzip[gzip.size() - i]);
  std::string text(size, '\0');
  boost::beast::zlib::inflate_stream stream;
  boost::beast::zlib::z_params z;
  z.next_in = gzip.data() + head;
  z.avail_in = gzip.size() - head - tail;
  z.next_out = text.data();
  z.avail_out = text.size();
  boost::beast::error_code ec;
  stream.write(z, boost::beast::zlib::Flush::finish, ec);
  return text;
}

/// The hash in a name makes it another file when it changes.
bool is_for_ever(std::string_view path) {
  return path.find('-') != path.npos;
}

response answer(const console_file& file, const request& asked) {
  response r;
  r.headers = {{"ETag", std::string{file.tag}},
               {"Cache-Control", is_for_ever(file.path)
                                     ? "public, max-age=31536000, immutable"
                                     : "no-cache"},
               {"Vary", "Accept-Encoding"},
               {"Content-Security-Policy", content_policy},
               {"Cross-Origin-Resource-Policy", "same-origin"},
               {"Referrer-Policy", "no-referrer"},
               {"X-Content-Type-Options", "nosniff"}};
  if (lists(header_value(asked.headers, "If-None-Match"), file.tag)) {
    r.status = 304;
    return r;
  }
  r.content_type = file.type;
  if (takes(header_value(asked.headers, "Accept-Encoding"), "gzip")) {
    r.headers.push_back({"Content-Encoding", "gzip"});
    r.body = file.gzip;
  } else {
    r.body = unpacked(file.gzip);
  }
  return r;
}

} // namespace

response console(const request& asked) {
  if (asked.method != "GET" && asked.method != "HEAD") {
    auto r = plain(405, "405 method not allowed");
    r.headers.push_back({"Allow", "GET, HEAD"});
    return r;
  }
  std::string_view path = asked.target;
  path = path.substr(0, path.find('?'));
  if (path == root) {
    auto r = plain(301, "");
    r.headers.push_back({"Location", "/console/"});
    return r;
  }
  path.remove_prefix(std::min(root.size() + 1, path.size()));
  if (path.empty())
    path = "index.html";
  for (const auto& file : console_files())
    if (file.path == path)
      return answer(file, asked);
  return plain(404, "404 page not found");
}

} // namespace conductor

#include "adapters/http/head_text.hpp"

#include <boost/beast/http/status.hpp>

namespace conductor {

void add_header(std::string& text, std::string_view name, std::string_view value) {
  text.append(name).append(": ").append(value).append("\r\n");
}

std::string head_text(int status, const std::vector<header_field>& headers) {
  namespace http = boost::beast::http;
  std::string text;
  text.reserve(512);
  text += "HTTP/1.1 " + std::to_string(status) + " ";
  const auto reason =
      http::obsolete_reason(http::int_to_status(static_cast<unsigned>(status)));
  text.append(reason.data(), reason.size()).append("\r\n");
  for (const auto& h : headers)
    add_header(text, h.name, h.value);
  return text;
}

} // namespace conductor

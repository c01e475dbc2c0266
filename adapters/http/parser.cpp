#include "adapters/http/parser.hpp"

#include <algorithm>
#include <limits>

namespace conductor {
std::string_view trimmed(std::string_view text) noexcept {
  constexpr std::string_view blanks = " \t";
  text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
  return text.substr(0, text.find_last_not_of(blanks) + 1);
}

bool lists(std::string_view list, std::string_view token) noexcept {
  bool found = false;
  each_token(list, [&](std::string_view one) { found |= same_name(one, token); });
  return found;
}

std::string_view request_head::find(std::string_view name) const {
  return header_value(fields, name);
}

bool request_head::has(std::string_view name) const {
  return std::any_of(fields.begin(), fields.end(),
                     [&](const auto& f) { return same_name(f.name, name); });
}

request_parser::request_parser(std::size_t max_head) {
  header_limit(static_cast<std::uint32_t>(
      std::min<std::size_t>(max_head, std::numeric_limits<std::uint32_t>::max())));
  body_limit(boost::none); // the wire bounds what it keeps
}

void request_parser::on_request_impl(verb, string_view method, string_view target,
                                     int version, error_code& ec) {
  ec = {};
  head.method.assign(method.data(), method.size());
  head.target.assign(target.data(), target.size());
  head.version = version;
  head.fields.reserve(12);
}

void request_parser::on_field_impl(field name, string_view text, string_view value,
                                   error_code& ec) {
  ec = {};
  const std::string_view v{value.data(), value.size()};
  if (v.find_first_of(std::string_view{"\r\n\0", 3}) != std::string_view::npos)
    objection = "a header value holds a control character";
  if (name == field::host && head.has("Host"))
    objection = "more than one Host header";
  if (name == field::content_length && head.has("Content-Length"))
    objection = "more than one Content-Length header";
  if (name == field::content_length &&
      v.find_first_not_of("0123456789") != std::string_view::npos)
    objection = "Content-Length must be one number";
  if (name == field::transfer_encoding) {
    if (head.has("Transfer-Encoding") || !same_name(v, "chunked"))
      objection = "Transfer-Encoding must be \"chunked\", once";
    else if (head.version < 11)
      objection = "Transfer-Encoding needs HTTP/1.1";
  }
  head.fields.push_back({{text.data(), text.size()}, std::string{v}});
}

void request_parser::on_header_impl(error_code& ec) {
  ec = {};
  if (head.has("Transfer-Encoding") && head.has("Content-Length"))
    objection = "both Transfer-Encoding and Content-Length";
  if (head.version >= 11 && !head.has("Host"))
    objection = "missing required Host header";
}

std::size_t request_parser::on_body_impl(string_view text, error_code& ec) {
  ec = {};
  body.append(text.data(), text.size());
  return text.size();
}

std::size_t request_parser::on_chunk_body_impl(std::uint64_t, string_view text,
                                               error_code& ec) {
  ec = {};
  body.append(text.data(), text.size());
  return text.size();
}

} // namespace conductor

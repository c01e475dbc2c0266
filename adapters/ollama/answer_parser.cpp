#include "adapters/ollama/answer_parser.hpp"

namespace conductor {

answer_parser::answer_parser(bool to_head) {
  header_limit(max_head);
  body_limit(boost::none); // an answer has no end that could be foreseen
  skip(to_head);
}

void answer_parser::on_response_impl(int code, string_view, int, error_code& ec) {
  ec = {};
  status = code;
  headers.reserve(8);
}

void answer_parser::on_field_impl(field name, string_view text, string_view value,
                                  error_code& ec) {
  ec = {};
  switch (name) {
  case field::connection:
  case field::keep_alive:
  case field::proxy_authenticate:
  case field::proxy_connection:
  case field::te:
  case field::trailer:
  case field::transfer_encoding:
  case field::upgrade:
  case field::content_length:
    return; // of this hop: the wire sets its own
  case field::content_type:
    content_type.assign(value.data(), value.size());
    break;
  default:
    break;
  }
  headers.push_back({{text.data(), text.size()}, {value.data(), value.size()}});
}

std::size_t answer_parser::on_body_impl(string_view text, error_code& ec) {
  ec = {};
  body.append(text.data(), text.size());
  return text.size();
}

std::size_t answer_parser::on_chunk_body_impl(std::uint64_t, string_view text,
                                              error_code& ec) {
  ec = {};
  body.append(text.data(), text.size());
  return text.size();
}

} // namespace conductor

#pragma once

#include "messages/stream.hpp"

#include <boost/beast/http/basic_parser.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace conductor {

/// Parses one answer of Ollama: the head as it stood, and the body's bytes free of their
/// framing in `body`, which the reader empties.
class answer_parser final : public boost::beast::http::basic_parser<false> {
public:
  static constexpr std::uint32_t max_head = 256 * 1024; ///< bytes

  /// `to_head`: the request was a HEAD, so no body follows whatever the head says.
  explicit answer_parser(bool to_head);

  int status = 0;
  std::vector<header_field> headers; ///< end-to-end headers only
  std::string content_type;
  std::string body;

private:
  using string_view = boost::beast::string_view;
  using error_code = boost::beast::error_code;
  using verb = boost::beast::http::verb;
  using field = boost::beast::http::field;

  void on_request_impl(verb, string_view, string_view, int, error_code&) override {}
  void on_response_impl(int code, string_view reason, int version,
                        error_code& ec) override;
  void on_field_impl(field name, string_view text, string_view value,
                     error_code& ec) override;
  void on_header_impl(error_code& ec) override { ec = {}; }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code& ec) override {
    ec = {};
  }
  std::size_t on_body_impl(string_view text, error_code& ec) override;
  void on_chunk_header_impl(std::uint64_t, string_view, error_code& ec) override {
    ec = {};
  }
  std::size_t on_chunk_body_impl(std::uint64_t, string_view text,
                                 error_code& ec) override;
  void on_finish_impl(error_code& ec) override { ec = {}; }
};

} // namespace conductor

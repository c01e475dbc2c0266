#pragma once

#include "messages/header.hpp"

#include <boost/beast/http/basic_parser.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace conductor {

/// The head of a request as it stood on the wire.
struct request_head {
  std::string method;
  std::string target;
  int version = 11; ///< 10 or 11
  std::vector<header_field> fields;

  /// Value of the first field of that name (any case), or empty.
  std::string_view find(std::string_view name) const;
  bool has(std::string_view name) const;
};

/// A header's text without the blanks around it.
std::string_view trimmed(std::string_view text) noexcept;

/// Calls `f` with each token of a header's list, without what is behind a `;` in it.
template <class F>
void each_token(std::string_view list, F f) {
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    const auto one = list.substr(0, comma);
    f(trimmed(one.substr(0, one.find(';'))));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
}

/// A header's list of tokens, each maybe with parameters behind a `;`, has that one.
bool lists(std::string_view list, std::string_view token) noexcept;

/// Parses one request: Beast's strict parser, and stricter where a lenient reading lets a
/// request be smuggled: one Host, no Transfer-Encoding but `chunked`, never beside a
/// Content-Length, no folded header line. Body bytes collect in `body`.
class request_parser final : public boost::beast::http::basic_parser<true> {
public:
  /// `max_head`: bytes of request line and headers.
  explicit request_parser(std::size_t max_head);

  request_head head;
  std::string body; ///< what came of the body since it was last taken
  /// Why the head is refused beyond HTTP's grammar; empty: it is not.
  std::string objection;

private:
  using string_view = boost::beast::string_view;
  using error_code = boost::beast::error_code;
  using verb = boost::beast::http::verb;
  using field = boost::beast::http::field;

  void on_request_impl(verb, string_view method, string_view target, int version,
                       error_code& ec) override;
  void on_response_impl(int, string_view, int, error_code&) override {}
  void on_field_impl(field name, string_view text, string_view value,
                     error_code& ec) override;
  void on_header_impl(error_code& ec) override;
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

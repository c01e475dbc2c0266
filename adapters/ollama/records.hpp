#pragma once

#include "adapters/ollama/answer_end.hpp"
#include "messages/request.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace conductor {

/// Cuts a streamed body into whole records and knows whether its last one was said.
///
/// Bytes go through unchanged; an unfinished record is held back until its end comes, so
/// that a reader never gets half a line. Bodies without records pass as they come.
class record_splitter {
public:
  /// `content_type` and `status` of the answer, `speaks` of its request; a record larger
  /// than `max_record` bytes is refused.
  record_splitter(std::string_view content_type, int status, dialect speaks,
                  std::size_t max_record);

  /// Takes what was read; returns the part that ends with a whole record (maybe empty),
  /// valid until the next call.
  std::string_view push(std::string_view text);

  /// The body has no records: it is one.
  bool opaque() const noexcept { return kind_ == kind::opaque; }

  /// A record is larger than allowed: nothing more comes out.
  bool too_long() const noexcept { return too_long_; }

  /// At the end of a body whose framing is intact: what is left without a record's end,
  /// passed on as it is.
  std::string_view rest() const noexcept { return held_; }
  void drop_rest() noexcept { held_.clear(); }

  /// Whether the stream said that it is over: a record with `done`, an error, `[DONE]`,
  /// `message_stop`, …. Bodies without records are always over.
  bool finished() const;

  /// Whether a record said so: true for no body without records.
  bool said_end() const { return checked_ && finished(); }

  /// Whether that record told an error.
  bool ended_with_error() const;

  /// What the answer took, as far as its end tells.
  const answer_end& end() const noexcept { return end_; }

private:
  enum class kind { opaque, ndjson, sse };

  std::size_t end_of_records(std::string_view text) const;
  void remember(std::string_view records);

  kind kind_ = kind::opaque;
  dialect speaks_;
  std::size_t max_record_;
  bool checked_ = false; ///< the answer must say that it is over
  bool too_long_ = false;
  std::string held_; ///< an unfinished record
  std::string out_;
  answer_end end_;
};

} // namespace conductor

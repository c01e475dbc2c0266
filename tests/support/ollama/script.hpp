#pragma once

#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace conductor::test {

/// How one request is answered. A plain value; the default is a healthy model with canned
/// text. In JSON every key has the member's name, but durations carry their unit:
/// `first_ms` or `first_us`, `gap_ms` or `gap_us`, `load_ms`, `split_us`. Record numbers
/// count what was sent before: 0 is before the first. `die_after` and `hang_after` all
/// records come instead of the body's end.
struct script {
  using microseconds = std::chrono::microseconds;

  microseconds first{0}; ///< from the place at the model to the first record
  microseconds gap{0};   ///< between records
  std::optional<microseconds>
      load{}; ///< how long a load takes; empty: the server's default
  std::optional<std::size_t> records{}; ///< content records; empty: all of the text
  std::size_t size = 0;                 ///< bytes of text per record; 0: a word
  std::string text{};                   ///< what is said, over and over; empty: canned
  std::optional<std::size_t>
      thinking{};             ///< thinking records; empty: as the model and request say
  bool echo = false;          ///< says what the last message or prompt said
  bool tool = false;          ///< calls a tool, in a record of its own
  bool tool_in_final = false; ///< calls a tool in the record with done:true
  std::string tool_name{};    ///< empty: the request's first tool
  std::string tool_arguments = R"({"city":"Paris","days":2})"; ///< a JSON object
  std::string done_reason{}; ///< empty: stop, or length when cut by the request
  bool no_done = false;      ///< ends properly, but without the done:true record
  bool timestamps = false;   ///< records begin with "t": monotonic ns at sending
  bool stamps = false; ///< each text ends with `/NUMBER/DUE;`, from 0 and in monotonic
                       ///< ns; when late, it catches up

  int status = 0;             ///< answers with this status at once
  std::string body{};         ///< with `status`: the whole body; empty: an error's
  std::string content_type{}; ///< of `body`; empty: JSON
  std::string error_text = "scripted error"; ///< of `status`, `error_after`
  std::optional<std::size_t> error_after{};  ///< an error instead of this record
  std::optional<std::size_t> die_after{};    ///< the socket closes instead of this record
  bool partial = false;                      ///< half of that record goes out before
  bool reset = false;                        ///< dies with a TCP reset
  std::optional<std::size_t> garbage_after{}; ///< garbage instead of this record, then on
  std::string garbage = "this is not a record\n"; ///< what that is
  bool garbage_frame = false; ///< it goes out bare, so that the chunking breaks too
  bool hang = false;          ///< never answers
  std::optional<std::size_t> hang_after{}; ///< silent for ever instead of this record
  std::string load_error{};                ///< a load fails with this text
  std::size_t split = 0;     ///< writes pieces of this many bytes; 0: whole records
  microseconds split_gap{0}; ///< between pieces
  bool close = false;        ///< closes the connection after the answer
  bool join_end = false;     ///< the last record and the end leave in one write
  std::vector<std::pair<std::string, std::string>> headers{}; ///< more response headers

  /// Replaces what `changes` (an object) names. Throws std::invalid_argument that names
  /// an unknown key or a wrong type.
  void apply(const nlohmann::json& changes);

  /// A default script with these changes, given as JSON text.
  static script parse(std::string_view json_text);
};

/// What the scripted Ollama says when nothing else is asked for.
std::string_view canned_text();
/// What it thinks before.
std::string_view canned_thought();

/// Cuts a text into records: words, or pieces of `size` bytes that never cut a character;
/// starts over when the text is used up.
class text_source {
public:
  text_source(std::string_view text, std::size_t size);

  /// The next record's text.
  std::string_view next();

  /// Records until the text starts over.
  std::size_t per_round() const;

private:
  std::size_t end_of_piece(std::size_t from) const;

  std::string_view text_;
  std::size_t size_;
  std::size_t at_ = 0;
};

/// The text of `records` content records of such a script, joined: what a client must
/// get.
std::string expected_text(const script& s);

} // namespace conductor::test

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace conductor::bench {

/// Takes the bytes of one response, chunked or with a length, and gives its lines. A
/// record that lies in one piece of input is not copied. Throws load_error on a status
/// other than 200 and on malformed framing.
class answer_reader {
public:
  /// Makes ready for the next response on the connection.
  void reset();

  /// Gives the next whole line (without its end) in `record` and cuts what was used from
  /// `input`; false: `input` is used up or the response is over. `record` lives until the
  /// next call or until the input's buffer changes.
  bool next(std::string_view& input, std::string_view& record);

  /// The response was read to its end.
  bool complete() const { return at_ == state::over; }

private:
  enum class state { head, size, data, data_end, trailer, over };

  void read_head(std::string_view& input);
  void take_head();
  void read_size(std::string_view& input);
  bool read_data(std::string_view& input, std::string_view& record);
  void read_data_end(std::string_view& input);
  void read_trailer(std::string_view& input);
  void data_over();
  void finish();

  state at_ = state::head;
  std::string head_;
  std::string partial_;    ///< a line's begin that came before
  std::string line_;       ///< a line that came in several pieces
  std::uint64_t left_ = 0; ///< bytes of data until the next border
  int status_ = 0;
  int digits_ = 0;
  int border_ = 0; ///< bytes of the line end seen after a chunk's data
  bool chunked_ = false;
  bool extension_ = false;
  bool blank_ = true; ///< the trailer's line is empty so far
};

} // namespace conductor::bench

#pragma once

#include "tests/bench/load/line_check.hpp"

#include <string>

namespace conductor::bench {

/// Checks answers whose texts are stamped (`WORD/NUMBER/DUE;`), as records of /api/chat
/// or as events of a session, which may join texts: every record is this question's,
/// comes once and in order, then the end, then nothing.
class stamp_check : public line_check {
public:
  stamp_check() : line_check("its end") {}

  void expect(const question& q) override;
  void line(std::string_view text, std::vector<std::int64_t>& times) override;

private:
  void event(std::string_view type, std::string_view text,
             std::vector<std::int64_t>& times);
  void stamps(std::string_view said, std::vector<std::int64_t>& times);

  std::string word_;
  std::uint64_t event_ = 0; ///< number of the last one
};

} // namespace conductor::bench

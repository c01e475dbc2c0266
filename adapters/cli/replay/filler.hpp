#pragma once

#include <cstdint>
#include <string>

namespace conductor::cli {

/// A text of about so many tokens: common words, one token each in most models. Of the
/// same `seed` the longer one begins with the shorter one, as a conversation does; others
/// differ from their first words on.
std::string filler_text(std::uint64_t tokens, std::uint64_t seed);

} // namespace conductor::cli

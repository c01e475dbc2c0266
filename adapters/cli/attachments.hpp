#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace conductor::cli {

/// The paths of pictures and sounds that a prompt mentions, as `ollama run` finds them:
/// from `/` or `./` to .jpg, .jpeg, .png, .webp or .wav, spaces inside allowed. Text that
/// only looks like a path is found too; see which files exist.
std::vector<std::string> mentioned_files(std::string_view prompt);

/// The path without the backslashes that a shell or a terminal's drop put before special
/// characters.
std::string unescaped_path(std::string_view path);

/// The bytes of a picture or sound in base64. Throws failure for a file that cannot be
/// read, is larger than 100 MB or is none of JPEG, PNG, WebP and WAV.
std::string attachment(const std::string& path);

/// Standard base64 with padding.
std::string base64(std::string_view bytes);

} // namespace conductor::cli

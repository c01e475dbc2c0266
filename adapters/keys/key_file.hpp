#pragma once

#include "messages/key.hpp"

#include <functional>
#include <string>
#include <vector>

namespace conductor {

// The file of all keys: JSON, the owner's alone, replaced as a whole. These calls block:
// for an executor's thread, and for the time before a node runs. They throw
// std::runtime_error with a sentence for people, also where the file is none of this
// program's: a node without its keys would let nobody in, or everybody.

/// No file: no keys.
std::vector<api_key> read_keys(const std::string& file);

/// Changes what the file holds now, and returns what it holds then; no other process
/// changes it meanwhile. What `change` throws leaves it as it was. When this returns, the
/// new file is on the disk.
std::vector<api_key>
change_keys(const std::string& file,
            const std::function<void(std::vector<api_key>&)>& change);

/// The file's text, and back.
std::string keys_document(const std::vector<api_key>& all);
std::vector<api_key> parse_keys(std::string_view text);

} // namespace conductor

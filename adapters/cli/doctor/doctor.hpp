#pragma once

#include "adapters/cli/doctor/finding.hpp"

#include <string>

namespace conductor::cli {

/// What `conductor doctor` was told.
struct doctor_options {
  std::string host;
  std::string config; ///< file; empty: where a node would look
  bool raw = false;
};

/// Looks at everything that an answer needs and says what to do. Returns 1 where
/// something failed.
int doctor(const doctor_options& options);

/// The findings for people, with what to do under each that is not well.
std::string doctor_text(const findings& all, bool colour);
/// The same as one JSON document.
std::string doctor_json(const findings& all);

} // namespace conductor::cli

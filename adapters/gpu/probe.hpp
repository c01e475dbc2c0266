#pragma once

#include "messages/gpu.hpp"

#include <stdexcept>
#include <string_view>

namespace conductor {

/// The GPUs cannot be looked at this way, or no longer; says why.
struct gpu_unavailable : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// One way to look at this machine's GPUs. Its calls may block, be it for ever: from the
/// GPU's own thread only.
class gpu_probe {
public:
  virtual ~gpu_probe() = default;
  /// Fills in `probe`, `driver` and `devices`; `time` is there. Throws gpu_unavailable,
  /// and is of no use after that.
  virtual void look(gpu_sample& sample) = 0;
};

/// Whether a program of that name is one of Ollama's runners: they live in its folder or
/// are called after it.
inline bool is_ollama(std::string_view program) noexcept {
  return program.find("ollama") != std::string_view::npos;
}

} // namespace conductor

#pragma once

#include "messages/gpu.hpp"

#include <nlohmann/json.hpp>

#include <vector>

/// What clients are told of GPUs. What is not known is left out.
namespace conductor {

/// GPUs and models, as `/conductor/v1/gpus` and events of type `gpu` tell them.
nlohmann::ordered_json to_json(const gpu_report& now);
/// One model, as events of type `placement` and lists tell it.
nlohmann::ordered_json to_json(const model_placement& m);
/// For each GPU a column of each quantity; null where it was not known.
nlohmann::ordered_json to_json(const std::vector<gpu_moment>& history);

} // namespace conductor

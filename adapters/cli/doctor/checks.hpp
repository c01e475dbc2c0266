#pragma once

#include "adapters/cli/client.hpp"
#include "adapters/cli/doctor/finding.hpp"
#include "config/settings.hpp"

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string>

/// What `conductor doctor` looks at. Each adds what it found and throws nothing.
namespace conductor::cli {

/// The configuration that a node started here would read, also where it is the default.
/// Empty: it cannot be.
std::optional<settings> check_configuration(const std::string& file, findings& into);

/// What the node tells of itself: its status; empty where none can be reached.
std::optional<nlohmann::json> check_node(client& node, findings& into);

/// Whether a node started here could listen where its configuration says.
void check_listening(const settings& own, findings& into);

/// The certificates that a node started here would show and trust.
void check_tls(const settings& own, findings& into);

/// The node's threads, store, queue and files.
void check_health(client& node, const nlohmann::json& status, findings& into);

/// Each Ollama server, as the node sees it and from here; its models.
void check_backends(client& node, const nlohmann::json& status, findings& into);
/// The same without a node.
void check_ollama(const settings& own, findings& into);

/// GPUs, and whether models lie on them.
void check_gpus(client& node, findings& into);

/// Where conversations are kept, and whether there is room.
void check_store(const settings& own, bool runs, findings& into);

/// Clock, and files that may be open.
void check_machine(findings& into);

} // namespace conductor::cli

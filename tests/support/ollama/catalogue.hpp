#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace conductor::test {

/// A model that the scripted Ollama claims to have.
struct canned_model {
  std::string name;     ///< with its tag
  std::string digest{}; ///< 64 hex digits; derived from the name when empty
  std::string blob{};   ///< aliases share it; derived from the name when empty
  std::vector<std::string> capabilities{"completion", "tools"};
  std::string family = "canned";
  std::string parameter_size = "7B";
  std::string quantization = "Q4_K_M";
  std::int64_t size = 4'200'000'000;
  int context_length = 8192;
  int embedding_length = 8;
  std::string system{};
  std::string parameters{};
  std::string modified_at{};
  std::int64_t on_gpu = -1; ///< bytes of it when it is loaded; -1: all

  bool can(std::string_view capability) const;
};

using model_ptr = std::shared_ptr<const canned_model>;

/// Models and blobs. Safe from every thread. Names ignore case, default to the tag
/// `latest` and may carry the default registry.
class catalogue {
public:
  /// Models of these names, which complete and call tools; none named: `canned`,
  /// `thinker` and `embedder`.
  explicit catalogue(std::vector<std::string> names = {});

  model_ptr find(std::string_view name) const;
  /// By name.
  std::vector<model_ptr> list() const;
  void add(canned_model m);
  bool remove(std::string_view name);
  bool copy(std::string_view from, std::string_view to);
  /// Only the models that it began with are left.
  void reset();
  /// Not even these.
  void clear();

  bool has_blob(std::string_view digest) const;
  void add_blob(std::string digest);

private:
  const std::vector<std::string> names_;
  mutable std::mutex mutex_;
  std::map<std::string, model_ptr, std::less<>> models_; ///< by full name in lower case
  std::set<std::string, std::less<>> blobs_;
};

/// `name` with a tag and without the default registry, its case kept.
std::string with_tag(std::string_view name);

/// Ollama would take it for a model's name.
bool valid_name(std::string_view name);

/// 64 hex digits that depend on `text` only.
std::string canned_digest(std::string_view text);

/// `details` of /api/tags, /api/ps and /api/show.
std::string details_json(const canned_model& m);
/// One record of /api/tags.
std::string tags_json(const canned_model& m);
/// The answer of /api/show.
std::string show_json(const canned_model& m, bool verbose);

} // namespace conductor::test

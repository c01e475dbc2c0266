#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace conductor::test {

/// What the stub of NVML tells in this process while this lives; see stub.cpp.
class stub_facts {
public:
  explicit stub_facts(const std::string& facts = "") {
    std::string name = std::filesystem::temp_directory_path() / "nvml-XXXXXX";
    folder_ = ::mkdtemp(name.data());
    ::setenv("NVML_STUB", file().c_str(), 1);
    say(facts);
  }
  ~stub_facts() {
    ::unsetenv("NVML_STUB");
    std::filesystem::remove_all(folder_);
  }
  stub_facts(const stub_facts&) = delete;

  std::string file() const { return folder_ / "facts"; }

  /// This and nothing else, from now on.
  void say(const std::string& facts) {
    const auto next = folder_ / "next";
    std::ofstream(next) << facts;
    std::filesystem::rename(next, file());
  }

private:
  std::filesystem::path folder_;
};

} // namespace conductor::test

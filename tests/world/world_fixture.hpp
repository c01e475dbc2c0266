#pragma once

#include "runtime/node.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/scripted_ollama.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace conductor::test {

/// A running node on a port of its own before one or more scripted Ollamas. At the end no
/// lease may be left.
class a_node : public ::testing::Test {
protected:
  a_node() {
    values.upstream.probe_interval = std::chrono::milliseconds(200);
    values.server.drain = std::chrono::seconds(5);
    values.log.requests = false;
    values.data_dir = folder.string();
  }

  /// Adds a backend that is the scripted Ollama at that port.
  backend_settings& add_backend(std::string name, std::uint16_t port) {
    backend_settings b;
    b.name = std::move(name);
    b.url = {endpoint::kind::tcp, "127.0.0.1", port, ""};
    return values.backends.emplace_back(std::move(b));
  }

  void start() {
    if (values.backends.empty())
      add_backend("one", ollama.port());
    values.server.listen.insert(values.server.listen.begin(),
                                {endpoint::kind::tcp, "127.0.0.1", 0, ""});
    subject = std::make_unique<node>(values, "test", [](const std::string& why) {
      ADD_FAILURE() << "the node gave up: " << why;
    });
    subject->start();
    port = subject->addresses().front().port;
  }

  http_answer ask(std::string_view method, std::string_view target,
                  std::string_view body = {}, std::string_view headers = {}) {
    return fetch(port, method, target, body, headers);
  }
  http_answer direct(std::string_view method, std::string_view target,
                     std::string_view body = {}, std::string_view headers = {}) {
    return fetch(ollama.port(), method, target, body, headers);
  }

  nlohmann::json status() {
    return nlohmann::json::parse(ask("GET", "/conductor/v1/status").body);
  }

  /// The last request that Ollama saw on that route; probes come at any time.
  seen_request last_request(std::string_view route) {
    seen_request last;
    for (auto& r : ollama.requests())
      if (r.route == route)
        last = r;
    EXPECT_EQ(last.route, route) << "there was none";
    return last;
  }

  /// Waits until no lease is in use; a lane keeps one for 200 ms after its use.
  void expect_no_leases() {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    std::string last;
    while (std::chrono::steady_clock::now() < until) {
      const auto now = status();
      std::size_t used = 0;
      for (const auto& b : now["backends"])
        used += b["in_flight"].get<std::size_t>() + b["relayed"].get<std::size_t>();
      if (used == 0 && now["queue"]["waiting"] == 0)
        return;
      last = now.dump();
    }
    ADD_FAILURE() << "leases are left: " << last;
  }

  /// Begins to stop; `stopped` waits for the end. Both from the test's own thread.
  void begin_stop() {
    subject->begin_stop([this] { drained.set_value(); });
  }
  void stopped() {
    if (drained.get_future().wait_for(std::chrono::seconds(20)) !=
        std::future_status::ready)
      ADD_FAILURE() << "the node did not stop within 20 s";
    subject->finish();
    subject.reset();
  }

  void TearDown() override {
    if (!subject)
      return;
    expect_no_leases();
    begin_stop();
    stopped();
  }

  static std::string generate(std::string_view script = "{}",
                              std::string_view more = "") {
    return R"({"model":"canned","prompt":"hi",)" + std::string{more} +
           R"("options":{"script":)" + std::string{script} + "}}";
  }

  /// A folder of this test's own, gone with it.
  struct temporary_folder : std::filesystem::path {
    temporary_folder() {
      std::string name = std::filesystem::temp_directory_path() / "conductor-XXXXXX";
      assign(::mkdtemp(name.data()));
    }
    ~temporary_folder() { std::filesystem::remove_all(*this); }
  };

  temporary_folder folder;
  scripted_ollama ollama;
  settings values;
  std::unique_ptr<node> subject;
  std::uint16_t port = 0;
  std::promise<void> drained;
};

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

/// The text of an NDJSON answer of /api/generate.
inline std::string text_of(const std::string& body) {
  std::string text;
  for (const auto& line : lines_of(body))
    if (const auto j = nlohmann::json::parse(line, nullptr, false); j.is_object())
      text += j.value("response", "");
  return text;
}

} // namespace conductor::test

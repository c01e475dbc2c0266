#include "adapters/cli/replay/player.hpp"

#include "adapters/cli/client.hpp"
#include "adapters/cli/failure.hpp"
#include "adapters/cli/new_file.hpp"
#include "adapters/cli/record.hpp"
#include "adapters/cli/replay/filler.hpp"

#include <nlohmann/json.hpp>

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace conductor::cli {

namespace {

using clock = std::chrono::steady_clock;
using nlohmann::json;

/// The client leaves, as it did.
struct left {};

double seconds_since(clock::time_point start) {
  return std::chrono::duration<double>(clock::now() - start).count();
}

request asking(const recorded_request& r, const std::string& id, std::size_t number) {
  // A conversation grows; whoever is in none begins with words of his own.
  const auto seed = r.session.empty() ? number : std::hash<std::string>{}(r.session);
  const auto text = filler_text(std::max<std::uint64_t>(r.prompt_tokens, 1), seed);
  request what{"POST", r.embeds ? "/api/embed" : "/api/generate"};
  json body{{"model", r.model}, {r.embeds ? "input" : "prompt", text}};
  if (!r.embeds) {
    body["raw"] = true; // a template would add to it
    body["options"] = {{"num_predict", std::max<std::uint64_t>(r.answer_tokens, 1)}};
  }
  what.body = body.dump(-1, ' ', false, json::error_handler_t::replace);
  what.headers = {{"X-Request-Id", id}, {"X-Conductor-Class", r.priority}};
  if (!r.session.empty())
    what.headers.emplace_back("X-Conductor-Session", "replay " + r.session);
  if (!r.flow.empty())
    what.headers.emplace_back("X-OpenWebUI-User-Id", "replay " + r.flow);
  return what;
}

played_request ask(const recorded_request& r, const std::vector<endpoint>& node,
                   std::string id, std::size_t number, double leave_after_s) {
  played_request done;
  done.id = std::move(id);
  const auto what = asking(r, done.id, number);
  const auto start = clock::now();
  const auto leave_if_due = [&] {
    if (r.cancelled && seconds_since(start) >= leave_after_s)
      throw left{};
  };
  stream_reader reader;
  reader.on_tick = leave_if_due;
  reader.on_line = [&](std::string_view line) {
    if (done.first_s == 0)
      done.first_s = seconds_since(start);
    const auto record = parse_record(line);
    done.answer_tokens += static_cast<std::uint64_t>(number_of(record, "eval_count"));
    leave_if_due();
  };
  try {
    client to(node, "Conductor node", "");
    to.stream(what, reader);
  } catch (const left&) {
  } catch (const std::exception& e) {
    done.error = e.what();
  }
  done.total_s = seconds_since(start);
  return done;
}

} // namespace

std::vector<played_request> play(const recording& what, const std::vector<endpoint>& node,
                                 const pace& how,
                                 const std::function<void(std::size_t)>& tick) {
  std::vector<played_request> all(what.requests.size());
  std::mutex lock;
  std::condition_variable changed;
  std::size_t running = 0, over = 0;
  const auto run = std::to_string(::getpid());
  std::vector<std::thread> threads;
  const auto start = clock::now();
  auto next_tick = start;
  // Returns when `is_so`, or it is `until`; ticks meanwhile.
  const auto wait = [&](std::unique_lock<std::mutex>& held, auto is_so,
                        clock::time_point until) {
    while (!is_so() && clock::now() < until) {
      changed.wait_until(held, std::min(until, next_tick), is_so);
      if (clock::now() >= next_tick) {
        next_tick = clock::now() + std::chrono::seconds(1);
        const auto n = over;
        held.unlock();
        tick(n);
        held.lock();
      }
    }
  };
  constexpr auto never = [] { return false; };
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto& r = what.requests[i];
    const auto due = start + std::chrono::duration_cast<clock::duration>(
                                 std::chrono::duration<double>(r.at_s / how.speed));
    std::unique_lock held{lock};
    wait(held, never, due);
    wait(
        held, [&] { return running < how.most; }, clock::time_point::max());
    ++running;
    threads.emplace_back([&, i, due] {
      const auto late = seconds_since(due);
      auto done = ask(what.requests[i], node, "replay-" + run + "-" + std::to_string(i),
                      i, what.requests[i].total_s / how.speed);
      done.late_s = std::max(0.0, late);
      const std::lock_guard held{lock};
      all[i] = std::move(done);
      --running;
      ++over;
      changed.notify_all();
    });
  }
  {
    std::unique_lock held{lock};
    wait(
        held, [&] { return running == 0; }, clock::time_point::max());
  }
  for (auto& t : threads)
    t.join();
  return all;
}

} // namespace conductor::cli

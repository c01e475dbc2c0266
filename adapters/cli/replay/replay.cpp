#include "adapters/cli/replay/replay.hpp"

#include "adapters/cli/ended_requests.hpp"
#include "adapters/cli/failure.hpp"
#include "adapters/cli/node.hpp"
#include "adapters/cli/record.hpp"
#include "adapters/cli/terminal.hpp"

#include <nlohmann/json.hpp>

#include <exception>
#include <map>

namespace conductor::cli {

int replay(const replay_options& options) {
  catch_signals();
  const auto before = parse_recording(read_named(options.file, exit_usage), options.file);
  if (before.requests.empty())
    throw failure(options.file + " holds no request that can be asked again", exit_usage);
  auto node = node_client(options.host);
  node.fetch({"GET", "/conductor/v1/status"}); // or there is none

  ended_requests watch;
  std::map<std::string, double> queued;
  const auto note = [&](const std::string& answer) {
    for (const auto& r : watch.news(answer)) {
      const auto& timing = list_of(r, "timing");
      queued[text_of(r, "id")] = timing.is_object() ? timing.value("queue", 0.0) : 0.0;
    }
  };
  const bool live = surface_of(2).terminal;
  auto now = play(before, node, options.how, [&](std::size_t over) {
    node.start(ended_requests::asking(),
               [&](const std::exception_ptr& no, const reply& told) {
                 if (!no)
                   note(told.body);
               });
    if (live)
      write_error("\r\x1b[K" + std::to_string(over) + " of " +
                  std::to_string(before.requests.size()));
  });
  note(node.fetch(ended_requests::asking()).body);
  if (live)
    write_error("\r\x1b[K");
  for (auto& r : now)
    if (const auto told = queued.find(r.id); told != queued.end())
      r.queue_s = told->second;
  write_out(options.raw ? replay_json(before, now, options.how) + "\n"
                        : replay_text(before, now, options.how));
  bool worse = false;
  for (std::size_t i = 0; i < now.size(); ++i)
    worse = worse || (!now[i].error.empty() && !before.requests[i].failed);
  return worse ? exit_error : exit_ok;
}

} // namespace conductor::cli

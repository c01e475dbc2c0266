#include "adapters/cli/session_answer.hpp"

#include "adapters/cli/answer.hpp"
#include "adapters/cli/record.hpp"
#include "adapters/cli/retries.hpp"
#include "adapters/cli/session_list.hpp"
#include "adapters/cli/terminal.hpp"
#include "adapters/cli/turn.hpp"
#include "adapters/cli/waiting_mark.hpp"

#include <nlohmann/json.hpp>

#include <chrono>

namespace conductor::cli {

namespace {

using nlohmann::json;
using clock = std::chrono::steady_clock;

constexpr std::chrono::seconds cancel_limit{2};

// The turn has ended, its stream perhaps not: events of the session go on for ever.
struct turn_over {};

class session_answer {
public:
  session_answer(client& node, const std::string& id, const run_options& options)
      : node_(node), id_(id), options_(options) {}

  void show(const request& what) {
    try {
      follow(what);
      mark_.clear();
      conclude();
    } catch (const interruption&) {
      mark_.clear();
      cancel();
      throw;
    } catch (...) {
      mark_.clear();
      write_out(shown_.close());
      throw;
    }
  }

private:
  // Hears the turn to its end, over as many connections as it takes.
  void follow(request what) {
    bool again = false;
    while (turn_.is() == turn::state::open) {
      std::string lost = "the answer ended before it was complete";
      try {
        listen(what);
      } catch (const disconnection& e) {
        lost = e.what();
      } catch (const refusal& no) {
        if (!again || no.status != 503)
          throw; // else the node is going down or coming up
        lost = no.what();
      }
      if (turn_.is() != turn::state::open)
        return;
      auto pause = again_.next();
      if (!pause)
        throw failure(lost);
      node_.idle(*pause, [this] { tick(); });
      again = true;
      // Until its number is known, only the question itself leads to the answer.
      if (turn_.message() != 0) {
        auto from = "?from=" + std::to_string(turn_.next_event());
        what = {"GET", session_target(id_, "events") + from, "", {events_only}};
      }
    }
  }

  void listen(request what) {
    if (what.method == "POST")
      what.headers.emplace_back(events_only);
    stream_reader reader;
    reader.on_tick = [this] { tick(); };
    reader.on_line = [this](std::string_view line) { hear(line); };
    try {
      node_.stream(what, reader);
    } catch (const turn_over&) {
    }
  }

  void tick() {
    held_interrupt::check();
    if (surface_of(2).terminal)
      mark_.tick();
  }

  void hear(std::string_view line) {
    held_interrupt::check();
    auto event = parse_document(line);
    if (!event.contains("type"))
      throw disconnection(text_of(event, "error")); // the node's end of a stream
    auto record = turn_.push(event);
    if (!record)
      return;
    auto text = options_.raw
                    ? std::string(line) + "\n"
                    : shown_.push(*record, on_terminal_ ? terminal_width(1) : 80);
    if (!text.empty()) {
      mark_.clear();
      again_.start_over();
      write_out(text);
    }
    if (turn_.is() != turn::state::open)
      throw turn_over();
  }

  void conclude() {
    if (turn_.is() == turn::state::failed)
      throw answer_failure(turn_.error(), turn_.code());
    if (turn_.is() == turn::state::cancelled)
      throw answer_failure("the answer was cancelled", "cancelled");
    if (!options_.raw)
      write_out(shown_.close() + "\n\n");
    if (options_.verbose)
      write_error(statistics(turn_.numbers()));
  }

  // Its own answer, where it is known which one that is, else the one under way.
  void cancel() {
    auto body = json::object();
    if (turn_.message() != 0)
      body["message"] = turn_.message();
    stream_reader reader;
    reader.on_line = [](std::string_view) {};
    reader.on_tick = [until = clock::now() + cancel_limit] {
      if (clock::now() >= until)
        throw failure("the node does not answer");
    };
    try {
      node_.stream({"POST", session_target(id_, "cancel"), body.dump()}, reader);
    } catch (const failure& why) {
      write_error("Error: the answer goes on, it could not be cancelled: " +
                  std::string(why.what()) + "\n");
    }
  }

  inline static const std::pair<std::string, std::string> events_only{
      "Accept", "application/x-ndjson"};

  client& node_;
  const std::string& id_;
  const run_options& options_;
  held_interrupt held_;
  bool on_terminal_ = surface_of(1).terminal;
  answer shown_{{surface_of(1), !options_.no_word_wrap, options_.hide_thinking}};
  waiting_mark mark_;
  turn turn_;
  retries again_{std::random_device{}()};
};

} // namespace

void show_answer(client& node, const std::string& id, const request& what,
                 const run_options& options) {
  session_answer(node, id, options).show(what);
}

} // namespace conductor::cli

#include "adapters/cli/replay/player.hpp"

#include "adapters/cli/background_request.hpp"
#include "adapters/cli/client.hpp"
#include "adapters/cli/failure.hpp"
#include "adapters/cli/record.hpp"
#include "adapters/cli/replay/filler.hpp"
#include "adapters/cli/ticker.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <nlohmann/json.hpp>

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <optional>
#include <utility>

namespace conductor::cli {

namespace {

using clock = std::chrono::steady_clock;
using nlohmann::json;

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

/// The requests under way, all on one loop.
class player {
public:
  player(const recording& what, client& node, const pace& how)
      : what_(what)
      , how_(how)
      , node_(node)
      , due_(*node_.loop())
      , all_(what.requests.size())
      , under_way_(what.requests.size())
      , run_(std::to_string(::getpid())) {}

  /// Runs until all are over.
  std::vector<played_request> play(const std::function<void(std::size_t)>& tick) {
    start_ = clock::now();
    begin_due();
    const ticker told(*node_.loop(), [&] {
      if (++ticks_ % 10 == 0)
        tick(over_);
    });
    while (over_ < all_.size()) {
      node_.loop()->run_one();
      for (const auto i : std::exchange(ended_, {}))
        under_way_[i].let_go();
    }
    node_.loop()->restart();
    return std::move(all_);
  }

private:
  clock::time_point due_at(std::size_t i) const {
    return start_ +
           std::chrono::duration_cast<clock::duration>(
               std::chrono::duration<double>(what_.requests[i].at_s / how_.speed));
  }

  /// Asks for whatever is due, as long as there may be more at once.
  void begin_due() {
    while (next_ < all_.size() && running_ < how_.most && due_at(next_) <= clock::now())
      begin(next_++);
    if (next_ == all_.size() || running_ >= how_.most)
      return;
    due_.expires_at(due_at(next_));
    due_.async_wait([this](boost::system::error_code stopped) {
      if (!stopped)
        begin_due();
    });
  }

  void begin(std::size_t i) {
    const auto& r = what_.requests[i];
    auto& done = all_[i];
    done.id = "replay-" + run_ + "-" + std::to_string(i);
    done.late_s = std::max(0.0, seconds_since(due_at(i)));
    ++running_;
    const auto begun = clock::now();
    stream_reader reader;
    reader.on_line = [&done, begun](std::string_view line) {
      if (done.first_s == 0)
        done.first_s = seconds_since(begun);
      done.answer_tokens +=
          static_cast<std::uint64_t>(number_of(parse_record(line), "eval_count"));
    };
    const auto end = [this, i, begun](const std::exception_ptr& why) {
      all_[i].total_s = seconds_since(begun);
      all_[i].error = error_of(why);
      over(i);
    };
    auto& mine = under_way_[i];
    mine.asked.emplace(node_, asking(r, done.id, i), std::move(reader), end);
    if (!r.cancelled)
      return;
    // The client leaves, as it did.
    mine.leave.emplace(*node_.loop(),
                       std::chrono::duration_cast<clock::duration>(
                           std::chrono::duration<double>(r.total_s / how_.speed)));
    mine.leave->async_wait([this, i, end](boost::system::error_code stopped) {
      if (!stopped && under_way_[i].asked && !under_way_[i].over)
        end(nullptr);
    });
  }

  static std::string error_of(const std::exception_ptr& why) {
    try {
      if (why)
        std::rethrow_exception(why);
    } catch (const std::exception& e) {
      return e.what();
    }
    return {};
  }

  void over(std::size_t i) {
    under_way_[i].over = true;
    ended_.push_back(i);
    --running_;
    ++over_;
    begin_due();
  }

  struct request_under_way {
    std::optional<background_request> asked;
    std::optional<boost::asio::steady_timer> leave; ///< when the client does
    bool over = false;
    void let_go() {
      asked.reset();
      leave.reset();
    }
  };

  const recording& what_;
  pace how_;
  client& node_;
  boost::asio::steady_timer due_;
  std::vector<played_request> all_;
  std::vector<request_under_way> under_way_;
  std::vector<std::size_t> ended_; ///< whose connections can be let go
  std::string run_;
  clock::time_point start_{};
  std::size_t next_ = 0, running_ = 0, over_ = 0, ticks_ = 0;
};

} // namespace

std::vector<played_request> play(const recording& what, client& node, const pace& how,
                                 const std::function<void(std::size_t)>& tick) {
  return player{what, node, how}.play(tick);
}

} // namespace conductor::cli

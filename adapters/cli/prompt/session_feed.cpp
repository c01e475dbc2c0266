#include "adapters/cli/prompt/session_feed.hpp"

#include "adapters/cli/failure.hpp"
#include "adapters/cli/record.hpp"
#include "adapters/cli/session_list.hpp"

#include <boost/asio/io_context.hpp>

#include <nlohmann/json.hpp>

#include <chrono>
#include <random>
#include <utility>

namespace conductor::cli {

namespace {

constexpr std::chrono::seconds longest_pause{5};
constexpr int silent_attempts = 2; // a node that is replaced is back by then

} // namespace

struct session_feed::state : std::enable_shared_from_this<state> {
  state(client& node, std::string id, feed_listener listener)
      : node(node)
      , id(std::move(id))
      , listener(std::move(listener))
      , timer(*node.loop()) {}

  void listen() {
    request what{
        "GET", session_target(id, "events"), "", {{"Accept", "application/x-ndjson"}}};
    // After a long time a snapshot tells at once that the node is back.
    if (auto next = listener.next(); next != 0 && failures <= silent_attempts)
      what.target += "?from=" + std::to_string(next);
    stream_reader reader;
    reader.on_line = [this](std::string_view line) {
      auto event = parse_document(line);
      if (!event.contains("type"))
        throw disconnection(text_of(event, "error")); // the node's end of a stream
      again.start_over();
      if (std::exchange(failures, 0) > silent_attempts)
        listener.found();
      listener.event(event);
    };
    connection = std::make_unique<background_request>(
        node, what, reader, [weak = weak_from_this()](std::exception_ptr why) {
          if (auto self = weak.lock())
            self->ended(why);
        });
  }

  void ended(std::exception_ptr why) {
    try {
      if (why)
        std::rethrow_exception(why);
      lost("the node ended the stream");
    } catch (const disconnection& e) {
      lost(e.what());
    } catch (const refusal& e) {
      if (e.status != 503)
        return listener.failed(why);
      lost(e.what());
    } catch (...) {
      listener.failed(why);
    }
  }

  void lost(const std::string& why) {
    if (++failures == silent_attempts + 1)
      listener.lost(why);
    timer.expires_after(again.next().value_or(longest_pause));
    timer.async_wait([weak = weak_from_this()](boost::system::error_code ec) {
      if (auto self = weak.lock(); self && !ec)
        self->listen();
    });
  }

  client& node;
  std::string id;
  feed_listener listener;
  boost::asio::steady_timer timer;
  retries again{std::random_device{}()};
  int failures = 0;
  std::unique_ptr<background_request> connection;
};

session_feed::session_feed(client& node, std::string id, feed_listener listener)
    : state_(std::make_shared<state>(node, std::move(id), std::move(listener))) {
  state_->listen();
}

session_feed::~session_feed() = default;

} // namespace conductor::cli

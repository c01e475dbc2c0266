#include "adapters/cli/top/top.hpp"

#include "adapters/cli/failure.hpp"
#include "adapters/cli/node.hpp"
#include "adapters/cli/percent.hpp"
#include "adapters/cli/record.hpp"
#include "adapters/cli/screen/painter.hpp"
#include "adapters/cli/session_list.hpp"
#include "adapters/cli/socket.hpp"
#include "adapters/cli/terminal.hpp"
#include "adapters/cli/top/details.hpp"
#include "adapters/cli/top/follow.hpp"
#include "adapters/cli/top/snapshot.hpp"
#include "adapters/cli/top/top_view.hpp"

#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <memory>
#include <utility>

namespace conductor::cli {

namespace {

using nlohmann::json;

const std::string root = "/conductor/v1/";
constexpr std::size_t last_messages = 20;

double steady_seconds() {
  return std::chrono::duration<double>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// The screen, the connection, and what goes between them.
class live_top {
public:
  explicit live_top(const std::string& host)
      : loop_(std::make_shared<boost::asio::io_context>(1))
      , client_(node_client(host).candidates(), "Conductor node", "", loop_)
      , view_(orders())
      , screen_(*loop_,
                {[this](const key& k) {
                   view_.press(k, node_);
                   paint_.mark();
                 },
                 [this] { paint_.mark(); }, [this] { loop_->stop(); }},
                "for one look use: conductor top --once")
      , paint_(*loop_, [this] { draw(); })
      , link_(*loop_, client_.candidates(),
              {[this] { opened(); }, [this](std::string_view text) { heard(text); },
               [this](const std::string& why) {
                 node_.lose(why);
                 paint_.mark();
               }}) {}

  void run() {
    paint_.mark();
    loop_->run();
  }

private:
  void draw() {
    std::optional<cursor> at;
    auto frame = view_.frame(node_, now(), screen_.columns(), screen_.rows(), at);
    screen_.show(frame, at);
  }
  void opened() {
    link_.send(follow_overview());
    ask(
        {"GET", root + "gpus?history=1"},
        [this](const json& d) { node_.take_history(d); }, false);
  }
  void heard(std::string_view text) {
    auto event = json::parse(text, nullptr, false);
    if (!event.is_object())
      return;
    if (is_overview(event))
      node_.take(std::move(event), steady_seconds());
    else if (text_of(event, "type") == "error")
      node_.lose(text_of(event, "detail"));
    paint_.mark();
  }
  // What was asked by nobody fails silently.
  void ask(request what, std::function<void(const json&)> then, bool aloud = true) {
    client_.start(std::move(what), [this, then = std::move(then),
                                    aloud](std::exception_ptr e, const reply& r) {
      try {
        if (e)
          std::rethrow_exception(e);
        then(parse_document(r.body));
      } catch (const std::exception& bad) {
        if (aloud)
          view_.say(bad.what(), true);
      }
      paint_.mark();
    });
  }
  void list_models() {
    ask({"GET", "/api/tags"}, [this](const json& d) {
      std::vector<std::string> models;
      for (const auto& m : list_of(d, "models"))
        if (m.is_object())
          models.push_back(text_of(m, "name"));
      view_.offer(std::move(models));
    });
  }
  void order(std::string target, json body, std::string done) {
    ask({"POST", root + target, body.is_null() ? "" : body.dump()},
        [this, done = std::move(done)](const json&) { view_.say(done); });
  }
  void open(topic about, const std::string& id) {
    auto entry = [&](const char* part, const char* member) {
      for (const auto& e : node_.entries(part))
        if (e.is_object() && e.contains(member) &&
            (e[member].is_string() ? e[member].get<std::string>() : e[member].dump()) ==
                id)
          view_.show(id, member_lines(e));
    };
    if (about == topic::backends)
      return entry("backends", "name");
    if (about == topic::gpus)
      return entry("gpus", "index");
    if (about == topic::sessions)
      return ask({"GET", session_target(id)}, [this](const json& d) {
        view_.show("Session " + text_of(d, "id"), session_lines(d, last_messages));
      });
    if (about == topic::answers) // until the node has written down how it went
      entry("generations", "id");
    if (about == topic::queue)
      entry("queue", "id");
    ask(
        {"GET", root + "requests/" + percent_encoded(id)},
        [this, id](const json& d) { view_.show("Request " + id, request_lines(d)); },
        about == topic::requests);
  }
  static json placed(const std::string& model, const std::string& backend) {
    json body{{"model", model}};
    if (!backend.empty())
      body["backend"] = backend;
    return body;
  }
  top_orders orders() {
    return {
        [this] { loop_->stop(); },
        [this] { screen_.suspend(); },
        [this] { screen_.refresh(); },
        [this](topic about, const std::string& id) { open(about, id); },
        [this](const std::string& id) {
          order("generations/" + percent_encoded(id) + "/cancel", {}, "cancelled");
        },
        [this](const std::string& id) {
          order("sessions/" + percent_encoded(id) + "/cancel", {}, "cancelled");
        },
        [this](const std::string& backend, bool drains) {
          order("backends/" + percent_encoded(backend) + (drains ? "/drain" : "/undrain"),
                {}, backend + (drains ? " gets nothing new" : " gets requests again"));
        },
        [this](const std::string& model, const std::string& backend) {
          view_.say("loading " + model + " …");
          order("models/load", placed(model, backend), model + " is in memory");
        },
        [this](const std::string& model, const std::string& backend) {
          order("models/unload", placed(model, backend), model + " is unloaded");
        },
        [this] { list_models(); }};
  }

  std::shared_ptr<boost::asio::io_context> loop_;
  client client_;
  node_state node_;
  top_view view_;
  screen screen_;
  painter paint_;
  node_link link_;
};

} // namespace

int top(const top_options& options) {
  catch_signals();
  if (!options.raw && !options.once && surface_of(1).terminal) {
    live_top(options.host).run();
    return exit_ok;
  }
  auto event = fetch_overview(options.host);
  if (options.raw) {
    write_out(event + "\n");
    return exit_ok;
  }
  node_state node;
  node.take(parse_document(event), steady_seconds());
  write_out(snapshot_text(node, now()));
  return exit_ok;
}

} // namespace conductor::cli

#include "adapters/cli/chat/chat.hpp"

#include "adapters/cli/chat/chat_view.hpp"
#include "adapters/cli/failure.hpp"
#include "adapters/cli/node.hpp"
#include "adapters/cli/percent.hpp"
#include "adapters/cli/record.hpp"
#include "adapters/cli/screen/painter.hpp"
#include "adapters/cli/session_list.hpp"
#include "adapters/cli/socket.hpp"
#include "adapters/cli/terminal.hpp"
#include "adapters/cli/top/follow.hpp"

#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>

#include <memory>
#include <random>
#include <utility>

namespace conductor::cli {

namespace {

using nlohmann::json;

constexpr std::size_t largest_list = 200;
constexpr std::size_t overview_list = 50; // sessions that an overview tells
constexpr const char* instead = "in a script use: conductor run --session";

std::string written(const json& j) {
  return j.dump(-1, ' ', false, json::error_handler_t::replace);
}

// A title for a conversation that has none: how it began.
std::string title_from(const std::string& text) {
  constexpr std::size_t longest = 40;
  auto title = cleaned(text.substr(0, text.find('\n')));
  title.erase(0, title.find_first_not_of(' '));
  return plain(fitted(line{{title, {}}}, longest));
}

/// The screen, the connection, and what goes between them.
class live_chat {
public:
  live_chat(const std::string& host, std::string session)
      : loop_(std::make_shared<boost::asio::io_context>(1))
      , client_(node_client(host).candidates(), "Conductor node", "", loop_)
      , wanted_(std::move(session))
      , view_(orders())
      , screen_(*loop_,
                {[this](const key& k) {
                   view_.press(k);
                   paint_.mark();
                 },
                 [this] { paint_.mark(); }, [this] { loop_->stop(); }},
                instead)
      , paint_(*loop_, [this] { draw(); })
      , link_(*loop_, client_.candidates(),
              {[this] { opened(); }, [this](std::string_view text) { heard(text); },
               [this](const std::string& why) {
                 view_.away(why);
                 paint_.mark();
               }}) {}

  void run() {
    if (!wanted_.empty())
      view_.open(wanted_);
    paint_.mark();
    loop_->run();
  }

private:
  void draw() {
    std::optional<cursor> at;
    auto frame = view_.frame(screen_.columns(), screen_.rows(), at);
    screen_.show(frame, at);
  }

  // What was followed is followed on; what was said and not acknowledged is said again.
  void opened() {
    view_.away("");
    link_.send(follow_overview());
    for (const auto& [id, from] : view_.followed())
      follow(id, from);
    for (const auto& [ref, op] : unheard_)
      link_.send(op);
    seek("");
    paint_.mark();
  }
  void follow(const std::string& id, std::uint64_t from) {
    json op{{"op", "subscribe"}, {"ref", "follow " + id}, {"session", id}};
    if (from > 0)
      op["from"] = from;
    link_.send(written(op));
  }
  void heard(std::string_view text) {
    auto event = json::parse(text, nullptr, false);
    if (!event.is_object())
      return;
    auto type = text_of(event, "type"), session = text_of(event, "session");
    if (is_overview(event))
      take_overview(event);
    else if (type == "error" && !event.contains("seq"))
      refused(event, session);
    else if (type != "ack" && !view_.take(session, event))
      return; // nothing that is seen
    unheard_.erase(text_of(event, "ref"));
    paint_.mark();
  }
  void refused(const json& event, std::string session) {
    auto ref = text_of(event, "ref");
    auto gone = text_of(event, "code") == "not_found";
    if (ref.starts_with("follow "))
      session = ref.substr(7);
    // What was not taken can be sent again.
    if (auto said = unheard_.find(ref); said != unheard_.end()) {
      auto op = json::parse(said->second, nullptr, false);
      session = text_of(op, "session");
      view_.give_back(session, text_of(op, "content"));
    }
    if (gone && !session.empty())
      view_.close(session);
    view_.say(text_of(event, "detail"), true);
  }
  void take_overview(const json& event) {
    view_.list().take_busy(list_of(list_of(event, "generations"), "generations"));
    const auto& sessions = list_of(list_of(event, "sessions"), "sessions");
    view_.list().take(sessions, sessions.size() < overview_list);
    if (std::exchange(met_, true) || !wanted_.empty())
      return;
    if (const auto* last = view_.list().chosen())
      view_.open(std::string(last->id));
    else
      view_.begin();
  }
  void seek(const std::string& text) {
    auto target = session_target("") + "?limit=" + std::to_string(largest_list);
    if (!text.empty())
      target += "&q=" + percent_encoded(text);
    ask({"GET", target},
        [this](const json& d) { view_.list().take(list_of(d, "sessions"), false); });
  }
  void say(const std::string& session, const std::string& text) {
    const auto* listed = view_.list().find(session);
    if (listed && listed->title.empty())
      rename(session, title_from(text));
    auto ref = "say " + key_ + "-" + std::to_string(++said_);
    auto op = written({{"op", "send"},
                       {"ref", ref},
                       {"session", session},
                       {"content", text},
                       {"idempotency_key", ref}});
    link_.send(op);
    unheard_[ref] = std::move(op);
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
  void rename(const std::string& session, const std::string& title) {
    ask({"PATCH", session_target(session), written({{"title", title}})},
        [](const json&) {});
  }
  void ask(request what, std::function<void(const json&)> then) {
    client_.start(std::move(what),
                  [this, then = std::move(then)](std::exception_ptr e, const reply& r) {
                    try {
                      if (e)
                        std::rethrow_exception(e);
                      then(r.body.empty() ? json::object() : parse_document(r.body));
                    } catch (const std::exception& bad) {
                      view_.say(bad.what(), true);
                    }
                    paint_.mark();
                  });
  }
  void show_made(const json& session) {
    view_.list().take(json::array({session}), false);
    view_.open(text_of(session, "id"));
  }
  chat_orders orders() {
    chat_orders o;
    o.quit = [this] { loop_->stop(); };
    o.suspend = [this] { screen_.suspend(); };
    o.redraw = [this] { screen_.refresh(); };
    o.open = [this](const std::string& id) {
      if (followed_.insert(id).second)
        follow(id, 0);
    };
    o.say = [this](const auto& id, const auto& text) { say(id, text); };
    o.cancel = [this](const std::string& id) {
      ask({"POST", session_target(id, "cancel")}, [this](const json& d) {
        if (!d.value("cancelled", false))
          view_.say("no answer is under way");
      });
    };
    // The events come by the WebSocket; this one ends with them.
    o.regenerate = [this](const std::string& id) {
      ask({"POST", session_target(id, "regenerate"), "{}"}, [](const json&) {});
    };
    o.remove = [this](const std::string& id) {
      ask({"DELETE", session_target(id)}, [this, id](const json&) {
        followed_.erase(id);
        view_.close(id);
        view_.say("deleted");
      });
    };
    o.fork = [this](const std::string& id, std::uint64_t message) {
      auto body = json::object();
      if (message > 0)
        body["message"] = message;
      ask({"POST", session_target(id, "fork"), written(body)}, [this](const json& made) {
        show_made(made);
        view_.say("this is a copy");
      });
    };
    o.rename = [this](const auto& id, const auto& title) { rename(id, title); };
    o.create = [this](const std::string& model) {
      ask({"POST", session_target(""), written({{"model", model}})},
          [this](const json& made) { show_made(made); });
    };
    o.seek = [this](const std::string& text) { seek(text); };
    o.copy = [this](const std::string& text) { screen_.copy(text); };
    o.models = [this] { list_models(); };
    o.mouse = [this](bool on) { screen_.mouse(on); };
    return o;
  }

  std::shared_ptr<boost::asio::io_context> loop_;
  client client_;
  std::string wanted_; ///< the session that was asked for
  std::string key_ = std::to_string(std::random_device{}()); ///< of this process
  std::uint64_t said_ = 0;
  std::map<std::string, std::string> unheard_; ///< operations without an answer, by ref
  std::set<std::string> followed_;
  bool met_ = false;
  chat_view view_;
  screen screen_;
  painter paint_;
  node_link link_;
};

} // namespace

int chat(const chat_options& options) {
  catch_signals();
  std::string id;
  if (!options.session.empty()) {
    auto node = node_client(options.host);
    id = text_of(need_session(node, options.session), "id");
  }
  live_chat(options.host, id).run();
  return exit_ok;
}

} // namespace conductor::cli

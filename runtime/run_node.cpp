#include "runtime/run_node.hpp"

#include "config/load.hpp"
#include "config/schema.hpp"
#include "runtime/file_watch.hpp"
#include "runtime/memory.hpp"
#include "runtime/node.hpp"
#include "runtime/service_manager.hpp"
#include "runtime/successor.hpp"
#include "runtime/watchdog.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <spdlog/spdlog.h>

#include <csignal>
#include <exception>
#include <list>
#include <optional>
#include <sys/resource.h>
#include <sys/stat.h>
#include <utility>

namespace conductor {
namespace {

std::string list(const std::vector<endpoint>& all) {
  std::string text;
  for (const auto& e : all)
    text += (text.empty() ? "" : ", ") + to_listen(e);
  return text;
}

/// Keys that were changed and count only after a restart.
std::string changed_keys(const settings& from, const settings& to) {
  std::string names;
  for (const auto& key : schema())
    if (!key.name.starts_with("tls.") && key.show(from) != key.show(to))
      names += (names.empty() ? "" : ", ") + std::string{key.name};
  return names;
}

/// A node and who speaks to it from outside: signals, the file, the service manager, the
/// node before it and the one after it.
class running_node {
public:
  running_node(const settings& values, const node_source& source, handed given)
      : source_(source)
      , now_(values)
      , before_line_(given.predecessor)
      , node_(
            values, CONDUCTOR_VERSION, [this](const auto& why) { give_up(why); },
            std::move(given)) {
    node_.start();
    say_hello(values);
  }

  int run() {
    on_signal(signals_, [this] { stop(); });
    on_signal(hangup_, [this] { read_anew(); });
    on_signal(usr2_, [this] { hand_over(); });
    const file_watch file{loop_, source_.file, [this] { read_anew(); }};
    const file_watch keys{loop_, node_.key_file(), [this] { node_.reread_keys(); }};
    std::list<file_watch> certificates;
    for (const auto& name : files_to_watch(now_.tls))
      certificates.emplace_back(loop_, name, [this] { read_certificates(now_); });
    const watchdog dog{loop_, node_, manager_};
    manager_.ready(status_);
    if (before_line_ >= 0) {
      before_.emplace(loop_, before_line_, [this] {
        spdlog::info("the node before this one is gone");
        node_.predecessor_gone();
      });
      before_->tell_ready();
    }
    loop_.run();
    node_.finish();
    spdlog::info("stopped");
    return code_;
  }

private:
  void say_hello(const settings& values) {
    status_ = "listens on " + list(node_.addresses());
    spdlog::info("conductor {} {}", CONDUCTOR_VERSION, status_);
    for (const auto& b : values.backends)
      spdlog::info("backend {} is {}", b.name, to_url(b.url));
    spdlog::info("try: conductor run MODEL \"why is the sky blue?\"   or: "
                 "OLLAMA_HOST={} ollama list",
                 to_listen(node_.addresses().front()));
  }

  void on_signal(boost::asio::signal_set& set, std::function<void()> what) {
    set.async_wait(
        [this, &set, what = std::move(what)](const boost::system::error_code& ec, int) {
          if (ec)
            return;
          on_signal(set, what);
          what();
        });
  }

  /// Any thread.
  void give_up(const std::string& why) {
    spdlog::critical("{}; the node stops", why);
    boost::asio::post(loop_, [this] {
      code_ = 1;
      stop();
    });
  }

  void stop() {
    if (std::exchange(stopping_, true)) {
      spdlog::warn("stopping now: answers in flight are cut");
      node_.expel_clients();
      return;
    }
    spdlog::info("stopping: answers in flight may take {} ms more",
                 now_.server.drain.count());
    if (!succeeded_) {
      manager_.stopping(now_.server.drain);
      if (after_)
        ::kill(after_->pid(), SIGTERM);
    }
    node_.begin_stop([this] { boost::asio::post(loop_, [this] { loop_.stop(); }); });
  }

  /// Takes over what can change while the node runs: its backends, and how models are
  /// run. What is wrong changes nothing.
  void read_anew() {
    manager_.reloading();
    try {
      auto next = source_.read();
      read_tokens(next.backends);
      if (const auto late = changed_keys(now_, next); !late.empty())
        spdlog::warn("changed, but in use only after a restart: {}", late);
      read_certificates(next);
      if (next.backends != now_.backends || next.models != now_.models) {
        node_.use_fleet(next.backends, next.models);
        spdlog::info("the configuration has {} backends and {} rules for models now",
                     next.backends.size(), next.models.size());
      }
      now_ = std::move(next);
      node_.reread_keys();
    } catch (const config_error& bad) {
      spdlog::error(
          "the configuration was changed and cannot be used, all stays as it is: "
          "{}",
          bad.what());
    }
    manager_.ready(status_);
  }

  void read_certificates(const settings& values) {
    try {
      if (node_.use_certificates(values))
        spdlog::info("connections have another certificate from now on");
    } catch (const std::exception& bad) {
      spdlog::error("{}; those from before stay in use", bad.what());
    }
  }

  void hand_over() {
    if (stopping_ || after_) {
      spdlog::warn("another node takes this one's place already");
      return;
    }
    try {
      after_.emplace(
          loop_, program_, node_.sockets(),
          [this] {
            spdlog::info("process {} serves in this one's place", after_->pid());
            succeeded_ = true;
            node_.succeeded();
            manager_.succeeded_by(after_->pid());
            stop();
          },
          [this] {
            spdlog::error("process {}, which was to take this one's place, has ended; "
                          "this one goes on",
                          after_->pid());
            boost::asio::post(loop_, [this] { after_.reset(); });
          });
      spdlog::info("process {} is to take this one's place", after_->pid());
    } catch (const std::exception& bad) {
      spdlog::error("no node could be started to take this one's place: {}", bad.what());
    }
  }

  const std::string program_ = program_file();
  node_source source_;
  settings now_;
  int before_line_;
  std::string status_;
  service_manager manager_;
  boost::asio::io_context loop_{1};
  boost::asio::signal_set signals_{loop_, SIGINT, SIGTERM};
  boost::asio::signal_set hangup_{loop_, SIGHUP};
  boost::asio::signal_set usr2_{loop_, SIGUSR2};
  std::optional<predecessor> before_;
  std::optional<successor> after_;
  node node_;
  bool stopping_ = false;
  bool succeeded_ = false;
  int code_ = 0;
};

} // namespace

int run_node(settings values, const node_source& source, handed given) {
  std::signal(SIGPIPE, SIG_IGN);
  give_back_large_blocks();
  // A dump of its memory would hold conversations, keys and tokens.
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  read_tokens(values.backends);
  ::umask(S_IRWXG | S_IRWXO); // conversations and sockets are the owner's alone
  return running_node{values, source, std::move(given)}.run();
}

} // namespace conductor

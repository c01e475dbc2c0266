#pragma once

#include "config/settings.hpp"
#include "messages/actors.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace conductor {

/// An answer to a question of the node's own.
struct errand_answer {
  int status = 0; ///< 0: none came
  std::string body;
  failure why;                      ///< of status 0
  std::chrono::nanoseconds first{}; ///< from the question to the answer's head
  std::chrono::nanoseconds total{}; ///< and to its end
};

/// Questions of the node's own to Ollama, over the lane's connections: they take no place
/// and their answers are read whole. A member of the actor that asks; it is their
/// SUBSCRIBER and passes their events on. Its lane only.
class errands {
public:
  using then = std::function<void(errand_answer)>;

  /// Bytes; a list of ten thousand models is a quarter of it.
  static constexpr std::size_t longest_answer = 16 << 20;

  /// Asks; `ended` is called once, unless it is given up before.
  template <class Self>
  std::uint64_t ask(Self self, const upstreams_actor& upstreams, backend_ptr server,
                    request_ptr question, then ended) {
    const auto number = next_++;
    all_.push_back(
        {number, publisher_actor{}, {}, std::move(ended), request_clock::now()});
    auto at = std::make_shared<lease>();
    at->backend = server->name;
    at->server = std::move(server);
    constexpr std::uint64_t window = 64 * 1024;
    self->request(upstreams, caf::infinite,
                  open_exchange{std::move(question), std::move(at),
                                caf::actor_cast<subscriber_actor>(self), window})
        .then(
            [this, self, number](publisher_actor exchange) {
              if (auto* e = find(number))
                e->exchange = std::move(exchange);
              else // given up meanwhile
                self->send(exchange, cancel{});
            },
            [this, number](const caf::error& e) { end(number, to_failure(e)); });
    return number;
  }

  /// It is not wanted any longer: its connection is closed.
  template <class Self>
  void give_up(Self self, std::uint64_t number) {
    std::erase_if(all_, [&](const errand& e) {
      if (e.number != number)
        return false;
      if (e.exchange)
        self->send(e.exchange, cancel{});
      return true;
    });
  }

  // Events of the exchanges, of whichever has that sender.
  void started(const caf::strong_actor_ptr& from, const conductor::started& s) {
    if (auto* e = find(from)) {
      e->answer.status = s.head->status;
      e->answer.first = request_clock::now() - e->since;
    }
  }
  template <class Self>
  void next(Self self, const caf::strong_actor_ptr& from, const conductor::next& n) {
    auto* e = find(from);
    if (e == nullptr)
      return;
    if (e->answer.body.size() + n.data.size() > longest_answer) {
      self->send(e->exchange, cancel{});
      e->answer.status = 0;
      end(e->number, {errc::upstream_invalid, "Ollama's answer is larger than 16 MiB"});
      return;
    }
    e->answer.body.append(n.data.view());
    self->send(e->exchange, demand{n.data.size()});
  }
  void complete(const caf::strong_actor_ptr& from) {
    if (const auto* e = find(from))
      end(e->number, {});
  }
  void failed(const caf::strong_actor_ptr& from, const conductor::failed& f) {
    if (auto* e = find(from)) {
      e->answer.status = 0;
      end(e->number, {f.code, f.detail});
    }
  }

private:
  struct errand {
    std::uint64_t number = 0;
    publisher_actor exchange;
    errand_answer answer;
    then ended;
    request_clock::time_point since;
  };

  errand* find(std::uint64_t number) {
    const auto i = std::find_if(all_.begin(), all_.end(),
                                [&](const errand& e) { return e.number == number; });
    return i == all_.end() ? nullptr : &*i;
  }
  errand* find(const caf::strong_actor_ptr& from) {
    const auto i = std::find_if(all_.begin(), all_.end(), [&](const errand& e) {
      return caf::actor_cast<caf::strong_actor_ptr>(e.exchange) == from;
    });
    return i == all_.end() ? nullptr : &*i;
  }
  void end(std::uint64_t number, failure why) {
    const auto i = std::find_if(all_.begin(), all_.end(),
                                [&](const errand& e) { return e.number == number; });
    if (i == all_.end())
      return;
    auto ended = std::move(*i);
    all_.erase(i);
    ended.answer.why = std::move(why);
    ended.answer.total = request_clock::now() - ended.since;
    ended.ended(std::move(ended.answer));
  }

  std::uint64_t next_ = 1;
  std::vector<errand> all_;
};

/// A question in Ollama's dialect; `body` is JSON, empty: none.
request_ptr errand_request(std::string method, std::string target, std::string body = {});

/// What Ollama says in an error body; the status where it says nothing.
std::string error_in(const errand_answer& a);

} // namespace conductor

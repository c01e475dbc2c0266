#include "adapters/native/talk.hpp"

#include "adapters/native/ask_session.hpp"
#include "messages/admission.hpp"

#include <caf/typed_actor.hpp>

#include <chrono>
#include <memory>
#include <utility>

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::shared_ptr<conductor::talk_question>)

namespace conductor {
namespace {

using json_input::json;
using question_ptr = std::shared_ptr<talk_question>;
using long_reader_actor =
    caf::typed_actor<caf::replies_to<std::string>::with<question_ptr>>;

constexpr std::size_t events_at_once = 64;

/// Reads one text, and ends.
long_reader_actor::behavior_type long_reader(long_reader_actor::pointer self) {
  return {
      [self](const std::string& text) {
        self->quit();
        return std::make_shared<talk_question>(read_question(text));
      },
  };
}

/// What a message takes of the node's memory until it is acknowledged.
std::size_t bytes_of(const say& s) {
  std::size_t sum = 0;
  for (const auto& m : s.messages)
    sum += m.content.size() + m.wire.size();
  return sum;
}

} // namespace

/// A key that was revoked, has expired or got another secret lets nobody go on; one that
/// was changed counts as it is now.
bool talk::may_go_on() {
  if (!links_.peer.by || closing_)
    return !closing_;
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
                       std::chrono::system_clock::now().time_since_epoch())
                       .count();
  auto present = links_.keys()->find(links_.peer.by->key.id);
  if (present && present->key.digest == links_.peer.by->key.digest &&
      present->key.valid(now) && present->has(scope::sessions)) {
    links_.peer.by = std::move(present);
    return true;
  }
  close(boost::beast::websocket::close_code::policy_error, "the key counts no longer");
  return false;
}

void talk::take(std::string text) {
  if (!may_go_on())
    return;
  if (text.size() <= json_input::longest_on_lane) {
    auto asked = read_question(text);
    obey(asked);
    return;
  }
  being_read_ = text.size();
  ++operations_;
  may_hold();
  request(spawn_worker(home().system(), long_reader), caf::infinite, std::move(text))
      .then(
          [this](const question_ptr& asked) {
            being_read_ = 0;
            --operations_;
            may_hold();
            if (may_go_on())
              obey(*asked);
            go_on();
          },
          [this](const caf::error& e) {
            being_read_ = 0;
            --operations_;
            refuse({}, e);
            go_on();
          });
}

void talk::obey(talk_question& asked) {
  try {
    if (!asked.refused.empty())
      throw json_input::bad_request(asked.refused);
    std::visit([&](auto& c) { obey(asked.ref, c); }, asked.command);
  } catch (const json_input::bad_request& e) {
    refuse(asked.ref, "bad_request", e.what());
  }
}

void talk::obey(const std::string& ref, const subscribe_session& command) {
  const auto& id = command.session;
  if (subscriptions_.contains(id))
    throw json_input::bad_request("the session is subscribed already");
  if (subscriptions_.size() >= links_.max_subscriptions)
    throw json_input::bad_request("a connection may subscribe to " +
                                  std::to_string(links_.max_subscriptions) + " sessions");
  auto& fresh = subscriptions_[id];
  fresh.next = command.from;
  fresh.number = ++begun_;
  subscribing_ = true;
  ++operations_;
  request(links_.sessions(), caf::infinite, open_session{id, {}, links_.peer.by})
      .then(
          [=, this](const session_actor& s) {
            --operations_;
            subscribing_ = false;
            acknowledge(ref, {{"session", id}});
            follow_on(id, s);
            go_on();
          },
          [=, this](const caf::error& e) {
            --operations_;
            subscribing_ = false;
            subscriptions_.erase(id);
            refuse(ref, e);
            go_on();
          });
}

/// An operation is over.
void talk::go_on() {
  close_if_drained();
  read();
}

void talk::follow_on(const std::string& id, const session_actor& session) {
  const auto i = subscriptions_.find(id);
  if (i == subscriptions_.end())
    return; // unsubscribed meanwhile
  i->second.session = {this, session};
  i->second.owed = 0;
  send(session, follow{caf::actor_cast<follower_actor>(this), i->second.next});
  send(session, more{events_at_once});
}

void talk::find_again(const std::string& id, std::uint64_t number,
                      const caf::actor_addr& but) {
  const auto ended = [=, this] {
    const auto i = subscriptions_.find(id);
    return i == subscriptions_.end() || i->second.number != number;
  };
  request(links_.sessions(), caf::infinite, open_session{id, but, links_.peer.by})
      .then(
          [=, this](const session_actor& s) {
            if (!ended())
              follow_on(id, s);
          },
          [=, this](const caf::error& e) {
            if (ended())
              return;
            subscriptions_.erase(id);
            const auto f = to_failure(e);
            write(json_input::dump({{"type", "error"},
                                    {"session", id},
                                    {"code", to_string(f.code)},
                                    {"detail", f.detail}}));
            close_if_drained();
          });
}

void talk::obey(const std::string& ref, const unsubscribe_session& command) {
  const auto& id = command.session;
  const auto i = subscriptions_.find(id);
  if (i == subscriptions_.end())
    throw json_input::bad_request("the session is not subscribed");
  if (i->second.session)
    send(*i->second.session, unfollow{});
  subscriptions_.erase(i);
  acknowledge(ref, {{"session", id}});
}

void talk::obey(const std::string& ref, send_to_session& command) {
  const auto& id = command.session;
  if (draining_) {
    refuse(ref, to_string(errc::shutting_down), "the node is stopping");
    return;
  }
  auto& s = command.what;
  auto admitted = admit(links_.peer.by, clock().now().time_since_epoch());
  if (admitted.refused) {
    refuse(ref, admitted.refused);
    return;
  }
  s.by = links_.peer.by;
  s.permit = std::move(admitted.permit);
  s.priority = class_for(links_.peer.by, std::nullopt, priority_class::normal);
  s.key = std::move(command.key);
  s.request_id = links_.request_id;
  if (links_.trace)
    s.trace = links_.trace();
  ++operations_;
  const auto held = std::make_shared<share>(links_.peer.open());
  held->set(bytes_of(s));
  ask_session<said>(
      this, links_.sessions, open_session{id, {}, links_.peer.by}, std::move(s),
      [=, this](const session_actor&, const said& s) {
        --operations_;
        held->set(0);
        acknowledge(
            ref,
            {{"session", id}, {"message", s.answer}, {"first_event", s.first_event}});
        const auto i = subscriptions_.find(id);
        if (i != subscriptions_.end() && i->second.next <= s.first_event)
          i->second.under_way.insert(s.answer); // of which nothing was told yet
        go_on();
      },
      [=, this](const caf::error& e) {
        --operations_;
        refuse(ref, e);
        go_on();
      });
}

void talk::obey(const std::string& ref, const cancel_in_session& command) {
  const auto& id = command.session;
  ++operations_;
  ask_session<stopped_turn>(
      this, links_.sessions, open_session{id, {}, links_.peer.by}, command.which,
      [=, this](const session_actor&, const stopped_turn& s) {
        --operations_;
        acknowledge(ref, {{"session", id}, {"cancelled", s.cancelled}});
        go_on();
      },
      [=, this](const caf::error& e) {
        --operations_;
        refuse(ref, e);
        go_on();
      });
}

} // namespace conductor

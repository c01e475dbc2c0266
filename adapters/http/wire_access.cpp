#include "adapters/http/wire.hpp"

#include "adapters/http/scopes.hpp"
#include "adapters/log/audit.hpp"
#include "messages/admission.hpp"
#include "messages/key_mark.hpp"
#include "messages/percent.hpp"

#include <chrono>
#include <utility>

namespace conductor {
namespace {

std::int64_t wall_clock() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string who(const grant_ptr& by, const std::string& peer) {
  return by ? "key " + by->key.name + " from " + peer : "peer " + peer;
}

std::string key_named(const grant_ptr& by) {
  return "the key \"" + by->key.name + "\"";
}

} // namespace

/// Finds out who asks, and whether he may; false: he was told that he may not.
bool wire::let_in(const request_head& head, std::string_view path, std::string key) {
  const auto shown = credentials_of(head, std::move(key), path, asker_);
  auto found = context_->gate ? context_->gate->judge(shown, wall_clock()) : entry{};
  trusted_ = found.by ? found.by->key.trusted : shown.local && !shown.proxied;
  by_ = std::move(found.by);
  if (!by_ && found.refused.empty())
    return true; // needs no key
  const auto needed = scope_of(head.method, path, route_);
  if (needed.open)
    return true;
  if (!found.refused.empty()) {
    turn_away(errc::unauthenticated, found.refused);
    return false;
  }
  if (by_ && needed.what && !by_->has(*needed.what)) {
    turn_away(errc::forbidden, key_named(by_) + " has no scope \"" +
                                   to_string(*needed.what) + "\", which this needs");
    return false;
  }
  if (is_held_to_models(by_) && hides_model(head.method, path, route_)) {
    turn_away(errc::forbidden,
              key_named(by_) + " is held to some models, and this names none of them");
    return false;
  }
  return true;
}

/// What only the body tells: the model, and that the answer is to be kept. Takes the
/// permit of an answer.
bool wire::may_ask(conductor::request& asked) {
  if (!by_)
    return true;
  asked.by = by_;
  if (route_.names_model && !by_->may_use(asked.model)) {
    turn_away(errc::forbidden,
              key_named(by_) + " is not for the model \"" + asked.model + "\"");
    return false;
  }
  const bool stored =
      asked.kind == request_kind::follow && asked.speaks == dialect::responses;
  if (stored && !by_->has(scope::sessions)) {
    turn_away(errc::forbidden, key_named(by_) + " has no scope \"sessions\", which a "
                                                "response that is stored needs");
    return false;
  }
  if (makes_answer(asked.method, path_of(asked.target), route_)) {
    auto admitted = admit(by_, asked.received.time_since_epoch());
    if (admitted.refused) {
      turn_away(admitted.refused);
      return false;
    }
    asked.permit = std::move(admitted.permit);
  }
  return true;
}

holder wire::as_holder() const {
  return {context_->budget, by_, seat_.held, std::string{address_of(peer_)}};
}

/// Whether the node's memory takes a body of that size; what came of it counts.
bool wire::may_hold(std::uint64_t size) {
  const auto me = as_holder();
  const auto asks = class_for(by_, class_named(parser_->head.find("X-Conductor-Class")),
                              context_->default_class);
  const auto mine = held_ ? held_->value() : 0;
  if (const auto no = me.check(asks, size > mine ? size - mine : 0)) {
    turn_away(no);
    return false;
  }
  if (!held_)
    held_ = std::make_shared<share>(me.open());
  held_->set(parser_->body.size());
  return true;
}

/// An answer of the node's own takes its memory until the peer has taken that. Whether it
/// may: what was done is told, and how the node is; a conversation can be read later.
bool wire::may_keep(const conductor::response& r) {
  if (r.body.size() <= never_refused)
    return true;
  const auto me = as_holder();
  if (method_ == "GET" && path_.starts_with("/conductor/v1/sessions")) {
    const auto asks = class_for(by_, std::nullopt, context_->default_class);
    if (const auto no = me.check(asks, r.body.size())) {
      fail(to_failed(no));
      return false;
    }
  }
  held_ = std::make_shared<share>(me.open());
  held_->set(r.body.size());
  return true;
}

/// A connection whose request was read whole is kept.
void wire::turn_away(errc code, const std::string& text, unsigned retry_after_s) {
  note_refusal(code, text);
  keep_ = keep_ && parser_ && parser_->is_done();
  uploading_ = false;
  begin_answer();
  parser_.reset();
  answer(error_response(route_.speaks, status_of(code), text, to_string(code),
                        request_id_, retry_after_s));
}

void wire::turn_away(const caf::error& why) {
  const auto f = to_failure(why);
  turn_away(f.code, f.detail, f.retry_after_s);
}

/// For the audit and the series, also of what an actor refused.
void wire::note_refusal(errc code, std::string_view text) {
  auto* counts = context_->refusals.get();
  if (code == errc::memory_exhausted && counts != nullptr)
    counts->memory.fetch_add(1, std::memory_order_relaxed);
  const bool unknown = code == errc::unauthenticated || code == errc::key_revoked;
  if (!unknown && code != errc::forbidden && code != errc::rate_limited)
    return;
  if (counts != nullptr)
    (unknown                   ? counts->unauthenticated
     : code == errc::forbidden ? counts->forbidden
                               : counts->rate_limited)
        .fetch_add(1, std::memory_order_relaxed);
  noted_ = true;
  if (by_ && code == errc::forbidden)
    by_->meter->seen.forbidden.fetch_add(1, std::memory_order_relaxed);
  audit(who(by_, asker_.peer), method_, without_secrets(path_), status_of(code),
        without_secrets(std::string{text}));
}

/// The answer begins with that status; 0: the peer left before it did.
void wire::note_status(int status) {
  if (!std::exchange(noted_, true) && is_audited(method_, path_))
    audit(who(by_, asker_.peer), method_, without_secrets(path_), status);
}

} // namespace conductor

#include "actors/client.hpp"

#include <utility>

namespace conductor {
namespace {

using self_ptr = client_actor::stateful_pointer<client_state>;

void sum_up(self_ptr self) {
  auto& st = self->state;
  st.ending = false;
  st.summary.about = std::exchange(st.asked, nullptr);
  self->send(st.links.observer, std::move(st.summary));
  st.summary = {};
}

/// Ends the request in hand: one summary, and room for the next one. Of one that is
/// traced it is told when the peer has taken the answer.
void close_request(self_ptr self, std::string outcome, std::string detail = {}) {
  auto& st = self->state;
  if (!st.asked || st.ending)
    return;
  if (st.generation)
    self->demonitor(st.generation.address());
  st.generation = nullptr;
  st.summary.outcome = std::move(outcome);
  st.summary.detail = std::move(detail);
  st.summary.total = self->clock().now() - st.asked->received;
  st.ending = is_traced(*st.asked);
  if (!st.ending)
    sum_up(self);
}

/// Nothing more of the answer will reach the peer.
void end_taking(self_ptr self) {
  auto& st = self->state;
  if (!st.ending)
    return;
  st.summary.taken = self->clock().now();
  sum_up(self);
}

void cancel_generation(self_ptr self) {
  if (self->state.generation)
    self->send(self->state.generation, cancel{});
}

void fail(self_ptr self, failed f) {
  auto& summary = self->state.summary;
  if (summary.status == 0)
    summary.status = status_of(f.code);
  if (f.course.now.asked != request_clock::time_point{})
    summary.course = f.course;
  close_request(self, to_string(f.code), f.detail);
  self->send(self->state.links.wire, std::move(f));
}

void ask_backend(self_ptr self);

void answer(self_ptr self, response& r) {
  auto& st = self->state;
  st.summary.status = r.status;
  st.summary.body_bytes = r.body.size();
  self->send(st.links.wire, std::move(r));
  close_request(self, "done");
}

void ask_node(self_ptr self) {
  auto& st = self->state;
  if (auto known = st.links.at_once ? st.links.at_once(*st.asked) : std::nullopt) {
    answer(self, *known);
    return;
  }
  self->request(st.links.resources(*st.asked), caf::infinite, st.asked)
      .then(
          [self, id = st.asked](response& r) {
            if (self->state.asked == id)
              answer(self, r);
          },
          [self, id = st.asked](const caf::error& e) {
            if (self->state.asked != id)
              return;
            auto f = to_failure(e);
            if (f.code == errc::only_one) {
              ask_backend(self);
              return;
            }
            fail(self, {f.code, std::move(f.detail), 0, {}});
          });
}

void ask_backend(self_ptr self) {
  auto& st = self->state;
  st.taken = 0;
  st.generation = st.links.start(st.asked);
  self->monitor(st.generation);
  self->send(st.generation, subscribe{caf::actor_cast<subscriber_actor>(self)});
  self->send(st.generation, demand{st.links.limits.window_bytes});
  if (st.draining)
    self->send(st.generation, drain{});
}

/// The node answers it, not a backend. Who may not see all models is told by the node
/// what a pinned backend has.
bool is_for_node(const request& r) {
  if (r.kind == request_kind::list)
    return r.pinned.empty() || is_held_to_models(r.by);
  return r.kind == request_kind::local;
}

/// Events of an answer that was given up are not this request's.
bool current(self_ptr self) {
  const auto& st = self->state;
  return st.generation &&
         self->current_sender() == caf::actor_cast<caf::strong_actor_ptr>(st.generation);
}

} // namespace

client_actor::behavior_type client(self_ptr self, client_links links) {
  self->state.links = std::move(links);
  self->set_down_handler([self](const caf::down_msg& down) {
    const auto& st = self->state;
    if (st.generation && st.generation.address() == down.source)
      fail(self, {errc::internal, "the answer's actor failed"});
  });
  return {
      [self](started& s) {
        if (!current(self))
          return;
        auto& st = self->state;
        st.summary.status = s.head->status;
        st.summary.backend = s.head->backend;
        st.summary.first = self->clock().now() - st.asked->received;
        st.summary.course = s.course;
        self->send(st.links.wire, std::move(s));
      },
      [self](next& n) {
        if (!current(self))
          return;
        self->state.summary.body_bytes += n.data.size();
        self->send(self->state.links.wire, std::move(n));
      },
      [self](complete& c) {
        if (!current(self))
          return;
        auto& summary = self->state.summary;
        summary.used = c.used;
        summary.reason = c.reason;
        summary.course = c.course;
        close_request(self, "done");
        self->send(self->state.links.wire, std::move(c));
      },
      [self](failed& f) {
        if (current(self))
          fail(self, std::move(f));
      },
      [self](request_ptr& asked) {
        auto& st = self->state;
        st.asked = std::move(asked);
        if (is_for_node(*st.asked))
          ask_node(self);
        else
          ask_backend(self);
      },
      [self](wrote w) {
        auto& st = self->state;
        st.taken += w.bytes;
        if (st.generation && st.taken * 2 >= st.links.limits.window_bytes)
          self->send(st.generation, demand{std::exchange(st.taken, 0)});
      },
      [self](answer_taken) { end_taking(self); },
      [self](gone) {
        cancel_generation(self);
        close_request(self, "cancelled");
        end_taking(self);
        self->quit();
      },
      [self](drain d) {
        auto& st = self->state;
        st.draining = true;
        if (st.generation)
          self->send(st.generation, d);
      },
      [self](expel) {
        if (!self->state.asked || self->state.ending)
          return;
        cancel_generation(self);
        fail(self, {errc::shutting_down, "the node is stopping", 0, {}});
      },
  };
}

} // namespace conductor

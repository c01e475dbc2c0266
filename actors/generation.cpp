#include "actors/generation.hpp"

#include "messages/admission.hpp"
#include "messages/model_name.hpp"

#include <algorithm>
#include <utility>

namespace conductor {
namespace {

using self_ptr = generation_actor::stateful_pointer<generation_state>;
using reader = generation_state::reader;

/// Bytes of an error's body that is waited for.
constexpr std::uint64_t longest_refusal = 64 * 1024;
constexpr std::size_t most_attempts = 3;

void ask_for_lease(self_ptr self);
void find_none(self_ptr self, const caf::error& e);

/// Sends `r` what its demand allows; true once it has got its terminal event.
bool serve(self_ptr self, reader& r) {
  auto& st = self->state;
  if (st.held)
    return false;
  if (st.head && !r.has_head && (!st.pieces.empty() || st.first_piece > 0 || st.end)) {
    r.has_head = true;
    self->send(*r.to, started{st.head, st.course.so_far()});
  }
  while (r.demanded > 0 && r.piece - st.first_piece < st.pieces.size()) {
    const auto& piece = st.pieces[r.piece - st.first_piece];
    const auto rest = piece.size() - r.within;
    const auto part = std::min<std::uint64_t>(rest, r.demanded);
    self->send(*r.to, next{piece.slice(r.within, part), st.just_read});
    r.demanded -= part;
    if (part == rest) {
      ++r.piece;
      r.within = 0;
    } else {
      r.within += part;
    }
  }
  if (!st.end || r.piece - st.first_piece < st.pieces.size())
    return false;
  std::visit([&](const auto& terminal) { self->send(*r.to, terminal); }, *st.end);
  return true;
}

/// Whether what is taken in waits for what goes out: as configured, or for want of
/// memory.
bool holds(const generation_state& st) {
  return st.links.limits.slow == slow_reader::hold ||
         (st.links.budget && st.links.budget->exhausted());
}

/// Under `hold`, what no reader has taken yet counts against the exchange's window.
void demand_more(self_ptr self) {
  auto& st = self->state;
  if (!st.exchange || st.end || st.to_demand == 0)
    return;
  if (holds(st)) {
    const auto behind = std::any_of(st.readers.begin(), st.readers.end(), [&](auto& r) {
      return r.piece - st.first_piece < st.pieces.size();
    });
    if (behind)
      return;
  }
  if (st.to_demand * 2 < st.links.limits.window_bytes)
    return;
  self->send(*st.exchange, demand{std::exchange(st.to_demand, 0)});
}

/// `buffered`, in the node's sums.
void count(generation_state& st) {
  st.spooled.set(st.buffered);
  st.in_memory.set(st.buffered);
}

void drop_oldest(generation_state& st) {
  st.buffered -= st.pieces.front().size();
  st.begin += st.pieces.front().size();
  st.pieces.pop_front();
  ++st.first_piece;
  count(st);
}

/// Everybody who reads has the oldest piece: it is kept for who might come again.
bool everybody_has_oldest(const generation_state& st) {
  return !st.held && !st.readers.empty() && st.pieces.size() > 1 &&
         std::all_of(st.readers.begin(), st.readers.end(),
                     [&](auto& r) { return r.piece > st.first_piece; });
}

/// Drops what is more than the limit allows, and the readers that still needed it; for
/// want of memory, what nobody needs.
void bound(self_ptr self) {
  auto& st = self->state;
  while (st.links.budget && st.links.budget->exhausted() && everybody_has_oldest(st))
    drop_oldest(st);
  while (st.buffered > st.links.limits.buffer_bytes && st.pieces.size() > 1) {
    std::erase_if(st.readers, [&](reader& r) {
      if (r.piece > st.first_piece)
        return false;
      self->send(*r.to, failed{errc::reader_too_slow,
                               "the reader fell " + std::to_string(st.buffered) +
                                   " bytes behind; stream.buffer allows " +
                                   std::to_string(st.links.limits.buffer_bytes)});
      return true;
    });
    drop_oldest(st);
  }
}

void end_lease(self_ptr self, bool cut = false);

void serve_all(self_ptr self) {
  auto& st = self->state;
  std::erase_if(st.readers, [&](reader& r) { return serve(self, r); });
  bound(self);
  if (!st.readers.empty() || !st.had_reader) {
    demand_more(self);
    return;
  }
  const bool cut = st.exchange && !st.end;
  if (st.exchange)
    self->send(*st.exchange, cancel{});
  st.exchange = {};
  end_lease(self, cut);
  self->quit();
}

/// A record came: how long it took tells how this server is.
void note_pace(self_ptr self) {
  auto& st = self->state;
  auto& came = st.came;
  const auto now = self->clock().now();
  if (came.records++ == 0) {
    came.first = now - st.leased;
    st.course.first_record(now);
    if (st.lease && st.watched)
      self->send(st.links.places, began{st.lease->id});
  } else {
    came.longest = std::max<std::chrono::nanoseconds>(came.longest, now - came.last);
  }
  came.last = now;
}

/// Gives the place back, and says what the answer took; `cut`: it was given up, and
/// Ollama may still be at it.
void end_lease(self_ptr self, bool cut) {
  auto& st = self->state;
  if (!st.lease)
    return;
  if (st.asked->kind == request_kind::inference) {
    spent s{st.lease->id, st.lease->model, st.asked->flow, st.asked->priority,
            self->clock().now() - st.leased};
    s.cut = cut;
    s.first = st.came.first;
    if (st.came.records > 1) {
      s.gaps = st.came.records - 1;
      s.mean_gap =
          (st.came.last - st.leased - st.came.first) / static_cast<std::int64_t>(s.gaps);
      s.longest_gap = st.came.longest;
    }
    if (const auto* end = st.end ? std::get_if<complete>(&*st.end) : nullptr) {
      s.whole = st.head && st.head->status < 400 && !end->error;
      const auto& u = end->used;
      if (u.answer_ns > 0)
        s.cost = std::chrono::nanoseconds(u.load_ns + u.prompt_ns + u.answer_ns);
    }
    self->send(st.links.places, std::move(s));
  }
  st.lease.reset();
}

/// The attempt under way is over.
void note_end(self_ptr self, std::optional<errc> lost) {
  auto& st = self->state;
  const bool spoke = !lost && st.came.records > 0;
  st.course.ended(spoke ? st.came.last : self->clock().now(), lost);
}

void finish(self_ptr self, std::variant<complete, failed> terminal) {
  auto& st = self->state;
  if (st.end)
    return;
  const auto* f = std::get_if<failed>(&terminal);
  note_end(self, f != nullptr ? std::optional{f->code} : std::nullopt);
  std::visit([&](auto& t) { t.course = st.course.so_far(); }, terminal);
  // What ended here, and not at Ollama's end, was given up.
  const bool cut = f != nullptr && st.exchange &&
                   (f->code == errc::cancelled || f->code == errc::key_revoked ||
                    f->code == errc::gap_timeout || f->code == errc::first_byte_timeout ||
                    f->code == errc::stalled || f->code == errc::record_too_long);
  // Of what nobody was told, no head is told either.
  if (f != nullptr && st.first_piece == 0 && st.pieces.empty())
    st.head = nullptr;
  st.end = std::move(terminal);
  st.held = false;
  end_lease(self, cut);
  st.exchange = {};
  serve_all(self);
}

/// Ends it although Ollama would go on.
void give_up(self_ptr self, failed why) {
  auto& st = self->state;
  if (st.end)
    return;
  if (st.exchange)
    self->send(*st.exchange, cancel{});
  finish(self, std::move(why));
}

/// The key that it came with counts no longer, which is told here.
bool ends_with_its_key(self_ptr self) {
  auto ended = check_key(self->state.asked->by);
  if (!ended)
    return false;
  give_up(self, to_failed(ended));
  return true;
}

void open(self_ptr self) {
  auto& st = self->state;
  const auto window = st.links.limits.window_bytes;
  self->request(st.links.upstreams, caf::infinite,
                open_exchange{st.asked, st.lease, caf::actor_cast<subscriber_actor>(self),
                              window})
      .then(
          [self](publisher_actor exchange) {
            self->state.exchange = {self, std::move(exchange)};
          },
          [self](const caf::error& e) { finish(self, to_failed(e)); });
}

void ask_for_lease(self_ptr self) {
  auto& st = self->state;
  acquire wish;
  wish.model = canonical_model(st.asked->model);
  wish.pinned = st.asked->pinned;
  wish.tried = st.tried;
  wish.takes_place = st.asked->kind == request_kind::inference;
  wish.options = st.asked->runner_options;
  wish.bare = st.asked->bare;
  wish.session = st.asked->session;
  wish.about = st.asked;
  st.course.asked(self->clock().now());
  if (ends_with_its_key(self))
    return;
  self->request(st.links.places, caf::infinite, std::move(wish))
      .then(
          [self](lease_ptr lease) {
            auto& st = self->state;
            st.lease = std::move(lease);
            st.leased = self->clock().now();
            st.watched = st.lease->watched;
            st.course.got(*st.lease, st.leased);
            st.came = {};
            if (!ends_with_its_key(self))
              open(self);
          },
          [self](const caf::error& e) { find_none(self, e); });
}

/// What another backend, or the same one's next runner, may not refuse.
bool may_refuse(const generation_state& st, int status) {
  return (status == 404 || status == 500 || status == 503) && st.asked->repeatable &&
         st.asked->kind == request_kind::inference && st.asked->pinned.empty() &&
         st.tried.size() + 1 < most_attempts;
}
bool is_refusal(int status, std::string_view text) {
  return status == 503 ||
         text.find(status == 404 ? "not found"
                                 : "model runner has unexpectedly stopped") !=
             std::string_view::npos;
}

/// An answer that ended refuses: another backend is asked; false: it is to be told.
bool ask_elsewhere(self_ptr self, const complete& end) {
  auto& st = self->state;
  if (!std::exchange(st.held, false))
    return false;
  std::string text;
  for (const auto& piece : st.pieces)
    text += piece.view();
  if (!is_refusal(st.head->status, text))
    return false;
  auto head = std::exchange(st.head, nullptr);
  auto body = std::exchange(st.pieces, {});
  if (!st.refused)
    st.refused = {std::move(head), std::move(body), end};
  st.buffered = st.to_demand = 0;
  self->send(st.links.places, moved_on{st.lease->backend});
  st.tried.push_back(st.lease->backend);
  note_end(self, errc::upstream_error);
  st.exchange = {};
  end_lease(self);
  ask_for_lease(self);
  return true;
}

/// No place, for good: what was refused before is the better answer.
void find_none(self_ptr self, const caf::error& e) {
  auto& st = self->state;
  st.course.ended(self->clock().now(), to_failure(e).code);
  if (st.refused) {
    st.head = std::move(st.refused->head);
    st.pieces = std::move(st.refused->body);
    for (const auto& piece : st.pieces)
      st.buffered += piece.size();
    finish(self, st.refused->end);
    return;
  }
  finish(self, st.lost ? *st.lost : to_failed(e));
}

/// What it says about the backend, whatever becomes of the answer.
void report(self_ptr self, const failed& f) {
  auto& st = self->state;
  switch (f.code) {
  case errc::backend_unreachable:
  case errc::connect_timeout:
  case errc::upstream_lost:
  case errc::upstream_invalid:
  case errc::stream_truncated:
  case errc::first_byte_timeout:
  case errc::gap_timeout:
  case errc::stalled:
    if (st.lease)
      self->send(st.links.places, attempt_failed{st.lease->backend, f.code, f.detail});
    break;
  default:
    break;
  }
}

/// An answer that is an error says something about the backend too, if it is not the
/// client's.
void report(self_ptr self, const complete& c) {
  auto& st = self->state;
  if (st.lease && st.asked->kind == request_kind::inference &&
      (c.error || (st.head && st.head->status >= 500)))
    self->send(st.links.places, attempt_failed{st.lease->backend, errc::upstream_error,
                                               "an answer ended with an error"});
}

/// A failure before the first record is not told as long as something else can be tried.
bool try_again(self_ptr self, const failed& f) {
  auto& st = self->state;
  // Readers were told nothing, though a head may have come.
  if (!st.lease || st.first_piece > 0 || !st.pieces.empty())
    return false;
  if (f.code == errc::stale_connection && st.asked->repeatable && !st.stale_once) {
    st.stale_once = true;
    st.exchange = {};
    open(self);
    return true;
  }
  const bool silent = f.code == errc::stalled;
  const bool broke = silent || f.code == errc::upstream_lost ||
                     f.code == errc::stream_truncated || f.code == errc::stale_connection;
  const bool unreached =
      f.code == errc::backend_unreachable || f.code == errc::connect_timeout;
  if (!st.asked->pinned.empty() || (!unreached && !broke) ||
      (broke && (!st.asked->repeatable || st.tried.size() + 1 >= most_attempts)))
    return false;
  if (broke) {
    self->send(st.links.places, moved_on{st.lease->backend});
    if (!st.lost)
      st.lost = f;
  }
  st.tried.push_back(st.lease->backend);
  st.head = nullptr;
  st.held = false;
  note_end(self, f.code);
  st.exchange = {};
  end_lease(self, silent);
  ask_for_lease(self);
  return true;
}

/// Events of an exchange that was given up are not this answer's.
bool current(self_ptr self) {
  auto& st = self->state;
  return !st.end && st.exchange.is(self->current_sender());
}

reader* sender_in(self_ptr self) {
  auto& readers = self->state.readers;
  const auto who = self->current_sender();
  const auto i = std::find_if(readers.begin(), readers.end(),
                              [&](const reader& r) { return r.to.is(who); });
  return i == readers.end() ? nullptr : &*i;
}

void drop_reader(self_ptr self, const caf::actor_addr& who) {
  std::erase_if(self->state.readers, [&](const reader& r) { return r.to.is(who); });
  serve_all(self);
}

/// Places a new reader at `offset`; false where that part is no longer kept.
bool place(const generation_state& st, reader& r, std::uint64_t offset) {
  if (offset < st.begin)
    return false;
  offset -= st.begin;
  r.piece = st.first_piece;
  for (const auto& piece : st.pieces) {
    if (offset < piece.size())
      break;
    offset -= piece.size();
    ++r.piece;
  }
  r.within = offset;
  return r.piece - st.first_piece < st.pieces.size() || offset == 0;
}

} // namespace

generation_actor::behavior_type generation(self_ptr self, request_ptr asked,
                                           generation_links links) {
  self->state.asked = std::move(asked);
  self->state.links = std::move(links);
  self->state.spooled = share{self->state.links.spooled};
  if (self->state.links.budget)
    self->state.in_memory = self->state.links.budget->open_share();
  self->set_down_handler([self](const caf::down_msg& down) {
    auto& st = self->state;
    if (st.exchange.is(down.source))
      finish(self, failed{errc::internal, "the exchange with the backend failed"});
    else
      drop_reader(self, down.source);
  });
  ask_for_lease(self);
  return {
      [self](started& s) {
        if (!current(self))
          return;
        auto& st = self->state;
        st.head = std::move(s.head);
        st.held = may_refuse(st, st.head->status);
      },
      [self](next& n) {
        if (!current(self))
          return;
        if (ends_with_its_key(self))
          return;
        auto& st = self->state;
        note_pace(self);
        st.buffered += n.data.size();
        st.to_demand += n.data.size();
        st.pieces.push_back(std::move(n.data));
        if (st.buffered > longest_refusal)
          st.held = false;
        count(st);
        st.just_read = n.read;
        serve_all(self);
        st.just_read = {};
      },
      [self](complete& c) {
        if (!current(self))
          return;
        report(self, c);
        if (!ask_elsewhere(self, c))
          finish(self, std::move(c));
      },
      [self](failed& f) {
        if (!current(self))
          return;
        report(self, f);
        if (!try_again(self, f))
          finish(self, std::move(f));
      },
      [self](subscribe& s) {
        reader r;
        r.to = {self, std::move(s.reader)};
        if (!place(self->state, r, s.from)) {
          self->send(*r.to,
                     failed{errc::reader_too_slow,
                            "offset " + std::to_string(s.from) + " is no longer kept"});
          return;
        }
        self->state.had_reader = true;
        self->state.readers.push_back(std::move(r));
      },
      [self](demand d) {
        auto* r = sender_in(self);
        if (r == nullptr)
          return;
        r->demanded += d.bytes;
        serve_all(self);
      },
      [self](progress_query) {
        const auto& st = self->state;
        return progress{st.came.records, st.course.so_far().now.first};
      },
      [self](const stop_generation&) {
        give_up(self, failed{errc::cancelled, "the answer was cancelled"});
      },
      [self](keys_ended) { ends_with_its_key(self); },
      [self](watch_lease) {
        auto& st = self->state;
        st.watched = true;
        if (st.lease && st.came.records > 0)
          self->send(st.links.places, began{st.lease->id});
      },
      [self](cancel) {
        if (self->current_sender())
          drop_reader(self, caf::actor_cast<caf::actor_addr>(self->current_sender()));
      },
      [](drain) {}, // it has an end of its own
  };
}

} // namespace conductor

#include "tests/simulation/adapters.hpp"

#include "actors/runner.hpp"

#include <caf/send.hpp>

#include <utility>

namespace conductor::simulation {
namespace {

constexpr double way_s = 0.0005; // to a server

/// What arrives: the node may have changed the body.
question question_of(const open_exchange& e) {
  auto q = static_cast<const scripted_request&>(*e.asked).asks;
  if (e.at->changes && !e.at->changes->options.empty()) {
    auto options = options_of(q.options);
    for (const auto& [key, value] : e.at->changes->options)
      options[key] = value;
    q.options = options_text(options);
  }
  return q;
}

milliseconds shorter(milliseconds configured, milliseconds learned) {
  if (learned.count() == 0)
    return configured;
  return configured.count() == 0 ? learned : std::min(configured, learned);
}

} // namespace

exchange::exchange(world& w, open_exchange what, publisher_actor self)
    : what(std::move(what))
    , world_(w)
    , self_(std::move(self))
    , demand_(this->what.window) {}

void exchange::begin() {
  world_.open.insert(shared_from_this());
  world_.on_open(what);
  heard_ = world_.time.now();
  world_.time.in(way_s, [self = shared_from_this()] {
    if (self->over)
      return;
    auto& server = *self->world_.servers.at(self->what.at->backend);
    if (server.connected())
      self->visit_ = server.call(question_of(self->what), self);
    else
      self->lost(errc::backend_unreachable, "connection refused");
  });
  await_silence();
}

milliseconds exchange::patience() const {
  return spoke_ ? shorter(world_.timing.gap_timeout, what.at->gap_patience)
                : shorter(world_.timing.first_byte_timeout, what.at->first_patience);
}

/// A silence that is too long ends it.
void exchange::await_silence() {
  const auto bear = patience();
  if (bear.count() == 0)
    return;
  const auto due = in_s(heard_ + bear - world_.time.now());
  world_.time.in(std::max(due, 0.001), [self = shared_from_this()] {
    if (self->over)
      return;
    const auto silent = self->world_.time.now() - self->heard_;
    const auto bear = self->patience();
    if (bear.count() == 0 || silent < bear || !self->ready_.empty()) {
      self->await_silence();
      return;
    }
    const bool learned = self->spoke_ ? self->what.at->gap_patience == bear
                                      : self->what.at->first_patience == bear;
    self->lost(learned        ? errc::stalled
               : self->spoke_ ? errc::gap_timeout
                              : errc::first_byte_timeout,
               "silence");
  });
}

void exchange::hear() {
  heard_ = world_.time.now();
  if (!std::exchange(spoke_, true))
    await_silence();
}

void exchange::head(int status) {
  if (over)
    return;
  hear();
  auto h = std::make_shared<response_head>();
  h->status = status;
  h->backend = what.at->backend;
  caf::send_as(self_, what.reader, started{std::move(h)});
}

void exchange::record(std::string text) {
  if (over || world_.loses_record())
    return;
  hear();
  error_ = error_ || text.find("error") != std::string::npos;
  ready_.push_back(std::move(text));
  flow();
}

void exchange::end(const usage& used) {
  if (over || world_.loses_end())
    return;
  ended_ = true;
  used_ = used;
  flow();
}

void exchange::demanded(std::uint64_t bytes) {
  demand_ += bytes;
  flow();
}

/// Whole records while there is demand at all, as LINK does.
void exchange::flow() {
  while (!over && demand_ > 0 && !ready_.empty()) {
    auto text = std::move(ready_.front());
    ready_.erase(ready_.begin());
    const auto part = std::min<std::uint64_t>(demand_, text.size());
    if (part < text.size())
      ready_.insert(ready_.begin(), text.substr(part));
    text.resize(part);
    demand_ -= part;
    caf::send_as(self_, what.reader, next{bytes::adopt(std::move(text))});
  }
  if (!over && ended_ && ready_.empty()) {
    caf::send_as(self_, what.reader, complete{used_, error_});
    close();
  }
}

void exchange::lost(errc how, std::string detail) {
  if (over)
    return;
  caf::send_as(self_, what.reader, failed{how, std::move(detail)});
  if (visit_)
    world_.servers.at(what.at->backend)->hang_up(visit_);
  close();
}

void exchange::cancelled() {
  if (over)
    return;
  if (visit_) {
    visit_->leaving = true;
    world_.time.in(way_s,
                   [visit = visit_, server = world_.servers.at(what.at->backend).get()] {
                     server->hang_up(visit);
                   });
  }
  close();
}

void exchange::close() {
  const auto keep = shared_from_this();
  over = true;
  world_.open.erase(keep);
  world_.on_close(*this);
  caf::anon_send_exit(self_, caf::exit_reason::user_shutdown);
  self_ = nullptr;
  what.reader = nullptr;
  what.at.reset();
}

} // namespace conductor::simulation

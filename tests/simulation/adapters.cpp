#include "tests/simulation/adapters.hpp"

#include "config/settings.hpp"

#include <caf/send.hpp>

#include <utility>

namespace conductor::simulation {
namespace {

constexpr double way_s = 0.001;

/// What is done later in that actor, where its promises may be kept.
template <class Self>
void do_later(Self* self, world* w, double s, std::function<void()> what) {
  w->time.in(s, [home = caf::actor_cast<caf::actor>(self), self,
                 what = std::move(what)]() mutable {
    self->state.due.push_back(std::move(what));
    caf::anon_send(home, tick{});
  });
}

template <class Self>
void do_due(Self* self) {
  for (auto& what : std::exchange(self->state.due, {}))
    what();
}

struct publisher_data {
  static inline const char* name = "exchange";
  std::shared_ptr<exchange> now;
};

publisher_actor::behavior_type
link(publisher_actor::stateful_pointer<publisher_data> self, world* w,
     open_exchange what) {
  self->monitor(what.reader);
  self->set_down_handler([self](const caf::down_msg&) { self->state.now->cancelled(); });
  self->state.now = std::make_shared<exchange>(*w, std::move(what),
                                               caf::actor_cast<publisher_actor>(self));
  self->state.now->begin();
  return {
      [](const subscribe&) {},
      [self](demand d) { self->state.now->demanded(d.bytes); },
      [self](cancel) { self->state.now->cancelled(); },
  };
}

/// A load's answer, kept for LOADER.
class load_answer : public caller {
public:
  using done = std::function<void(int status, errc how, const std::string& text)>;
  explicit load_answer(done then) : then_(std::move(then)) {}
  void head(int status) override { status_ = status; }
  void record(std::string text) override { text_ += text; }
  void end(const usage&) override { then_(status_, errc::load_failed, text_); }
  void lost(errc how, std::string detail) override { then_(0, how, detail); }

private:
  done then_;
  int status_ = 0;
  std::string text_;
};

} // namespace

upstreams_actor::behavior_type upstreams(upstreams_actor::stateful_pointer<stand_in> self,
                                         world* w) {
  return {[self, w](open_exchange& e) -> caf::result<publisher_actor> {
    return self->spawn(link, w, std::move(e));
  }};
}

asking_actor::behavior_type prober(asking_actor::stateful_pointer<prober_data> self,
                                   world* w) {
  return {
      [self, w](const probe& p) -> caf::result<probe_result> {
        auto reply = self->make_response_promise<probe_result>();
        const auto* server = w->servers.at(p.server->name).get();
        const bool late = server->connected() && !server->tells();
        do_later(self, w, late ? in_s(w->timing.probe_timeout) : way_s,
                 [server, late, reply]() mutable {
                   if (!server->connected())
                     reply.deliver(
                         make_error(errc::backend_unreachable, "connection refused"));
                   else if (late || !server->tells())
                     reply.deliver(make_error(errc::first_byte_timeout, "no answer"));
                   else
                     reply.deliver(server->look());
                 });
        return reply;
      },
      [](const probe_answer&) { return load_result{}; },
      [](const probe_render&) { return render_result{false}; },
      [self](tick) { do_due(self); },
  };
}

bringing_actor::behavior_type loader(bringing_actor::stateful_pointer<loader_data> self,
                                     world* w) {
  return {
      [self, w](const load_model& l) -> caf::result<load_result> {
        auto reply = self->make_response_promise<load_result>();
        const auto name = l.server->name;
        if (!l.unload)
          ++w->loading[name];
        question q;
        q.model = l.model;
        q.options = l.options;
        q.bare = true;
        q.unload = l.unload;
        q.by_node = true;
        const auto over = std::make_shared<bool>(false);
        const auto since = w->time.now();
        const auto end = [=](int status, errc how, const std::string& text) {
          if (std::exchange(*over, true))
            return;
          if (!l.unload)
            --w->loading[name];
          do_later(self, w, 0, [=, answer = reply]() mutable {
            if (status == 200)
              answer.deliver(load_result{w->time.now() - since});
            else
              answer.deliver(make_error(status == 404 ? errc::not_found : how, text));
          });
        };
        w->time.in(way_s, [=] {
          auto& server = *w->servers.at(name);
          if (!server.connected()) {
            end(0, errc::backend_unreachable, "connection refused");
            return;
          }
          const auto visit = server.call(q, std::make_shared<load_answer>(end));
          const bool learned =
              l.patience.count() > 0 && l.patience < w->timing.load_timeout;
          w->time.in(in_s(learned ? l.patience : w->timing.load_timeout), [=] {
            if (*over)
              return;
            w->servers.at(name)->hang_up(visit);
            end(0, learned ? errc::stalled : errc::load_failed, "was not loaded");
          });
        });
        return reply;
      },
      [self](tick) { do_due(self); },
  };
}

observer_actor::behavior_type observer(observer_actor::stateful_pointer<stand_in>) {
  return {[](const request_summary&) {}, [](const backend_status&) {},
          [](const requests_query&) { return ended_requests{}; },
          [](drain) { return drained{}; }, [](tick) {}};
}

} // namespace conductor::simulation

#include "adapters/metrics/scrape.hpp"

#include "messages/header.hpp"

#include <memory>
#include <utility>

namespace conductor {
namespace {

using self_ptr = resources_actor::stateful_pointer<scrape_state>;

/// What is known so far.
struct found {
  caf::typed_response_promise<response> reply;
  exposition as = exposition::text;
  fleet_status fleet;
  sessions_status sessions;
};
using found_ptr = std::shared_ptr<found>;

template <class Answer, class Who, class What, class Then>
void ask(self_ptr self, const found_ptr& f, const Who& who, What what, Then then) {
  self->request(who, caf::infinite, std::move(what))
      .then([then](const Answer& a) { then(a); },
            [f](const caf::error& e) { f->reply.deliver(e); });
}

void finish(self_ptr self, const found_ptr& f, const process_facts& process) {
  f->reply.deliver(response{200,
                            std::string{content_type(f->as)},
                            self->state.links.text(f->fleet, f->sessions, process, f->as),
                            {}});
}

} // namespace

resources_actor::behavior_type scrape(self_ptr self, scrape_links links) {
  self->state.links = std::move(links);
  return {[self](const request_ptr& asked) -> caf::result<response> {
    const auto& links = self->state.links;
    auto f = std::make_shared<found>();
    f->reply = self->make_response_promise<response>();
    f->as = exposition_for(header_value(asked->headers, "Accept"));
    ask<fleet_status>(self, f, links.dispatcher(), fleet_query{}, [=](const auto& fleet) {
      const auto& links = self->state.links;
      f->fleet = fleet;
      ask<sessions_status>(
          self, f, links.sessions(), sessions_query{}, [=](const auto& sessions) {
            const auto& links = self->state.links;
            f->sessions = sessions;
            ask<process_facts>(self, f, links.process(), process_query{},
                               [=](const auto& p) { finish(self, f, p); });
          });
    });
    return f->reply;
  }};
}

} // namespace conductor

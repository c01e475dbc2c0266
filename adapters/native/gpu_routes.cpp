#include "adapters/native/gpu_routes.hpp"

#include "adapters/native/answers.hpp"
#include "adapters/native/gpu_json.hpp"
#include "adapters/native/json_input.hpp"
#include "adapters/native/session_path.hpp"

#include <caf/typed_response_promise.hpp>

namespace conductor {

caf::result<response> answer_gpus(resources_actor::stateful_pointer<resources_state> self,
                                  const request_ptr& asked) {
  if (asked->method != "GET" && asked->method != "HEAD")
    return not_allowed(*asked, "GET, HEAD");
  const auto history = query_value(asked->target, "history");
  if (!history.empty() && history != "0" && history != "1")
    return make_error(errc::bad_request, "history: 0 or 1 is allowed here");
  auto reply = self->make_response_promise<response>();
  self->request(self->state.links.gpus(), caf::infinite, gpu_query{history == "1"})
      .then(
          [reply, history](const gpu_answer_ptr& a) mutable {
            auto body = to_json(*a->now);
            if (history == "1")
              body["history"] = to_json(a->history);
            reply.deliver(json_answer(200, json_input::dump(body)));
          },
          [reply](const caf::error& e) mutable { reply.deliver(e); });
  return reply;
}

} // namespace conductor

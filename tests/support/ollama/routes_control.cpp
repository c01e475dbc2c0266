#include "tests/support/ollama/routes.hpp"

namespace conductor::test {

namespace asio = boost::asio;

asio::awaitable<void> answer_stats(exchange& x) {
  co_await x.send({200, to_json(x.at.seen.now())});
}

/// `{"default":{…}}`, `{"next":{…}}`, `{"route":"/api/tags","once":{…}}` or `"always"`; a
/// bare script is the new default.
asio::awaitable<void> answer_set_script(exchange& x) {
  const auto as_script = [](const nlohmann::json& j) {
    script s;
    s.apply(j);
    return s;
  };
  const auto route = x.json.value("route", "");
  if (x.json.contains("default"))
    x.at.scripts.set_default(as_script(x.json["default"]));
  else if (x.json.contains("next"))
    x.at.scripts.next(as_script(x.json["next"]));
  else if (x.json.contains("once"))
    x.at.scripts.on(route, as_script(x.json["once"]));
  else if (x.json.contains("always"))
    x.at.scripts.always(route, as_script(x.json["always"]));
  else
    x.at.scripts.set_default(as_script(x.json));
  co_await x.send({200, "{}"});
}

asio::awaitable<void> answer_reset(exchange& x) {
  x.at.scripts.reset();
  x.at.seen.reset();
  x.at.models.reset();
  x.at.running.reset();
  co_await x.send({200, "{}"});
}

} // namespace conductor::test

#include "adapters/cli/top/snapshot.hpp"

#include "adapters/cli/failure.hpp"
#include "adapters/cli/node.hpp"
#include "adapters/cli/record.hpp"
#include "adapters/cli/socket.hpp"
#include "adapters/cli/top/follow.hpp"

#include <boost/asio/io_context.hpp>

#include <memory>
#include <utility>

namespace conductor::cli {

std::string snapshot_text(const node_state& node, moment now) {
  constexpr std::size_t wide = 1000; // nothing is left out or cut
  constexpr std::size_t usual = 120;
  std::string out = plain(summary_of(node, usual));
  for (auto about : {topic::answers, topic::queue, topic::backends, topic::gpus,
                     topic::sessions, topic::requests}) {
    auto s = section_of(about, node, now);
    if (!s.entries.empty())
      out += "\n" + s.title + "\n" + plain(laid_out(s, wide));
  }
  return out;
}

std::string fetch_overview(const std::string& host) {
  auto loop = std::make_shared<boost::asio::io_context>(1);
  auto node = node_client(host);
  std::string found, problem;
  std::unique_ptr<node_link> link;
  auto end = [&](std::string& into, std::string_view what) {
    into = what;
    loop->stop();
  };
  link = std::make_unique<node_link>(
      *loop, node.candidates(),
      link_reader{[&] { link->send(follow_overview()); },
                  [&](std::string_view text) {
                    auto event = parse_document(text);
                    if (is_overview(event))
                      end(found, text);
                    else if (text_of(event, "type") == "error")
                      end(problem, text_of(event, "detail"));
                  },
                  [&](const std::string& why) { end(problem, why); }});
  loop->run();
  if (found.empty())
    throw disconnection(problem + "; start a node with: conductor serve");
  return found;
}

} // namespace conductor::cli

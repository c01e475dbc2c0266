#pragma once

#include "adapters/lane/channel.hpp"
#include "adapters/lane/deadline.hpp"
#include "adapters/lane/hosted.hpp"
#include "adapters/ollama/answer_parser.hpp"
#include "adapters/ollama/records.hpp"
#include "adapters/ollama/rename.hpp"
#include "config/settings.hpp"
#include "messages/actors.hpp"
#include "messages/monitored.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <deque>
#include <optional>
#include <string>

namespace conductor {

/// LINK: one connection to a backend, which carries one exchange after another. Lane.
using link_actor = publisher_actor::extend_with<subscriber_actor>::extend<
    // Carry this request; its answer goes to its reader.
    caf::reacts_to<open_exchange>,
    // INTERNAL: an I/O handler saw the end of the connection.
    caf::reacts_to<gone>>;

/// A LINK's exchange ended well: another may come.
struct link_idle {
  backend_ptr server;
  link_actor link;
};

/// POOL: where idle LINKs go. Lane.
using pool_actor = upstreams_actor::extend<caf::reacts_to<link_idle>>;

/// LINK owns one socket to one backend. Publishes the answer within its reader's demand;
/// reads an upload's body as a SUBSCRIBER. Reads the answer while it still writes the
/// request, for Ollama may answer early. `cancel` closes the socket at once, which is how
/// Ollama learns of it. Deadlines are per phase: connect, TLS, first byte, gap.
class link final : public hosted<link_actor::base>, private channel::owner {
public:
  link(caf::actor_config& cfg, backend_ptr server, upstream_settings timing,
       tls_context tls, pool_actor pool);

  behavior_type make_behavior() override;
  void on_exit() override;
  const char* name() const override { return "link"; }

private:
  enum class phase { fresh, connecting, securing, first_byte, streaming, idle };

  // connecting (link.cpp)
  void open(open_exchange& e);
  void connect();
  void try_next_address(const boost::system::error_code& last);
  void secure();
  void connected();
  void expired();
  milliseconds first_limit() const;
  milliseconds gap_limit() const;
  /// Whether the socket is, though its handler has not run yet.
  bool is_connected();
  void fail(errc code, std::string detail);
  void close();
  std::string where() const;
  bool from_reader();

  // the request (link_write.cpp)
  void ask();
  void took(std::uint64_t) override {}
  void full() override {}
  void emptied() override;
  void write_failed(const boost::system::error_code& why) override;

  // the answer (link_read.cpp)
  void read();
  void received(std::string_view text) override;
  void read_failed(const boost::system::error_code& why) override;
  bool feed(std::string_view text);
  void tell_head();
  void publish();
  complete end_of_stream() const;
  void finish();

  backend_ptr server_;
  upstream_settings timing_;
  tls_context tls_; ///< for a backend under TLS
  monitored<pool_actor> pool_;
  on_lane<channel> socket_;
  on_lane<boost::asio::ip::tcp::resolver> resolver_;
  on_lane<deadline> deadline_;
  std::deque<boost::asio::ip::tcp::endpoint> addresses_;

  phase phase_ = phase::fresh;
  bool closed_ = false;
  bool reused_ = false; ///< this exchange is not the connection's first

  open_exchange now_;
  monitored<subscriber_actor> reader_;
  std::uint64_t demand_ = 0;
  std::optional<answer_parser> parser_;
  std::optional<record_splitter> splitter_;
  std::optional<renamer> renames_;          ///< the model has another name there
  unsigned interim_ = 0;                    ///< answers that came before the real one
  std::string head_part_;                   ///< of the framing, unfinished
  std::deque<bytes> ready_;                 ///< of the answer, waiting for demand
  bool body_over_ = false;                  ///< the answer's framing has ended
  request_clock::time_point waits_since_{}; ///< for bytes of the answer
  request_clock::time_point read_at_{};     ///< the last of these; told once

  bool upload_over_ = true;
  bool upload_chunked_ = false;
  std::uint64_t upload_written_ = 0; ///< bytes to replace by new demand
};

} // namespace conductor

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::link_idle)

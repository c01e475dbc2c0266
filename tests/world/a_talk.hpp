#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace conductor::test {

/// A WebSocket of the node, whose reads wait.
class a_talk {
public:
  /// `room` bytes are received before they are heard; 0: as many as the system will.
  explicit a_talk(std::uint16_t port, int room = 0) {
    auto& tcp = socket_.next_layer();
    tcp.open(boost::asio::ip::tcp::v4());
    if (room > 0)
      tcp.set_option(boost::asio::socket_base::receive_buffer_size{room});
    tcp.connect({boost::asio::ip::address_v4::loopback(), port});
    socket_.handshake("127.0.0.1", "/conductor/v1/ws");
  }
  void say(const nlohmann::json& what) {
    socket_.write(boost::asio::buffer(what.dump()));
  }
  nlohmann::json hear() {
    boost::beast::flat_buffer in;
    socket_.read(in);
    return nlohmann::json::parse(boost::beast::buffers_to_string(in.data()));
  }
  /// The first of that type, and what came before it.
  nlohmann::json hear(const std::string& type,
                      std::vector<nlohmann::json>* before = nullptr) {
    for (auto e = hear();; e = hear()) {
      if (e["type"] == type)
        return e;
      if (before != nullptr)
        before->push_back(e);
    }
  }

private:
  boost::asio::io_context io_;
  boost::beast::websocket::stream<boost::asio::ip::tcp::socket> socket_{io_};
};

} // namespace conductor::test

#include "adapters/cli/doctor/exposure.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <cstring>
#include <memory>

namespace conductor::cli {

std::string reachable_beyond(std::uint16_t port) {
  namespace asio = boost::asio;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0)
    return {};
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(list, ::freeifaddrs);
  for (const auto* i = list; i != nullptr; i = i->ifa_next) {
    if (i->ifa_addr == nullptr || i->ifa_addr->sa_family != AF_INET ||
        (i->ifa_flags & IFF_LOOPBACK) != 0)
      continue;
    sockaddr_in at{};
    std::memcpy(&at, i->ifa_addr, sizeof at);
    asio::io_context io;
    asio::ip::tcp::socket probe(io);
    boost::system::error_code ec;
    // It is this machine's own: accepted or refused at once.
    const asio::ip::tcp::endpoint where(asio::ip::address_v4(ntohl(at.sin_addr.s_addr)),
                                        port);
    probe.connect(where, ec);
    if (!ec)
      return where.address().to_string() + ":" + std::to_string(port);
  }
  return {};
}

} // namespace conductor::cli

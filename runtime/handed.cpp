#include "runtime/handed.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

#include <cstdlib>
#include <cstring>
#include <stdexcept>

namespace conductor {
namespace {

[[noreturn]] void refuse(int descriptor, const std::string& name, const char* why) {
  throw std::runtime_error("descriptor " + std::to_string(descriptor) + " (" + name +
                           "), handed over by LISTEN_FDS, " + why);
}

endpoint address_of(int descriptor, const std::string& name) {
  sockaddr_storage at{};
  socklen_t size = sizeof at;
  if (sd_is_socket(descriptor, AF_UNSPEC, SOCK_STREAM, 1) <= 0 ||
      ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&at), &size) != 0)
    refuse(descriptor, name, "is no listening stream socket");
  char host[INET6_ADDRSTRLEN] = {};
  if (at.ss_family == AF_INET) {
    const auto& ip = reinterpret_cast<const sockaddr_in&>(at);
    ::inet_ntop(AF_INET, &ip.sin_addr, host, sizeof host);
    return {endpoint::kind::tcp, host, ntohs(ip.sin_port), {}};
  }
  if (at.ss_family == AF_INET6) {
    const auto& ip = reinterpret_cast<const sockaddr_in6&>(at);
    ::inet_ntop(AF_INET6, &ip.sin6_addr, host, sizeof host);
    return {endpoint::kind::tcp, host, ntohs(ip.sin6_port), {}};
  }
  const auto& local = reinterpret_cast<const sockaddr_un&>(at);
  if (at.ss_family != AF_UNIX || local.sun_path[0] == '\0')
    refuse(descriptor, name, "is neither TCP nor a Unix socket with a path");
  return {endpoint::kind::unix_socket, {}, 0, local.sun_path};
}

} // namespace

handed take_handed() {
  char** names = nullptr;
  const int count = sd_listen_fds_with_names(1, &names);
  if (count < 0)
    throw std::runtime_error(std::string{"LISTEN_FDS cannot be used: "} +
                             std::strerror(-count));
  handed all;
  for (int i = 0; i < count; ++i) {
    std::string name = names[i];
    std::free(names[i]);
    const int descriptor = SD_LISTEN_FDS_START + i;
    if (name == predecessor_name) {
      all.predecessor = descriptor;
      continue;
    }
    handed_socket s;
    s.descriptor = descriptor;
    s.at = address_of(descriptor, name);
    s.at.tls = s.at.type == endpoint::kind::tcp && name.find(tls_mark) != name.npos;
    s.own = name.ends_with(own_suffix);
    s.admin = name.starts_with(admin_name);
    all.sockets.push_back(std::move(s));
  }
  std::free(names);
  return all;
}

} // namespace conductor

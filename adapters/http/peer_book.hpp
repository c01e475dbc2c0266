#pragma once

#include "adapters/lane/lane.hpp"
#include "config/network.hpp"
#include "messages/share.hpp"

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace conductor {

/// How many connections each peer has and what its requests hold, so that none takes all:
/// an IPv4 address, or a /64 of IPv6. It is asked on one lane, which accepts; seats may
/// end anywhere.
class peer_book : public std::enable_shared_from_this<peer_book> {
public:
  /// One connection of a peer; both null: it is not counted.
  struct seat {
    std::shared_ptr<void> taken;
    /// Bytes of all requests of the peer, also of those that outlive its connections.
    shared_sum held;
  };

  /// `most` connections for each peer, but of those `exempt`; 0: any number.
  peer_book(lane& home, std::size_t most, std::vector<network> exempt)
      : home_(home), most_(most), exempt_(std::move(exempt)) {}

  /// `address` is an IP literal.
  bool has_room(const std::string& address) const;
  /// One more connection, until what is returned ends.
  seat take_seat(const std::string& address);

private:
  struct peer {
    std::size_t open = 0;
    std::weak_ptr<shared_sum::element_type> held;
  };

  void leave(const std::string& who);
  void forget(const std::string& who);

  lane& home_;
  std::size_t most_;
  std::vector<network> exempt_;
  std::map<std::string, peer> peers_; ///< by neighbourhood
};

} // namespace conductor

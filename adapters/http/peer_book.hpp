#pragma once

#include "adapters/lane/lane.hpp"
#include "config/network.hpp"

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace conductor {

/// How many connections each address has, so that none takes all. It is asked on one
/// lane, which accepts; seats may end anywhere.
class peer_book : public std::enable_shared_from_this<peer_book> {
public:
  /// `most` for each address, but of those `exempt`; 0: any number.
  peer_book(lane& home, std::size_t most, std::vector<network> exempt)
      : home_(home), most_(most), exempt_(std::move(exempt)) {}

  /// `address` is an IP literal.
  bool has_room(const std::string& address) const;
  /// One more connection, until what is returned ends.
  std::shared_ptr<void> take_seat(const std::string& address);

private:
  void leave(const std::string& address);

  lane& home_;
  std::size_t most_;
  std::vector<network> exempt_;
  std::map<std::string, std::size_t> open_;
};

} // namespace conductor

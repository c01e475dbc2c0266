#include "adapters/http/peer_book.hpp"

#include <boost/asio/post.hpp>

namespace conductor {

bool peer_book::has_room(const std::string& address) const {
  const auto known = open_.find(address);
  return most_ == 0 || known == open_.end() || known->second < most_;
}

std::shared_ptr<void> peer_book::take_seat(const std::string& address) {
  if (most_ == 0 || contains(exempt_, address))
    return nullptr;
  ++open_[address];
  return {nullptr, [book = shared_from_this(), address](std::nullptr_t) {
            boost::asio::post(book->home_.io(),
                              [book, address] { book->leave(address); });
          }};
}

void peer_book::leave(const std::string& address) {
  const auto known = open_.find(address);
  if (known != open_.end() && --known->second == 0)
    open_.erase(known);
}

} // namespace conductor

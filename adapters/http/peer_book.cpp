#include "adapters/http/peer_book.hpp"

#include <boost/asio/post.hpp>

namespace conductor {

bool peer_book::has_room(const std::string& address) const {
  const auto known = peers_.find(neighbourhood(address));
  return most_ == 0 || known == peers_.end() || known->second.open < most_;
}

peer_book::seat peer_book::take_seat(const std::string& address) {
  if (contains(exempt_, address))
    return {};
  const auto who = neighbourhood(address);
  const auto later = [book = shared_from_this(), who](auto done) {
    boost::asio::post(book->home_.io(), [book, who, done] { (*book.*done)(who); });
  };
  auto& p = peers_[who];
  ++p.open;
  auto held = p.held.lock();
  if (!held) {
    held = {new shared_sum::element_type{0}, [later](auto* sum) {
              delete sum;
              later(&peer_book::forget);
            }};
    p.held = held;
  }
  return {{nullptr, [later](std::nullptr_t) { later(&peer_book::leave); }},
          std::move(held)};
}

void peer_book::leave(const std::string& who) {
  --peers_[who].open;
  forget(who);
}

/// Who left and holds nothing any more.
void peer_book::forget(const std::string& who) {
  const auto known = peers_.find(who);
  if (known != peers_.end() && known->second.open == 0 && known->second.held.expired())
    peers_.erase(known);
}

} // namespace conductor

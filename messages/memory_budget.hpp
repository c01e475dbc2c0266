#pragma once

#include "messages/priority.hpp"
#include "messages/share.hpp"

#include <cstdint>
#include <utility>

namespace conductor {

/// What the node may hold for others: bodies of requests until these end, answers for
/// their readers, conversations for as long as they are used. What is over it is shed in
/// a stated order: what class batch asks for from 70 % on, what is normal from 85 %, all
/// at 100 %; then answers are read no faster than their readers read. What one key, or an
/// address without one, may hold has a limit of its own, so that it cannot shed the
/// others'. Any thread; nobody waits.
class memory_budget {
public:
  /// `limit` bytes, of these `of_one_key` for a key and `of_one_peer` for an address;
  /// 0: no limit.
  explicit memory_budget(std::uint64_t limit = 0, std::uint64_t of_one_key = 0,
                         std::uint64_t of_one_peer = 0)
      : limit_(limit)
      , of_one_key_(of_one_key)
      , of_one_peer_(of_one_peer)
      , held_(std::make_shared<std::atomic<std::int64_t>>(0)) {}

  /// A request of that class may bring that many bytes more.
  bool admits(priority_class asks, std::uint64_t more) const noexcept;
  /// So may who has a part of `most` bytes and holds `held` of it.
  static bool fits(std::uint64_t most, std::uint64_t held, std::uint64_t more) noexcept {
    return most == 0 || more == 0 || (more <= most && held <= most - more);
  }
  /// Nothing more is taken in than goes out.
  bool exhausted() const noexcept { return limit_ > 0 && held() >= limit_; }

  /// What somebody holds; he says how much. It is a part of `also` too: of a key's, or of
  /// an address'.
  share open_share(shared_sum also = nullptr) const {
    return share{held_, std::move(also)};
  }
  std::uint64_t held() const noexcept;
  std::uint64_t limit() const noexcept { return limit_; }
  std::uint64_t of_one_key() const noexcept { return of_one_key_; }
  std::uint64_t of_one_peer() const noexcept { return of_one_peer_; }

private:
  std::uint64_t limit_;
  std::uint64_t of_one_key_;
  std::uint64_t of_one_peer_;
  shared_sum held_;
};

using budget_ptr = std::shared_ptr<const memory_budget>;

} // namespace conductor

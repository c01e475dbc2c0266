#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <unordered_map>
#include <utility>

namespace conductor {

/// Where each conversation went last, so that it finds its prompt in Ollama's cache
/// again. The longest unused are forgotten.
class affinity {
public:
  explicit affinity(std::size_t most = 10'000) : most_(most) {}

  void went(const std::string& session, const std::string& backend) {
    if (session.empty())
      return;
    if (const auto i = where_.find(session); i != where_.end())
      order_.erase(i->second);
    order_.emplace_front(session, backend);
    where_[session] = order_.begin();
    if (order_.size() > most_) {
      where_.erase(order_.back().first);
      order_.pop_back();
    }
  }

  /// Name of the backend; empty: not known.
  std::string last(const std::string& session) const {
    const auto i = where_.find(session);
    return i == where_.end() ? std::string{} : i->second->second;
  }

private:
  using entry = std::pair<std::string, std::string>; ///< session, backend
  std::size_t most_;
  std::list<entry> order_; ///< the latest first
  std::unordered_map<std::string, std::list<entry>::iterator> where_;
};

} // namespace conductor

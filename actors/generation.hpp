#pragma once

#include "actors/course.hpp"
#include "config/settings.hpp"
#include "messages/actors.hpp"
#include "messages/memory_budget.hpp"
#include "messages/monitored.hpp"
#include "messages/share.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace conductor {

/// What a GENERATION needs of its node.
struct generation_links {
  places_actor places; ///< the lane's DESK, or DISPATCHER itself
  upstreams_actor upstreams;
  stream_settings limits;
  shared_sum spooled; ///< bytes of all answers; null: nobody wants to know
  budget_ptr budget;  ///< of the node's memory; null: there is none
};

/// GENERATION owns one answer in flight: the lease, the upstream exchange, the bytes that
/// its readers have still to get, and each reader's demand.
///
/// It asks for a lease, opens the exchange, and publishes what comes. Until the first
/// record a backend that cannot be reached, that is busy, lost its runner or lacks the
/// model is left for another; where none serves, the first refusal is told. The lease
/// ends with Ollama's last byte, not with the slowest reader; a reader that falls further
/// behind than `stream.buffer` gets `failed{reader_too_slow}`. Where the request's key is
/// revoked or expires, every reader gets `failed{key_revoked}`. When the last reader
/// cancels, the exchange is cancelled, and GENERATION ends.
struct generation_state {
  static inline const char* name = "generation";

  /// One subscriber and how far it came.
  struct reader {
    monitored<subscriber_actor> to;
    std::uint64_t piece = 0;    ///< number of the next piece, counted from the first ever
    std::size_t within = 0;     ///< bytes of that piece it has already
    std::uint64_t demanded = 0; ///< bytes it can still take
    bool has_head = false;
  };

  request_ptr asked;
  generation_links links;

  lease_ptr lease;
  caf::actor_clock::time_point leased{}; ///< since when
  bool watched = false;                  ///< its first record is to be told
  /// When its records came, as far as the lease is concerned.
  struct pace {
    caf::actor_clock::time_point last{};
    std::chrono::nanoseconds first{};
    std::chrono::nanoseconds longest{};
    std::uint64_t records = 0;
  } came;
  course_notes course;
  monitored<publisher_actor> exchange;
  std::vector<std::string> tried;
  bool stale_once = false;
  /// The first answer that refused, told where no other backend serves.
  struct refusal {
    head_ptr head;
    std::deque<bytes> body;
    complete end;
  };
  std::optional<refusal> refused;
  std::optional<failed> lost; ///< how the first backend was lost, likewise
  bool held = false; ///< the head may be a refusal: nothing is told before its end

  head_ptr head;                         ///< held back until the first record or the end
  std::deque<bytes> pieces;              ///< of the answer, oldest first
  std::uint64_t first_piece = 0;         ///< number of `pieces.front()`
  std::uint64_t begin = 0;               ///< offset of its first byte
  std::uint64_t buffered = 0;            ///< bytes in `pieces`
  request_clock::time_point just_read{}; ///< the last of these, while it is passed on
  share spooled;                         ///< `buffered`, in the node's sum,
  share in_memory;                       ///< and in its memory
  std::uint64_t to_demand = 0; ///< bytes to ask of the exchange at the next occasion
  std::vector<reader> readers;
  bool had_reader = false; ///< the first may come later than the first record
  std::optional<std::variant<complete, failed>> end;
};

generation_actor::behavior_type
generation(generation_actor::stateful_pointer<generation_state> self, request_ptr asked,
           generation_links links);

} // namespace conductor

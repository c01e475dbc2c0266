#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace conductor {

/// What the stock `ollama` CLI sends with OLLAMA_AUTH=1: `Authorization:
/// <public key>:<signature>`, both base64, over `METHOD,/path?ts=<seconds>`.
struct signed_claim {
  std::string public_key;                    ///< OpenSSH's base64
  std::array<unsigned char, 64> signature{}; ///< Ed25519
};
/// Empty: the header is no such claim.
std::optional<signed_claim> parse_claim(std::string_view authorization);

/// OpenSSH's base64 of an Ed25519 key, out of a line of a `.pub` file or by itself.
/// Empty: it is none.
std::optional<std::string> public_key_of(std::string_view line);

/// `ts` of the target's query; empty: there is none.
std::optional<std::int64_t> time_signed(std::string_view target);

/// Whether that key signed that text.
bool verify(const signed_claim& claim, std::string_view text);

/// Standard base64, with its padding; empty: it is none.
std::optional<std::vector<unsigned char>> from_base64(std::string_view text);

/// Signatures that were used, so that nobody who overheard one can use it again. The
/// CLI's time counts seconds and its signature leaves out the body, so the same one comes
/// again within a moment, honestly: `ollama run` asks /api/show twice. Bounded: where no
/// room is left, a signature is refused. Any thread, no lock.
class used_signatures {
public:
  static constexpr std::int64_t window_s = 300; ///< a clock may be off by this
  static constexpr std::int64_t moment_s = 2;   ///< an honest repetition comes within

  /// Whether it may be used now, in seconds since 1970; notes that it was.
  bool admit(const std::array<unsigned char, 64>& signature, std::int64_t now) noexcept;

private:
  static constexpr std::size_t slots = 1u << 15, probed = 16;
  /// Part of the signature, and the low half of when it was first used; 0: free.
  std::vector<std::atomic<std::uint64_t>> used_ =
      std::vector<std::atomic<std::uint64_t>>(slots);
};

} // namespace conductor

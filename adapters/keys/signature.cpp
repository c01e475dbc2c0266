#include "adapters/keys/signature.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>

namespace conductor {
namespace {

constexpr std::size_t longest = 1024;
/// RFC 8709: the name and the key, each after its length.
constexpr std::string_view head{"\0\0\0\x0bssh-ed25519\0\0\0\x20", 19};
constexpr std::size_t key_bytes = 32;

bool is_ed25519(const std::vector<unsigned char>& blob) {
  return blob.size() == head.size() + key_bytes &&
         std::memcmp(blob.data(), head.data(), head.size()) == 0;
}

int value_of(char c) noexcept {
  if (c >= 'A' && c <= 'Z')
    return c - 'A';
  if (c >= 'a' && c <= 'z')
    return c - 'a' + 26;
  if (c >= '0' && c <= '9')
    return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

} // namespace

std::optional<std::vector<unsigned char>> from_base64(std::string_view text) {
  if (text.size() % 4 != 0 || text.size() > longest)
    return std::nullopt;
  const auto padding = text.ends_with("==") ? 2u : text.ends_with('=') ? 1u : 0u;
  text.remove_suffix(padding);
  std::vector<unsigned char> data;
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char c : text) {
    const auto value = value_of(c);
    if (value < 0)
      return std::nullopt;
    bits = (bits << 6 | static_cast<std::uint32_t>(value)) & 0xffffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      data.push_back(static_cast<unsigned char>(bits >> held & 0xff));
    }
  }
  // What is left over are zeros: one text for one value.
  if ((bits & ((1u << held) - 1)) != 0)
    return std::nullopt;
  return data;
}

std::optional<std::string> public_key_of(std::string_view line) {
  constexpr std::string_view blanks = " \t\r\n", type = "ssh-ed25519";
  const auto word = [&] {
    line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
    const auto w = line.substr(0, line.find_first_of(blanks));
    line.remove_prefix(w.size());
    return w;
  };
  auto text = word();
  if (text == type)
    text = word();
  const auto blob = from_base64(text);
  if (!blob || !is_ed25519(*blob))
    return std::nullopt;
  return std::string{text};
}

std::optional<signed_claim> parse_claim(std::string_view authorization) {
  const auto colon = authorization.find(':');
  if (colon == std::string_view::npos)
    return std::nullopt;
  const auto key = public_key_of(authorization.substr(0, colon));
  const auto signature = from_base64(authorization.substr(colon + 1));
  signed_claim claim;
  if (!key || *key != authorization.substr(0, colon) || !signature ||
      signature->size() != claim.signature.size())
    return std::nullopt;
  claim.public_key = *key;
  std::copy(signature->begin(), signature->end(), claim.signature.begin());
  return claim;
}

std::optional<std::int64_t> time_signed(std::string_view target) {
  auto rest = target.substr(std::min(target.find('?'), target.size()));
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const auto pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(pair.size());
    if (!pair.starts_with("ts="))
      continue;
    std::int64_t seconds = 0;
    const auto* end = pair.data() + pair.size();
    const auto [at, ec] = std::from_chars(pair.data() + 3, end, seconds);
    if (ec == std::errc{} && at == end && seconds > 0)
      return seconds;
    return std::nullopt;
  }
  return std::nullopt;
}

bool verify(const signed_claim& claim, std::string_view text) {
  const auto blob = from_base64(claim.public_key);
  if (!blob || !is_ed25519(*blob))
    return false;
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key{
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, blob->data() + head.size(),
                                  key_bytes),
      EVP_PKEY_free};
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free};
  return key && context &&
         EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), claim.signature.data(), claim.signature.size(),
                          reinterpret_cast<const unsigned char*>(text.data()),
                          text.size()) == 1;
}

bool used_signatures::admit(const std::array<unsigned char, 64>& signature,
                            std::int64_t now) noexcept {
  std::uint64_t print = 0;
  std::memcpy(&print, signature.data(), sizeof print); // as good as random
  const auto place = static_cast<std::size_t>(print >> 32) % slots;
  const auto mark = (print & 0xffffffff) << 32;
  const auto second = static_cast<std::uint32_t>(now);
  const auto age = [&](std::uint64_t slot) {
    return static_cast<std::int64_t>(
        static_cast<std::int32_t>(second - static_cast<std::uint32_t>(slot)));
  };
  const auto old = [&](std::uint64_t slot) { return age(slot) > 2 * window_s; };
  for (std::size_t i = 0; i < probed; ++i) {
    const auto slot = used_[(place + i) % slots].load(std::memory_order_acquire);
    if (slot != 0 && (slot >> 32) << 32 == mark && !old(slot))
      return age(slot) <= moment_s;
  }
  for (std::size_t i = 0; i < probed; ++i) {
    auto& where = used_[(place + i) % slots];
    auto slot = where.load(std::memory_order_acquire);
    if ((slot == 0 || old(slot)) &&
        where.compare_exchange_strong(slot, mark | second, std::memory_order_acq_rel))
      return true;
  }
  return false;
}

} // namespace conductor

#include "adapters/keys/digest.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>
#include <memory>
#include <stdexcept>

namespace conductor {
namespace {

std::string hex(const unsigned char* data, std::size_t size) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(size * 2);
  for (std::size_t i = 0; i < size; ++i) {
    text += digits[data[i] >> 4];
    text += digits[data[i] & 15];
  }
  return text;
}

void fill_with_random(unsigned char* data, std::size_t size) {
  if (RAND_bytes(data, static_cast<int>(size)) != 1)
    throw std::runtime_error("the system gives no random bytes");
}

} // namespace

std::string sha256_hex(std::string_view salt, std::string_view text) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free};
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (!context || EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) != 1 ||
      EVP_DigestUpdate(context.get(), salt.data(), salt.size()) != 1 ||
      EVP_DigestUpdate(context.get(), text.data(), text.size()) != 1 ||
      EVP_DigestFinal_ex(context.get(), digest.data(), &size) != 1)
    throw std::runtime_error("SHA-256 cannot be computed");
  return hex(digest.data(), size);
}

bool same_secret(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string random_hex(std::size_t bytes) {
  std::string data(bytes, '\0');
  auto* at = reinterpret_cast<unsigned char*>(data.data());
  fill_with_random(at, bytes);
  return hex(at, bytes);
}

std::string random_text(std::size_t length) {
  constexpr std::string_view letters =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  // A byte beyond the last whole multiple would favour the first letters.
  constexpr unsigned fair = 256 / letters.size() * letters.size();
  std::string text;
  std::array<unsigned char, 64> some{};
  while (text.size() < length) {
    fill_with_random(some.data(), some.size());
    for (const auto byte : some)
      if (byte < fair && text.size() < length)
        text += letters[byte % letters.size()];
  }
  OPENSSL_cleanse(some.data(), some.size());
  return text;
}

} // namespace conductor

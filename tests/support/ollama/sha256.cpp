#include "tests/support/ollama/sha256.hpp"

#include <openssl/evp.h>

#include <new>

namespace conductor::test {

struct sha256::state {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~state() { EVP_MD_CTX_free(context); }
};

sha256::sha256() : state_(std::make_unique<state>()) {
  if (!state_->context || EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) != 1)
    throw std::bad_alloc();
}

sha256::~sha256() = default;

void sha256::add(std::string_view bytes) {
  EVP_DigestUpdate(state_->context, bytes.data(), bytes.size());
}

std::string sha256::hex() {
  unsigned char sum[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_DigestFinal_ex(state_->context, sum, &size);
  std::string out;
  for (unsigned i = 0; i < size; ++i)
    for (auto digit : {sum[i] >> 4, sum[i] & 15})
      out += "0123456789abcdef"[digit];
  return out;
}

} // namespace conductor::test

#include "engine/base/digest.h"

#include <isa-l/crc.h>
#include <openssl/evp.h>

#include "engine/base/check.h"

namespace reel {

uint32_t Crc32c(ByteSpan bytes, uint32_t seed) {
  // ISA-L takes the raw register, so the usual complement before and after is ours. It takes a
  // non-const pointer and an int length, and only reads.
  constexpr size_t kMaxStep = size_t{1} << 30;
  uint32_t state = ~seed;
  while (!bytes.empty()) {
    const size_t step = std::min(bytes.size(), kMaxStep);
    auto* data = reinterpret_cast<unsigned char*>(const_cast<std::byte*>(bytes.data()));
    state = crc32_iscsi(data, static_cast<int>(step), state);
    bytes = bytes.subspan(step);
  }
  return ~state;
}

uint32_t SeedOf(const SegmentUid& uid) { return Crc32c(std::as_bytes(std::span(uid.bytes))); }

namespace {

// Looked up once: for a node of a footer's tree the lookup, and its lock, cost more than the hash.
const EVP_MD* Sha256Algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  REEL_CHECK(algorithm != nullptr, "SHA-256 is there");
  return algorithm;
}

}  // namespace

std::array<uint8_t, 32> Sha256(ByteSpan bytes) {
  std::array<uint8_t, 32> digest{};
  const bool done = EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr,
                               Sha256Algorithm(), nullptr) == 1;
  REEL_CHECK(done, "a digest takes any bytes");
  return digest;
}

struct Sha256Stream::State {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(),
                                                                  &EVP_MD_CTX_free};
};

Sha256Stream::Sha256Stream() : state_(std::make_unique<State>()) {
  const bool begun = state_->context != nullptr &&
                     EVP_DigestInit_ex(state_->context.get(), Sha256Algorithm(), nullptr) == 1;
  REEL_CHECK(begun, "SHA-256 is there");
}

Sha256Stream::~Sha256Stream() = default;

void Sha256Stream::Put(ByteSpan bytes) {
  const bool taken = EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1;
  REEL_CHECK(taken, "a digest takes any bytes");
}

std::array<uint8_t, 32> Sha256Stream::Finish() {
  std::array<uint8_t, 32> digest{};
  const bool done = EVP_DigestFinal_ex(state_->context.get(), digest.data(), nullptr) == 1;
  REEL_CHECK(done, "a digest ends once");
  return digest;
}

std::string HexOf(std::span<const uint8_t> bytes) {
  std::string text;
  for (const uint8_t byte : bytes) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

}  // namespace reel

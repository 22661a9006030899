#include "engine/base/sha256_lanes.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <utility>

#include "engine/base/digest.h"

namespace reel {
namespace {

#if defined(__x86_64__)

constexpr size_t kLanes = 16;
constexpr size_t kBlockBytes = 64;
// Fewer than this and lanes stand empty: one after another with SHA-NI is as fast.
constexpr size_t kWorthwhile = 9;

#define REEL_AVX512 __attribute__((target("avx512f,avx512bw")))

constexpr std::array<uint32_t, 64> kRoundConstants = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};
constexpr std::array<uint32_t, 8> kInitial = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                              0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

// Words a to h of the hash, each with a lane per message.
using State = std::array<std::array<uint32_t, kLanes>, 8>;
using Blocks = std::array<const std::byte*, kLanes>;

// A word of each lane. Of the compilers' own vectors: their operators become AVX-512 instructions,
// rotations and three-way logic included, in functions of that target.
using Vector = uint32_t __attribute__((vector_size(64)));

REEL_AVX512 inline Vector RotateRight(Vector x, int by) { return x >> by | x << (32 - by); }

REEL_AVX512 inline Vector BigEndian(Vector x) {
  return (RotateRight(x, 8) & 0xff00ff00) | (RotateRight(x, 24) & 0x00ff00ff);
}

// Row i, column j becomes row j, column i: each pass deals rows i and i + 8 out in turn.
REEL_AVX512 inline void Transpose(std::array<Vector, 16>* rows) {
#pragma GCC unroll 4
  for (int pass = 0; pass < 4; ++pass) {
    std::array<Vector, 16> dealt{};
#pragma GCC unroll 8
    for (size_t i = 0; i < 8; ++i) {
      const Vector a = (*rows)[i];
      const Vector b = (*rows)[i + 8];
      dealt[2 * i] =
          __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      dealt[2 * i + 1] = __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29,
                                                 14, 30, 15, 31);
    }
    *rows = dealt;
  }
}

// One block of each lane (FIPS 180-4 section 6.2.2, with the schedule kept as a ring of 16 words).
REEL_AVX512 void Compress(const Blocks& blocks, State* state) {
  std::array<Vector, 16> w{};
  for (size_t lane = 0; lane < kLanes; ++lane) std::memcpy(&w[lane], blocks[lane], kBlockBytes);
  Transpose(&w);
  for (Vector& word : w) word = BigEndian(word);

  std::array<Vector, 8> before{};
  std::memcpy(before.data(), state->data(), sizeof before);
  Vector a = before[0];
  Vector b = before[1];
  Vector c = before[2];
  Vector d = before[3];
  Vector e = before[4];
  Vector f = before[5];
  Vector g = before[6];
  Vector h = before[7];
#pragma GCC unroll 64
  for (size_t t = 0; t < 64; ++t) {
    if (t >= 16) {
      const Vector w15 = w[(t - 15) % 16];
      const Vector w2 = w[(t - 2) % 16];
      const Vector s0 = RotateRight(w15, 7) ^ RotateRight(w15, 18) ^ (w15 >> 3);
      const Vector s1 = RotateRight(w2, 17) ^ RotateRight(w2, 19) ^ (w2 >> 10);
      w[t % 16] += s0 + w[(t - 7) % 16] + s1;
    }
    const Vector sum1 = RotateRight(e, 6) ^ RotateRight(e, 11) ^ RotateRight(e, 25);
    const Vector choice = (e & f) ^ (~e & g);
    const Vector t1 = h + sum1 + choice + kRoundConstants[t] + w[t % 16];
    const Vector sum0 = RotateRight(a, 2) ^ RotateRight(a, 13) ^ RotateRight(a, 22);
    const Vector majority = (a & b) ^ (a & c) ^ (b & c);
    h = g;
    g = f;
    f = e;
    e = d + t1;
    d = c;
    c = b;
    b = a;
    a = t1 + sum0 + majority;
  }
  const std::array<Vector, 8> after = {before[0] + a, before[1] + b, before[2] + c, before[3] + d,
                                       before[4] + e, before[5] + f, before[6] + g, before[7] + h};
  std::memcpy(state->data(), after.data(), sizeof after);
}

// One message on its way through a lane: its whole blocks where they lie, then the padded end.
struct Lane {
  const std::byte* at = nullptr;
  size_t blocks = 0;       // left at `at`
  size_t tail_blocks = 0;  // then these
  size_t message = 0;
  std::array<std::byte, 2 * kBlockBytes> tail{};

  void Begin(size_t number, ByteSpan bytes) {
    message = number;
    at = bytes.data();
    blocks = bytes.size() / kBlockBytes;
    const size_t rest = bytes.size() % kBlockBytes;
    tail.fill(std::byte{0});
    if (rest != 0) std::memcpy(tail.data(), at + blocks * kBlockBytes, rest);
    tail[rest] = std::byte{0x80};
    tail_blocks = rest + 1 + 8 <= kBlockBytes ? 1 : 2;
    const uint64_t bits = uint64_t{bytes.size()} * 8;
    for (size_t i = 0; i < 8; ++i)
      tail[tail_blocks * kBlockBytes - 1 - i] = static_cast<std::byte>(bits >> (8 * i));
    if (blocks == 0) EnterTail();
  }
  void EnterTail() {
    at = tail.data();
    blocks = std::exchange(tail_blocks, size_t{0});
  }
  bool busy() const { return blocks != 0; }
  void Advance() {
    at += kBlockBytes;
    if (--blocks == 0 && tail_blocks != 0) EnterTail();
  }
};

class Sha256Lanes {
 public:
  explicit Sha256Lanes(std::span<const ByteSpan> messages)
      : messages_(messages), order_(messages.size()), digests_(messages.size()) {
    // The longest first, so that the lanes end together.
    std::iota(order_.begin(), order_.end(), size_t{0});
    std::stable_sort(order_.begin(), order_.end(),
                     [&](size_t a, size_t b) { return messages[a].size() > messages[b].size(); });
  }

  std::vector<std::array<uint8_t, 32>> Run() {
    for (size_t lane = 0; lane < kLanes; ++lane) Fill(lane);
    while (busy_ != 0) {
      Blocks blocks;
      for (size_t lane = 0; lane < kLanes; ++lane)
        blocks[lane] = lanes_[lane].busy() ? lanes_[lane].at : idle_.data();
      Compress(blocks, &state_);
      for (size_t lane = 0; lane < kLanes; ++lane) {
        if (!lanes_[lane].busy()) continue;
        lanes_[lane].Advance();
        if (!lanes_[lane].busy()) Finish(lane);
      }
    }
    return std::move(digests_);
  }

 private:
  void Fill(size_t lane) {
    if (next_ == order_.size()) return;
    const size_t message = order_[next_++];
    lanes_[lane].Begin(message, messages_[message]);
    for (size_t word = 0; word < 8; ++word) state_[word][lane] = kInitial[word];
    ++busy_;
  }

  void Finish(size_t lane) {
    std::array<uint8_t, 32>& digest = digests_[lanes_[lane].message];
    for (size_t word = 0; word < 8; ++word) {
      for (size_t byte = 0; byte < 4; ++byte)
        digest[4 * word + byte] = static_cast<uint8_t>(state_[word][lane] >> (24 - 8 * byte));
    }
    --busy_;
    Fill(lane);
  }

  std::span<const ByteSpan> messages_;
  std::vector<size_t> order_;
  std::vector<std::array<uint8_t, 32>> digests_;
  std::array<Lane, kLanes> lanes_{};
  std::array<std::byte, kBlockBytes> idle_{};
  State state_{};
  size_t next_ = 0;
  size_t busy_ = 0;
};

bool HasLanes() {
  // An int with GCC, a bool with clang.
  return static_cast<bool>(__builtin_cpu_supports("avx512f")) &&
         static_cast<bool>(__builtin_cpu_supports("avx512bw"));
}

#endif

}  // namespace

std::vector<std::array<uint8_t, 32>> Sha256Many(std::span<const ByteSpan> messages) {
#if defined(__x86_64__)
  static const bool has_lanes = HasLanes();
  if (has_lanes && messages.size() >= kWorthwhile) return Sha256Lanes(messages).Run();
#endif
  std::vector<std::array<uint8_t, 32>> digests;
  digests.reserve(messages.size());
  for (const ByteSpan message : messages) digests.push_back(Sha256(message));
  return digests;
}

}  // namespace reel

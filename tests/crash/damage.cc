#include "tests/crash/damage.h"

#include "engine/format/chunk.h"

namespace reel::crash {
namespace {

struct Chunk {
  const Lives::Life* life = nullptr;
  uint64_t offset = 0;
  uint64_t size = 0;
};

std::vector<Chunk> ChunksOf(const Lives& lives) {
  std::vector<Chunk> chunks;
  for (const auto& [run, copies] : lives.copies()) {
    for (const Lives::Copy& copy : copies) {
      chunks.push_back({&lives.lives()[copy.life], copy.offset_bytes, copy.chunk_bytes});
    }
  }
  return chunks;
}

bool IsZero(const Bytes& bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

class Vandal {
 public:
  Vandal(SimWorld& world, const Lives& lives, Rng& rng)
      : world_(world), rng_(rng), chunks_(ChunksOf(lives)) {}

  std::optional<Damage> Do() {
    if (chunks_.empty()) return std::nullopt;
    const Chunk victim = Any();
    switch (rng_.Below(7)) {
      case 0:
      case 1:
        return FlipBit(victim);
      case 2:
        return Noise(victim);
      case 3:
        return Put(victim, Read(Any(), 0), "a chunk from elsewhere over it");
      case 4:
        return CopyToUnusedRoom(victim);
      case 5:
        return Footer(victim);
      default:
        return Put(victim, Bytes(victim.size), "zeros over it");
    }
  }

 private:
  Chunk Any() { return chunks_[rng_.Below(chunks_.size())]; }

  Bytes Read(const Chunk& chunk, uint64_t skip) {
    return world_.disk(chunk.life->disk)
        .Peek(chunk.life->file, chunk.offset + skip, chunk.size - skip);
  }

  static Damage At(const Chunk& chunk, uint64_t begin, uint64_t end, const std::string& what) {
    Damage damage;
    damage.disk = chunk.life->disk;
    damage.file = chunk.life->file;
    damage.begin = begin;
    damage.end = end;
    damage.text = what + ", disk " + std::to_string(damage.disk) + " " + damage.file + " bytes " +
                  std::to_string(begin) + " to " + std::to_string(end);
    return damage;
  }

  Damage FlipBit(const Chunk& victim) {
    const uint64_t at = victim.offset + rng_.Below(victim.size);
    world_.disk(victim.life->disk)
        .FlipBit(victim.life->file, at, static_cast<unsigned>(rng_.Below(8)));
    return At(victim, at, at + 1, "a bit flipped");
  }

  Damage Noise(const Chunk& victim) {
    const uint64_t at = victim.offset + rng_.Below(victim.size / 512) * 512;
    world_.disk(victim.life->disk).CorruptSector(victim.life->file, at);
    return At(victim, at, at + 512, "a sector of noise");
  }

  // Whole blocks, as a write that went to the wrong place leaves them.
  Damage Put(const Chunk& victim, const Bytes& bytes, const std::string& what) {
    const size_t size = std::min<size_t>(bytes.size(), victim.size);
    world_.disk(victim.life->disk)
        .Poke(victim.life->file, victim.offset, ByteSpan(bytes).first(size));
    return At(victim, victim.offset, victim.offset + size, what);
  }

  // The same chunk a second time, in the same life or in another.
  std::optional<Damage> CopyToUnusedRoom(const Chunk& source) {
    const Bytes bytes = Read(source, 0);
    const Chunk host = rng_.Chance(2, 3) ? source : Any();
    SimDisk& disk = world_.disk(host.life->disk);
    const uint64_t end = disk.FileSize(host.life->file) - world_.options().granule_bytes;
    if (end < bytes.size() + host.offset) return std::nullopt;
    const uint64_t at = (end - bytes.size()) / format::kBlockBytes * format::kBlockBytes;
    if (!IsZero(disk.Peek(host.life->file, at, bytes.size()))) return std::nullopt;
    disk.Poke(host.life->file, at, bytes);
    Damage damage = At(host, at, at + bytes.size(), "a second copy of a chunk in unused room");
    damage.harmless = true;
    return damage;
  }

  Damage Footer(const Chunk& victim) {
    SimDisk& disk = world_.disk(victim.life->disk);
    const uint64_t size = disk.FileSize(victim.life->file);
    const uint64_t at = size - world_.options().granule_bytes + rng_.Below(64) * 8;
    disk.FlipBit(victim.life->file, at, static_cast<unsigned>(rng_.Below(8)));
    return At(victim, at, at + 1, "a bit flipped in the footer");
  }

  SimWorld& world_;
  Rng& rng_;
  const std::vector<Chunk> chunks_;
};

}  // namespace

std::optional<Damage> DoDamage(SimWorld& world, const Lives& lives, Rng& rng) {
  return Vandal(world, lives, rng).Do();
}

}  // namespace reel::crash

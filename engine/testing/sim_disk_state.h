// SimDiskState: what a simulated disk holds, as a function of a journal of operations. The running
// SimDisk applies each operation as it happens; a crash explorer applies a prefix of the same
// journal and asks what a power cut at that point may have left.
//
// Invariants
//   S1  `visible` is what reads see: every completed write, in order of completion.
//   S2  `durable` is what no power cut can take away: writes that had completed when a sync that
//       later succeeded was submitted.
//   S3  `pending` holds every write between the two. A power cut decides their fate by sector.
//   S4  A failed sync orphans all pending writes of its file: some are lost at once, the others may
//       be lost by any later power cut; no later sync makes them durable.
// Thread rule: a value; one thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/testing/sim_disk_image.h"
#include "reel/types.h"

namespace reel {

enum class SimOpKind : uint8_t {
  kCreateBegin,
  kCreateEnd,
  kRemoveBegin,
  kRemoveEnd,
  kWriteBegin,
  kWriteEnd,
  kSyncBegin,
  kSyncEnd,
  kDamage,  // bytes changed behind everybody's back: rot, or a test's own hand
};

// Operations come in pairs, since a power cut may fall between; each is one entry of the journal.
struct SimOp {
  SimOpKind kind = SimOpKind::kDamage;
  uint32_t inode = 0;
  uint64_t begin = 0;                 // kWriteEnd, kSyncEnd: number of the operation that began it
  uint64_t offset_bytes = 0;          // writes, damage
  int64_t result = 0;                 // kWriteEnd: bytes moved, kSyncEnd: 0; both: -errno
  uint64_t size_bytes = 0;            // kCreateBegin
  uint64_t seed = 0;                  // after an error: which pending writes are lost
  std::shared_ptr<const Bytes> data;  // kWriteBegin, kDamage
  std::string name;                   // kCreateBegin, kRemoveBegin
};

std::string ToString(const SimOp& op);

// What a power cut may do to writes that are not durable.
struct CrashTraits {
  enum class Mode : uint8_t {
    kDropAll,
    kKeepAll,
    kSectors,   // each sector for itself: torn and reordered
    kPrefixes,  // of each write some first sectors
    kWrites,    // each write whole or not at all: reordered
    kSeeded,    // the tear seed chooses one of the above
  };
  Mode mode = Mode::kSeeded;
  uint32_t sector_bytes = 512;  // what the device writes atomically
  // A sector under way may come back as noise instead of old or new bytes.
  bool garbage = false;
  // Parity array without a journal: in every stripe with a pending write, the other bytes may come
  // back as noise (write hole). 0: not an array.
  uint32_t stripe_bytes = 0;
};

struct SimPendingWrite {
  static constexpr uint64_t kInFlight = UINT64_MAX;

  uint64_t id = 0;
  uint64_t offset_bytes = 0;
  std::shared_ptr<const Bytes> data;
  size_t data_begin = 0;  // data[data_begin, data_begin + length) stands at offset_bytes
  size_t length_bytes = 0;
  uint64_t completed_at = kInFlight;
  bool orphaned = false;

  ByteSpan bytes() const { return ByteSpan(*data).subspan(data_begin, length_bytes); }
  uint64_t end_bytes() const { return offset_bytes + length_bytes; }
};

struct SimInode {
  SimImage visible;
  SimImage durable;
  std::vector<SimPendingWrite> pending;  // completed ones in order of completion
};

class SimDiskState {
 public:
  void Apply(const SimOp& op);

  // Operations applied so far, which is also the number of the next.
  uint64_t applied() const { return applied_; }
  const std::map<std::string, uint32_t>& names() const { return names_; }
  std::optional<uint32_t> Find(const std::string& name) const;
  const SimInode& inode(uint32_t number) const { return inodes_[number]; }
  uint32_t next_inode() const { return static_cast<uint32_t>(inodes_.size()); }

  // What stands on the disk after a power cut now. Equal arguments give equal disks.
  SimDiskState AfterPowerCut(uint64_t tear_seed, const CrashTraits& traits) const;

  // Of names and what reads see.
  uint64_t Hash() const;

 private:
  struct NameChange {
    bool creates;
    std::string name;
    uint32_t inode;
  };

  void EndWrite(const SimOp& op);
  void EndSync(const SimOp& op);

  uint64_t applied_ = 0;
  std::map<std::string, uint32_t> names_;
  std::vector<SimInode> inodes_;  // an inode number is never given twice
  std::optional<NameChange> changing_;
};

}  // namespace reel

// SegmentPool: the segment files of one volume and what each of them holds. It prepares files for
// the loop ahead of need, seals them, salvages them and recycles the oldest.
//
// Thread rule: all calls from any thread at once. Calls marked "blocks" do I/O, on files that
// nobody else is changing, without holding the lock; they are for the maintenance thread and for
// opening. Invariants (docs/INVARIANTS.md)
//   L1  A serial is given once in a volume's life, rising.
//   L2  A file is in exactly one state, and only these changes happen:
//         free -> spare -> open -> sealing -> sealed -> recycling -> free
//                 spare -> recycling (an orderly stop)
//                          open, sealing -> broken -> sealed | free (nothing in it)
//   L3  A file becomes free on the disk before anything else may count on it.
//   L4  A pinned segment is not recycled, and a segment that is not sealed never is.
//   L5  The oldest makes room. One that is pinned is vacated: it gives no new lease, and a newer
//       one goes before it only when it is still pinned after kVacateMax, or while something waits
//       to be written.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/segment/salvage.h"
#include "engine/segment/segment_file.h"
#include "reel/clock.h"
#include "reel/disk.h"
#include "reel/index.h"

namespace reel {

// Keeps a segment from being recycled while it is read. Movable; releases when destroyed.
class SegmentLease {
 public:
  SegmentLease() = default;
  SegmentLease(std::shared_ptr<File> file, const format::SegmentHeader& header,
               std::shared_ptr<void> pin)
      : file_(std::move(file)), header_(header), pin_(std::move(pin)) {}

  File& file() const { return *file_; }
  const format::SegmentHeader& header() const { return header_; }
  // The segment may be recycled from here on; what is known of it stays, and the file stays open.
  void LetGo() { pin_.reset(); }
  bool is_held() const { return pin_ != nullptr; }

 private:
  std::shared_ptr<File> file_;
  format::SegmentHeader header_;
  std::shared_ptr<void> pin_;
};

class SegmentPool {
 public:
  struct Options {
    VolumeId volume;
    uint64_t segment_bytes = 0;
    uint32_t granule_bytes = 0;
    uint32_t count_max = 0;
    uint32_t scan_threads = 1;  // that Scan reads with
  };
  enum class FileState : uint8_t {
    kFree,
    kSpare,
    kOpen,
    kSealing,
    kSealed,
    kRecycling,
    kBroken,
    kDamaged
  };

  struct Spare {
    format::SegmentHeader header;
    std::shared_ptr<File> file;
  };

  struct Opened {
    format::SegmentHeader header;
    FileState state = FileState::kFree;
  };

  SegmentPool(Disk& disk, Clock& clock, Random& random, const Options& options);

  // Blocks. Reads block 0 of every segment file. Lives in use are taken for broken until Settle
  // says otherwise. Problems with single files are notes, not errors.
  Status Scan(bool read_only, std::vector<std::string>* notes);

  // Blocks. Makes durable what Scan read in block 0 of that file, which a process that died while
  // writing it may have left to the next power cut: before anything counts on a life being gone
  // (L3).
  Status Confirm(uint32_t file_number);
  // A broken segment whose index is known to be complete becomes sealed unseen.
  void TrustSealed(SegmentSerial serial);
  // Blocks. Reads the footer of a broken segment; with one it is made durable and becomes sealed.
  Result<std::optional<format::Footer>> Settle(SegmentSerial serial);

  // A file ready to be written in class `retention_class`, if one is prepared. Never blocks.
  std::optional<Spare> TakeSpare(ClassId retention_class);
  bool HasSpare(ClassId retention_class) const;

  bool HasSpare() const;  // of any class
  // Blocks. A spare, if there is one, is free again: else the next opening would scan it for
  // chunks.
  bool FreeSpare();

  // Blocks; the last thing in a session. Writes block 0 of a file anew where that failed, once:
  // what the failure left can be read and may not be durable, which the next opening could not
  // tell. A life that was to be recycled is free then. False: none.
  bool SettleLife();
  bool AnyLifeInDoubt() const;

  // Blocks. Prepares a spare: a free file, else a new one, else none (NotFound: recycle first).
  Status PrepareSpare(ClassId retention_class, Epoch epoch);

  // How long who reads a segment may hold up that it is recycled.
  static constexpr Duration kVacateMax = std::chrono::seconds(1);
  struct Victim {
    format::SegmentHeader header;
    bool vacant = false;                       // not pinned: it can be recycled now
    std::optional<SegmentSerial> passed_over;  // an older one that is still read
  };
  // The segment to be recycled next (L5): lowest serial, sealed, not of the ledger, and none that
  // could not be recycled before. It gives no new lease from here on; if it is pinned, ask again.
  // After kVacateMax, or `at_once`, the answer is the oldest that is not pinned. One at a time is
  // waited for. When a spare has been prepared, all that is left can be read again.
  std::optional<Victim> VacateOldest(bool at_once);
  // Nothing has to go after all.
  void StopVacating();
  // Who keeps a lease for long should let it go.
  bool IsVacating(SegmentSerial serial) const;
  // Blocks. The segment is free on the disk on return (L3), or, with an error, what it was.
  // FailedPrecondition if pinned or not sealed.
  Status Recycle(SegmentSerial serial);

  // open -> sealing. Then, blocking, sealing -> sealed once its footer is durable; on failure
  // broken.
  void BeginSealing(SegmentSerial serial);
  Status Seal(SegmentSerial serial, ByteSpan footer);

  // open -> broken. Of what failed only chunks up to `durable` count: the others were placed anew,
  // and after a failed sync nobody knows what will become of them here.
  void Abandon(SegmentSerial serial, ChunkSeq durable);
  // Lowest serial that waits for salvage.
  std::optional<format::SegmentHeader> NextBroken() const;
  // Blocks. Salvages a broken segment, makes what it holds durable and writes its footer; an empty
  // one becomes free. With `write` false it only reads. `between`: as Salvage().
  Result<SalvageReport> SalvageBroken(SegmentSerial serial, ChunkSeq known_durable_seq, bool write,
                                      const std::function<void()>& between = {});

  // NotFound when that serial is not on the volume (any more), or is being vacated.
  Result<SegmentLease> Lease(SegmentSerial serial);
  // For the thread that recycles: of one that is being vacated too.
  Result<SegmentLease> MaintenanceLease(SegmentSerial serial);
  std::optional<Opened> Find(SegmentSerial serial) const;
  std::vector<Opened> Lives() const;  // by serial, without free and spare ones
  uint32_t free_count() const;
  std::vector<std::string> DamagedFiles() const;  // names of files that are kept aside
  bool IsKeptAside(uint32_t file_number) const;

 private:
  struct Entry {
    FileState state = FileState::kFree;
    format::SegmentHeader header;          // valid unless never used
    std::optional<ChunkSeq> abandoned_at;  // broken in this session: salvage keeps no more
    std::weak_ptr<File> file;              // open as long as somebody uses it
    std::shared_ptr<int> pin;              // shared by leases: use_count() - 1 of them
    // By a sync that failed in this session: what stands there may be read and is not durable.
    bool footer_in_doubt = false;
    bool chunks_in_doubt = false;
    bool refused_free = false;  // Recycle failed in this session: others are offered first
    std::optional<uint64_t> copy_in_doubt;  // of block 0 (WriteLife)
  };

  static std::string NameOf(uint32_t file_number);
  Result<std::shared_ptr<File>> FileOf(uint32_t file_number);
  std::vector<Result<LifeReading>> ReadLives(const std::vector<uint32_t>& numbers);
  Result<SegmentLease> TakeLease(SegmentSerial serial, bool of_vacating);
  Result<uint32_t> FreeFile();
  Result<uint32_t> CreateFile();
  format::SegmentHeader NewLife(uint32_t file_number, ClassId retention_class, Epoch epoch);
  Status WriteLifeOf(uint32_t file_number, File& file, const format::SegmentHeader& header);
  Status Free(uint32_t file_number);
  void KeepSealed(SegmentSerial serial, uint32_t file_number);
  Status SyncSalvaged(SegmentSerial serial, File& file, const SalvageReport& report);
  void Note(uint32_t file_number, const LifeReading& reading, std::vector<std::string>* notes);
  // With the lock held. CHECKs that the life is there and in state `from`.
  Entry& InState(SegmentSerial serial, FileState from);

  Disk& disk_;
  Clock& clock_;
  Random& random_;
  const Options options_;
  mutable std::mutex mutex_;
  bool read_only_ = false;
  std::map<uint32_t, Entry> files_;                        // by file number
  std::map<SegmentSerial, uint32_t> by_serial_;            // lives that are not free
  std::map<uint32_t, std::shared_ptr<File>> spare_files_;  // holds spares open until they are taken
  std::set<uint32_t> lives_in_doubt_;                      // SettleLife has not tried them
  std::map<SegmentSerial, MonoTime> vacating_;  // since when (L5); until a spare is prepared
  SegmentSerial last_serial_;
  mutable SegmentSerial broken_from_;  // no life below is broken
};

}  // namespace reel

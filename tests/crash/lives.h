// Lives: what stood in the segment files of a world and when, read from the journals of its disks
// and from nothing the engine says: which units each life of a file held, from when on they were
// durable, when the file was freed for its next life. So a model can tell footage that made room
// from footage that was lost.
//
// Thread rule: one thread.
#pragma once

#include <map>

#include "engine/format/segment_header.h"
#include "tests/crash/plan.h"

namespace reel::crash {

bool IsSegmentName(const std::string& name);
// Block 0 of a segment file, of the copy that rules; nullopt if neither can be read.
std::optional<format::SegmentHeader> RulingHeader(const SimImage& image, uint32_t granule_bytes);

class Lives {
 public:
  struct Life {
    size_t disk = 0;
    std::string file;
    SegmentUid uid;
    uint64_t serial = 0;
    uint64_t freed_at = kNever;  // from which length of the journal on it may be free
    uint64_t gone_at = kNever;   // and from which on it must be
  };
  struct Copy {
    size_t life = 0;
    uint64_t first_unit = 0;
    uint64_t end_unit = 0;
    uint64_t offset_bytes = 0;
    uint64_t chunk_bytes = 0;
    uint64_t written_at = 0;  // length of the journal with its beginning
    uint64_t durable_at = kNever;
  };
  // Takes in what stands on the disks as `world` begins: nothing may have been written yet.
  explicit Lives(SimWorld& world);

  const std::vector<Life>& lives() const { return lives_; }
  const std::map<RunId, std::vector<Copy>>& copies() const { return copies_; }

  // Reads on to the end of the journals of that world, or of one that began with the same disks.
  void ReadOn(SimWorld& world);

  // Whether a sound copy stands in a file that is not free, as far as has been read.
  bool Holds(const RunId& run, uint64_t unit) const;

  // Whether a power cut at `cut` may leave the unit nowhere although it was acknowledged: a file
  // that held it durably has been freed or is about to be. One that was sent again and stands twice
  // goes with the first.
  bool MayBeGone(const RunId& run, uint64_t unit, const Cut& cut) const;
  // Whether it must not be seen any more: every file that ever held it is free for good.
  bool MustBeGone(const RunId& run, uint64_t unit, const Cut& cut) const;
  // Where the unit stood, a line for each copy.
  std::string Whereabouts(const RunId& run, uint64_t unit) const;

 private:
  // A write on its way to being durable.
  struct Pending {
    uint64_t begin = 0;
    uint64_t completed_at = kNever;
    RunId run;
    size_t copy = SIZE_MAX;  // of copies_[run]; or, freeing a life:
    size_t freed_life = SIZE_MAX;
  };
  struct FileState {
    std::string name;
    size_t life = SIZE_MAX;
    std::vector<Pending> pending;
  };
  struct DiskState {
    size_t read = 0;                      // entries of the journal
    std::map<uint32_t, FileState> files;  // segment files by inode
  };

  void ScanFile(size_t disk, FileState* file, const SimImage& image);
  void Read(size_t disk, const SimOp& op, uint64_t at);
  void ReadWrite(size_t disk, FileState* file, const SimOp& op, uint64_t at);
  void ReadHeader(size_t disk, FileState* file, const format::SegmentHeader& header, uint64_t at,
                  Pending* write);
  void Synced(FileState* file, const SimOp& op, uint64_t at);

  const uint32_t granule_bytes_;
  std::vector<DiskState> disks_;
  std::vector<Life> lives_;
  std::map<RunId, std::vector<Copy>> copies_;
};

}  // namespace reel::crash

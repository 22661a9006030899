// Making and opening volumes.
#include <algorithm>

#include "engine/segment/geometry.h"
#include "engine/volume/volume.h"

namespace reel {
namespace {

// Completions of syncs need slots beside those of writes.
constexpr uint32_t kSyncSlots = 8;
constexpr uint64_t kMinSegmentBytes = 64U << 10;

}  // namespace

Status Volume::CheckFormat(const FormatOptions& options) {
  const bool power_of_two = (options.segment_bytes & (options.segment_bytes - 1)) == 0;
  if (options.segment_bytes < kMinSegmentBytes ||
      options.segment_bytes > format::kMaxSegmentBytes || !power_of_two) {
    return InvalidArgument("segment size must be a power of two from 64 KiB to 64 GiB, not " +
                           std::to_string(options.segment_bytes));
  }
  if (options.segment_count_max < Volume::kMinSegments) {
    return InvalidArgument("a volume needs room for at least " +
                           std::to_string(Volume::kMinSegments) + " segments; with segments of " +
                           std::to_string(options.segment_bytes >> 10) + " KiB there is room for " +
                           std::to_string(options.segment_count_max) +
                           ": choose smaller segments or give it more space");
  }
  if (options.segment_count_max > format::kMaxSegmentFiles) {
    return InvalidArgument("a volume has at most " + std::to_string(format::kMaxSegmentFiles) +
                           " segments, not " + std::to_string(options.segment_count_max) +
                           ": choose larger segments");
  }
  if (options.granule_bytes < format::kChunkAlignBytes ||
      options.granule_bytes % format::kChunkAlignBytes != 0 ||
      options.granule_bytes >
          std::min<uint64_t>(options.segment_bytes / 16, format::kMaxGranuleBytes)) {
    return InvalidArgument(
        "granule must be a multiple of 4 KiB, at most a 16th of a segment and 16 MiB, not " +
        std::to_string(options.granule_bytes));
  }
  return OkStatus();
}

Result<VolumeId> Volume::Format(Disk& disk, Clock& clock, Random& random,
                                const FormatOptions& options) {
  REEL_RETURN_IF_ERROR(CheckFormat(options));
  format::Superblock superblock;
  superblock.placement = options.placement;
  superblock.sequence = 1;
  superblock.volume = NewId<VolumeId>(random);
  superblock.owner = options.node;
  superblock.segment_bytes = options.segment_bytes;
  superblock.segment_count_max = options.segment_count_max;
  superblock.granule_bytes = options.granule_bytes;
  superblock.created = clock.WallNow();
  REEL_RETURN_IF_ERROR(CreateSuperblock(disk, superblock));
  return superblock.volume;
}

Volume::Volume(Disk& disk, Clock& clock, VolumeClient& client, const Options& options)
    : disk_(disk), clock_(clock), client_(client), options_(options) {}

Volume::~Volume() { Quiesce(); }

Result<std::unique_ptr<Volume>> Volume::Open(Disk& disk, Clock& clock, Random& random,
                                             VolumeClient& client, const Options& options) {
  std::unique_ptr<Volume> volume(new Volume(disk, clock, client, options));
  REEL_RETURN_IF_ERROR(volume->Start(random));
  return volume;
}

Status Volume::Start(Random& random) {
  REEL_ASSIGN_OR_RETURN(superblock_, ReadSuperblock(disk_));
  if (superblock_.owner != options_.node && !options_.take_over) {
    return FailedPrecondition(disk_.description() + " belongs to node " +
                              ToString(superblock_.owner) +
                              ", not to this one: adopt it or take it back to its node");
  }
  REEL_RETURN_IF_ERROR(CheckNotOlder(disk_, superblock_, options_.least_epoch));
  REEL_ASSIGN_OR_RETURN(lock_, disk_.Lock(kVolumeLockName));
  // Again: it may have changed before the lock.
  REEL_ASSIGN_OR_RETURN(superblock_, ReadSuperblock(disk_, &notes_));
  superblock_.owner = options_.node;
  superblock_.owner_incarnation = options_.incarnation;
  superblock_.epoch = {superblock_.epoch.value + 1};
  ++superblock_.sequence;
  REEL_RETURN_IF_ERROR(WriteSuperblock(disk_, superblock_));

  REEL_ASSIGN_OR_RETURN(facts_, disk_.Probe());
  if (facts_.align_bytes > format::kChunkAlignBytes) {
    return FailedPrecondition(disk_.description() + " wants transfers of " +
                              std::to_string(facts_.align_bytes) +
                              " bytes, reel writes blocks of 4096");
  }
  SegmentPool::Options pool;
  pool.volume = superblock_.volume;
  pool.segment_bytes = superblock_.segment_bytes;
  pool.granule_bytes = superblock_.granule_bytes;
  pool.count_max = superblock_.segment_count_max;
  pool.scan_threads = options_.scan_threads;
  pool_ = std::make_unique<SegmentPool>(disk_, clock_, random, pool);
  REEL_RETURN_IF_ERROR(pool_->Scan(/*read_only=*/false, &notes_));
  REEL_ASSIGN_OR_RETURN(queue_, disk_.NewQueue(options_.queue_depth + kSyncSlots));
  slots_.resize(options_.queue_depth + kSyncSlots);
  for (const ClassId retention_class : {kLedgerClass, kDefaultClass})
    wanted_spares_[retention_class] = Want::kAhead;
  return OkStatus();
}

}  // namespace reel

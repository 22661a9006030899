// Making nodes and volumes.
#include <algorithm>

#include "engine/base/edge.h"
#include "engine/store/node_file.h"
#include "engine/volume/volume.h"
#include "reel/store.h"

namespace reel {
namespace {

constexpr uint64_t kDefaultSegmentBytes = 1ULL << 30;
constexpr uint64_t kLeastSegmentBytes = 1ULL << 20;
// A small volume gets segments small enough to have this many of them.
constexpr uint64_t kSegmentsWanted = 64;

uint64_t SegmentBytesFor(uint64_t volume_bytes) {
  uint64_t segment_bytes = kDefaultSegmentBytes;
  while (segment_bytes > kLeastSegmentBytes && volume_bytes / segment_bytes < kSegmentsWanted)
    segment_bytes /= 2;
  return segment_bytes;
}

Result<format::Placement> PlacementFor(const std::string& wanted, const DiskFacts& facts,
                                       uint32_t granule_bytes) {
  if (wanted == "log") return format::Placement::kLog;
  if (wanted == "gop") return format::Placement::kGop;
  if (wanted != "auto")
    return InvalidArgument("placement is auto, log or gop, not '" + wanted + "'");
  // Flash reads anywhere at once: keep GOPs whole. A spindle or a parity array wants one front.
  const bool log = facts.rotational || granule_bytes > format::kChunkAlignBytes;
  return log ? format::Placement::kLog : format::Placement::kGop;
}

struct Plan {
  std::unique_ptr<Disk> disk;
  Volume::FormatOptions format;
  std::string path;
  bool replaces = false;
};

Result<Plan> PlanVolume(const Store::Options& options, const Store::InitVolume& wanted,
                        const format::NodeState& node) {
  Plan plan;
  plan.path = wanted.path;
  REEL_ASSIGN_OR_RETURN(plan.disk, options.open_disk(wanted.path));
  REEL_ASSIGN_OR_RETURN(const DiskFacts facts, plan.disk->Probe());
  const Result<format::Superblock> present = ReadSuperblock(*plan.disk);
  // One of this node that was never opened and that the node does not list: an earlier making that
  // was cut short.
  plan.replaces =
      present.ok() && present->owner == node.node && present->epoch == Epoch{0} &&
      std::none_of(node.volumes.begin(), node.volumes.end(),
                   [&](const format::NodeVolume& v) { return v.id == present->volume; });
  if (present.ok() && !plan.replaces) {
    return AlreadyExists(wanted.path + " already holds volume " + ToString(present->volume));
  }
  if (!present.ok() && present.status().code() != Code::kNotFound) return present.status();
  if (wanted.bytes > facts.free_bytes) {
    return ResourceExhausted(wanted.path + " has " + std::to_string(facts.free_bytes >> 20) +
                             " MiB free, " + std::to_string(wanted.bytes >> 20) +
                             " MiB are asked for: give it less");
  }
  plan.format.node = node.node;
  plan.format.segment_bytes =
      wanted.segment_bytes != 0 ? wanted.segment_bytes : SegmentBytesFor(wanted.bytes);
  plan.format.segment_count_max = static_cast<uint32_t>(wanted.bytes / plan.format.segment_bytes);
  plan.format.granule_bytes =
      wanted.granule_bytes != 0 ? wanted.granule_bytes : facts.granule_bytes;
  REEL_ASSIGN_OR_RETURN(plan.format.placement,
                        PlacementFor(wanted.placement, facts, plan.format.granule_bytes));
  REEL_RETURN_IF_ERROR(Volume::CheckFormat(plan.format).WithContext(wanted.path));
  return plan;
}

Status InitNode(const Store::Options& options, const std::vector<Store::InitVolume>& volumes) {
  if (!options.open_disk) return InvalidArgument("Store::Options::open_disk is not set");
  Clock& clock = options.clock != nullptr ? *options.clock : SystemClock();
  Random& random = options.random != nullptr ? *options.random : SystemRandom();
  REEL_ASSIGN_OR_RETURN(const std::unique_ptr<Disk> state_disk,
                        options.open_disk(options.state_path));
  REEL_ASSIGN_OR_RETURN(const std::unique_ptr<DiskLock> lock, state_disk->Lock(kNodeLockName));
  const Result<format::NodeState> found = ReadNodeState(*state_disk);
  if (!found.ok() && found.status().code() != Code::kNotFound) return found.status();
  format::NodeState node = found.ok() ? *found : format::NodeState{};
  if (!found.ok()) node.node = NewId<NodeId>(random);

  // Everything is checked before anything is written.
  std::vector<Plan> plans;
  for (const Store::InitVolume& wanted : volumes) {
    for (const format::NodeVolume& known : node.volumes) {
      if (known.path == wanted.path)
        return AlreadyExists(wanted.path + " is a volume of this node already");
    }
    for (const Plan& plan : plans) {
      if (plan.path == wanted.path) return InvalidArgument(wanted.path + " is given twice");
    }
    REEL_ASSIGN_OR_RETURN(Plan plan, PlanVolume(options, wanted, node));
    plans.push_back(std::move(plan));
  }
  // The node first: a volume whose making is cut short is known by its owner.
  if (!found.ok()) REEL_RETURN_IF_ERROR(WriteNodeState(*state_disk, &node));
  const std::vector<format::NodeVolume> before = node.volumes;
  uint16_t number = 0;
  for (const format::NodeVolume& known : before) number = std::max(number, known.number.value);
  for (Plan& plan : plans) {
    if (plan.replaces) REEL_RETURN_IF_ERROR(plan.disk->Remove(kSuperblockName));
    REEL_ASSIGN_OR_RETURN(const VolumeId id,
                          Volume::Format(*plan.disk, clock, random, plan.format));
    node.volumes.push_back({VolumeNo{++number}, id, Epoch{0}, plan.path});
  }
  Status written = WriteNodeState(*state_disk, &node);
  if (!written.ok()) {
    // It may stand there all the same; what is written next rules.
    node.volumes = before;
    (void)WriteNodeState(*state_disk, &node);
  }
  return written;
}

}  // namespace

Status Store::Init(const Options& options, const std::vector<InitVolume>& volumes) {
  return AtEdge([&] { return InitNode(options, volumes); });
}

}  // namespace reel

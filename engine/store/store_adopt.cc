// Volumes that come to a node with footage on them, and those that leave it.
#include <algorithm>
#include <set>

#include "engine/base/edge.h"
#include "engine/format/ledger_record.h"
#include "engine/store/node_file.h"
#include "engine/volume/superblock_file.h"
#include "reel/store.h"

namespace reel {
namespace {

using format::NodeState;
using format::NodeVolume;

// Knows nothing and takes everything: names are in the ledger.
class NoIndex final : public Index {
 public:
  Status Write(const IndexBatch& /*batch*/) override { return OkStatus(); }
  Status Sync() override { return OkStatus(); }
  Result<std::vector<GopRow>> Gops(StreamId /*stream*/, WallTime /*from*/, Direction /*direction*/,
                                   size_t /*limit*/) override {
    return std::vector<GopRow>();
  }
  Result<std::vector<RunRow>> Runs(StreamId /*stream*/, WallRange /*range*/,
                                   size_t /*limit*/) override {
    return std::vector<RunRow>();
  }
  Result<std::vector<GapRow>> Gaps(StreamId /*stream*/, WallRange /*range*/,
                                   size_t /*limit*/) override {
    return std::vector<GapRow>();
  }
  Result<std::vector<CoverageRow>> Coverage(StreamId /*stream*/, WallRange /*range*/,
                                            Bucket /*bucket*/) override {
    return std::vector<CoverageRow>();
  }
  Result<std::vector<StreamRow>> Streams() override { return std::vector<StreamRow>(); }
  Result<std::vector<SegmentRow>> Segments(VolumeNo /*volume*/) override {
    return std::vector<SegmentRow>();
  }
  Result<std::optional<VolumeProgress>> Progress(VolumeNo /*volume*/) override {
    return std::optional<VolumeProgress>();
  }
};

Result<std::vector<StreamInfo>> StreamsOf(Store::Options options) {
  NoIndex index;
  options.index = &index;
  options.scratch_index = nullptr;
  options.log = nullptr;
  options.read_only = true;
  REEL_ASSIGN_OR_RETURN(const std::unique_ptr<Store> store, Store::Open(options));
  return store->Streams();
}

bool HasVolumes(const NodeState& node) {
  return std::any_of(node.volumes.begin(), node.volumes.end(),
                     [](const NodeVolume& volume) { return !volume.forgotten(); });
}

// A name of at most `bytes_max`, cut between characters.
std::string CutName(const std::string& name, size_t bytes_max) {
  size_t size = std::min(name.size(), bytes_max);
  while (size < name.size() && size > 0 && (static_cast<uint8_t>(name[size]) & 0xC0) == 0x80)
    --size;
  return name.substr(0, size);
}

// "gate~7f3c9a01": with as many digits as make it unique, all of them at most.
std::string FreeName(const std::string& name, StreamId id, const std::set<std::string>& taken) {
  constexpr size_t kFirstDigits = 8;
  const std::string digits = ToString(id);
  for (size_t count = kFirstDigits;; count = digits.size()) {
    const std::string suffix = "~" + digits.substr(0, count);
    std::string free = CutName(name, format::kMaxNameBytes - suffix.size()) + suffix;
    if (!taken.contains(free) || count == digits.size()) return free;
  }
}

// The volume alone, as its owner's: what opens it so may change its names.
class OwnersView {
 public:
  OwnersView(Store::Options options, const Store::AdoptVolume& volume)
      : options_(std::move(options)), volume_(volume) {
    options_.state_path = volume.scratch_path;
    options_.log = nullptr;  // what it finds is found again when the node opens it
  }
  ~OwnersView() {
    if (!disk_) return;
    (void)disk_->Remove(kNodeFileName);
    (void)disk_->Remove(kNodeLockName);
  }
  OwnersView(const OwnersView&) = delete;
  OwnersView& operator=(const OwnersView&) = delete;

  Status Begin(const format::Superblock& superblock) {
    REEL_ASSIGN_OR_RETURN(disk_, options_.open_disk(volume_.scratch_path));
    Status removed = disk_->Remove(kNodeFileName);  // of one that was cut short
    if (!removed.ok() && removed.code() != Code::kNotFound) return removed;
    NodeState owner;
    owner.node = superblock.owner;
    owner.incarnation = superblock.owner_incarnation;
    owner.volumes.push_back({VolumeNo{1}, superblock.volume, superblock.epoch, volume_.path});
    return WriteNodeState(*disk_, &owner);
  }

  Result<std::vector<StreamInfo>> Streams() const { return StreamsOf(options_); }

  // Durable on return. The store is left as a crash would: sealing and indexing wait for the node.
  Status Rename(const std::vector<Store::Adoption::Stream>& streams) {
    NoIndex index;
    Store::Options options = options_;
    options.index = &index;
    REEL_ASSIGN_OR_RETURN(const std::unique_ptr<Store> store, Store::Open(options));
    for (const Store::Adoption::Stream& stream : streams) {
      if (stream.name == stream.name_before) continue;
      REEL_RETURN_IF_ERROR(store->RenameStream(stream.id, stream.name).status());
    }
    return OkStatus();
  }

 private:
  Store::Options options_;
  const Store::AdoptVolume& volume_;
  std::unique_ptr<Disk> disk_;
};

// The volume's streams, with names that no other stream of the node has.
Result<std::vector<Store::Adoption::Stream>> SettleNames(const Store::Options& options,
                                                         const Store::AdoptVolume& volume,
                                                         const format::Superblock& superblock,
                                                         const NodeState& node) {
  std::vector<StreamInfo> ours;
  // Of one that is the node's own and stands elsewhere now, the names are the node's.
  if (HasVolumes(node) && superblock.owner != node.node) {
    REEL_ASSIGN_OR_RETURN(ours, StreamsOf(options));
  }
  OwnersView view(options, volume);
  REEL_RETURN_IF_ERROR(view.Begin(superblock));
  REEL_ASSIGN_OR_RETURN(const std::vector<StreamInfo> theirs, view.Streams());
  std::set<StreamId> known;
  std::set<std::string> ours_names;
  std::set<std::string> taken;
  for (const StreamInfo& stream : ours) {
    known.insert(stream.id);
    ours_names.insert(stream.name);
  }
  taken = ours_names;
  for (const StreamInfo& stream : theirs) taken.insert(stream.name);
  std::vector<Store::Adoption::Stream> settled;
  bool changes = false;
  for (const StreamInfo& stream : theirs) {
    Store::Adoption::Stream one{stream.id, stream.name, stream.name};
    // One UUID is one stream, wherever it was recorded: its last naming rules.
    if (!known.contains(stream.id) && ours_names.contains(stream.name)) {
      one.name = FreeName(stream.name, stream.id, taken);
      taken.insert(one.name);
      changes = true;
    }
    settled.push_back(std::move(one));
  }
  if (changes) REEL_RETURN_IF_ERROR(view.Rename(settled));
  return settled;
}

// Whether the volume that is listed at that path really stands there still.
bool StandsAt(const Store::Options& options, const NodeVolume& listed) {
  const Result<std::unique_ptr<Disk>> disk = options.open_disk(listed.path);
  if (!disk.ok()) return false;
  const Result<format::Superblock> there = ReadSuperblock(**disk);
  return there.ok() && there->volume == listed.id;
}

Status CheckListed(const Store::Options& options, const NodeVolume& listed,
                   const std::string& path) {
  if (listed.path == path) {
    return AlreadyExists(path + " is volume " + std::to_string(listed.number.value) +
                         " of this node already");
  }
  if (listed.forgotten() || !StandsAt(options, listed)) return OkStatus();
  return AlreadyExists(path + " is a copy of volume " + ToString(listed.id) + ", which stands at " +
                       listed.path + ": unmount one of the two");
}

// The superblock first: a volume that is the node's and not listed can be adopted again.
Status TakeOver(Disk& disk, const NodeState& node) {
  REEL_ASSIGN_OR_RETURN(const std::unique_ptr<DiskLock> lock, disk.Lock(kVolumeLockName));
  REEL_ASSIGN_OR_RETURN(format::Superblock superblock, ReadSuperblock(disk));
  if (superblock.owner == node.node) return OkStatus();
  superblock.owner = node.node;
  superblock.owner_incarnation = node.incarnation;
  ++superblock.sequence;
  return WriteSuperblock(disk, superblock);
}

VolumeNo NextNumber(const NodeState& node) {
  uint16_t highest = 0;
  for (const NodeVolume& known : node.volumes) highest = std::max(highest, known.number.value);
  return VolumeNo{static_cast<uint16_t>(highest + 1)};
}

Result<Store::Adoption> AdoptNow(const Store::Options& options, const Store::AdoptVolume& volume) {
  if (!options.open_disk) return InvalidArgument("Store::Options::open_disk is not set");
  Random& random = options.random != nullptr ? *options.random : SystemRandom();
  REEL_ASSIGN_OR_RETURN(const auto state_disk, options.open_disk(options.state_path));
  REEL_ASSIGN_OR_RETURN(const auto lock, state_disk->Lock(kNodeLockName));
  const Result<NodeState> found = ReadNodeState(*state_disk);
  if (!found.ok() && found.status().code() != Code::kNotFound) return found.status();
  NodeState node = found.ok() ? *found : NodeState{};
  if (!found.ok()) node.node = NewId<NodeId>(random);

  REEL_ASSIGN_OR_RETURN(const auto disk, options.open_disk(volume.path));
  REEL_ASSIGN_OR_RETURN(format::Superblock superblock, ReadSuperblock(*disk));
  const auto listed =
      std::find_if(node.volumes.begin(), node.volumes.end(),
                   [&](const NodeVolume& known) { return known.id == superblock.volume; });
  if (listed != node.volumes.end()) {
    REEL_RETURN_IF_ERROR(CheckListed(options, *listed, volume.path));
    REEL_RETURN_IF_ERROR(CheckNotOlder(*disk, superblock, listed->last_epoch));
  }
  REEL_RETURN_IF_ERROR(disk->Lock(kVolumeLockName).status());  // nobody records to it
  Store::Adoption adoption;
  adoption.id = superblock.volume;
  adoption.owner_before = superblock.owner;
  REEL_ASSIGN_OR_RETURN(adoption.streams, SettleNames(options, volume, superblock, node));
  if (!found.ok()) REEL_RETURN_IF_ERROR(WriteNodeState(*state_disk, &node));
  REEL_RETURN_IF_ERROR(TakeOver(*disk, node));
  REEL_ASSIGN_OR_RETURN(superblock, ReadSuperblock(*disk));
  if (listed != node.volumes.end()) {
    listed->path = volume.path;
    listed->last_epoch = superblock.epoch;
    adoption.number = listed->number;
  } else {
    adoption.number = NextNumber(node);
    node.volumes.push_back({adoption.number, superblock.volume, superblock.epoch, volume.path});
  }
  REEL_RETURN_IF_ERROR(WriteNodeState(*state_disk, &node));
  return adoption;
}

Status ForgetNow(const Store::Options& options, VolumeNo volume) {
  if (!options.open_disk) return InvalidArgument("Store::Options::open_disk is not set");
  REEL_ASSIGN_OR_RETURN(const auto state_disk, options.open_disk(options.state_path));
  REEL_ASSIGN_OR_RETURN(const auto lock, state_disk->Lock(kNodeLockName));
  REEL_ASSIGN_OR_RETURN(NodeState node, ReadNodeState(*state_disk));
  for (NodeVolume& known : node.volumes) {
    if (known.number != volume || known.forgotten()) continue;
    known.path.clear();
    return WriteNodeState(*state_disk, &node);
  }
  return NotFound(options.state_path + " has no volume " + std::to_string(volume.value));
}

}  // namespace

Result<Store::Adoption> Store::Adopt(const Options& options, const AdoptVolume& volume) {
  return AtEdge([&] { return AdoptNow(options, volume); });
}

Status Store::Forget(const Options& options, VolumeNo volume) {
  return AtEdge([&] { return ForgetNow(options, volume); });
}

}  // namespace reel

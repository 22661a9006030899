// reel init: makes a node and its volumes.
#include <unistd.h>

#include <filesystem>
#include <vector>

#include "engine/io/disk_factory.h"
#include "engine/store/node_file.h"
#include "tools/command.h"
#include "tools/node_session.h"
#include "tools/print.h"
#include "tools/time_args.h"

namespace reel {
namespace {

namespace fs = std::filesystem;

// What Store::Init would refuse with more words.
constexpr uint64_t kLeastVolumeBytes = uint64_t{16} << 20;

struct InitArgs {
  std::string node;
  std::vector<std::string> volumes;
  bool json = false;
};

Status SetKey(const std::string& key, const std::string& value, Store::InitVolume* volume) {
  if (key == "placement") {
    volume->placement = value;
    return OkStatus();
  }
  REEL_ASSIGN_OR_RETURN(const uint64_t bytes, ParseSize(value));
  if (key == "size") {
    volume->bytes = bytes;
  } else if (key == "segment") {
    volume->segment_bytes = bytes;
  } else if (key == "granule" && bytes <= UINT32_MAX) {
    volume->granule_bytes = static_cast<uint32_t>(bytes);
  } else {
    return InvalidArgument("no such setting; there are size, segment, granule and placement");
  }
  return OkStatus();
}

// PATH[,key=value...]
Result<Store::InitVolume> ParseVolume(const std::string& text) {
  Store::InitVolume volume;
  const std::vector<std::string> parts = CLI::detail::split(text, ',');
  volume.path = parts.front();
  for (size_t i = 1; i < parts.size(); ++i) {
    const size_t equals = parts[i].find('=');
    const std::string value = equals == std::string::npos ? "" : parts[i].substr(equals + 1);
    const Status status = SetKey(parts[i].substr(0, equals), value, &volume);
    if (!status.ok()) return status.WithContext("--volume " + text + ", '" + parts[i] + "'");
  }
  return volume;
}

// A volume without a size takes what is free now, less the 2 % the design keeps in reserve. The
// directory must be there: making it would record beside a disk that is not mounted.
Status CompleteVolume(Store::InitVolume* volume) {
  Result<std::unique_ptr<Disk>> disk = OpenDisk(volume->path);
  if (!disk.ok() && disk.status().code() == Code::kNotFound) {
    return NotFound(volume->path +
                    ": no such directory; mount the disk or make the directory first");
  }
  if (!disk.ok()) return disk.status();
  // However it is written, one directory is one volume.
  std::error_code error;
  const fs::path whole = fs::canonical(volume->path, error);
  if (error) return Status::FromErrno(error.value(), volume->path);
  volume->path = whole.string();
  if (volume->bytes != 0) return OkStatus();
  REEL_ASSIGN_OR_RETURN(const DiskFacts facts, (*disk)->Probe());
  volume->bytes = facts.free_bytes / 100 * 98;
  if (volume->bytes >= kLeastVolumeBytes) return OkStatus();
  return ResourceExhausted(volume->path + " has " + FormatSize(facts.free_bytes) +
                           " free, a volume needs " + FormatSize(kLeastVolumeBytes) +
                           " at least: give it a directory on a disk with room");
}

Status Init(const std::string& node, const std::vector<Store::InitVolume>& volumes) {
  std::error_code error;
  const bool made = fs::create_directory(node, error);
  if (error) return Status::FromErrno(error.value(), "make the state directory " + node);
  Status status = Store::Init(NodeOptions(node), volumes);
  if (status.ok() || !made) return status;
  // Only the directory made above, and only if it holds nothing but the lock of this attempt.
  fs::remove(fs::path(node) / kNodeLockName, error);
  ::rmdir(node.c_str());
  return status;
}

Status RunInit(const InitArgs& args) {
  std::vector<Store::InitVolume> volumes;
  for (const std::string& text : args.volumes) {
    REEL_ASSIGN_OR_RETURN(Store::InitVolume volume, ParseVolume(text));
    REEL_RETURN_IF_ERROR(CompleteVolume(&volume));
    volumes.push_back(std::move(volume));
  }
  REEL_RETURN_IF_ERROR(Init(args.node, volumes));
  REEL_ASSIGN_OR_RETURN(const auto session, NodeSession::OpenForReading(args.node));
  Json json{{"node", args.node}, {"volumes", Json::array()}};
  if (!args.json) PrintLine("node " + args.node);
  for (const VolumeInfo& volume : session->store().Volumes()) {
    json["volumes"].push_back({{"number", volume.number.value},
                               {"id", ToString(volume.id)},
                               {"path", volume.path},
                               {"segments", volume.segments_max},
                               {"segment_bytes", volume.segment_bytes},
                               {"granule_bytes", volume.granule_bytes},
                               {"placement", volume.placement}});
    if (args.json) continue;
    PrintLine("volume " + std::to_string(volume.number.value) + "  " + volume.path + "  " +
              Count(volume.segments_max, "segment") + " of " + FormatSize(volume.segment_bytes) +
              ", placement " + volume.placement);
  }
  if (args.json) PrintJson(json);
  return OkStatus();
}

}  // namespace

void AddInit(CLI::App& app, Action* chosen) {
  auto args = std::make_shared<InitArgs>();
  CLI::App& verb = *app.add_subcommand("init", "Make a node, or give one more volumes");
  // Everywhere else a node is named by --node: here as well.
  verb.add_option("node,--node", args->node,
                  "State directory, made if need be; not on a recording disk")
      ->required()
      ->type_name("DIR");
  verb.add_option(
          "--volume", args->volumes,
          "Directory of a disk to record to, with size= (default: what is free), segment=,\n"
          "granule= and placement=log|gop|auto")
      ->required()
      ->type_name("PATH[,key=value...]");
  AddJsonFlag(verb, &args->json);
  SetExamples(verb, {{"init /var/lib/reel --volume /mnt/disk1 --volume /mnt/disk2",
                      "a node with two disks, all that is free on them"},
                     {"init /var/lib/reel --volume /mnt/disk3,size=2T",
                      "one more disk for a node, 2 TiB of it"}});
  OnChosen(verb, args, RunInit, chosen);
}

}  // namespace reel

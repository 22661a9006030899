#include "tools/inspect.h"

#include <algorithm>
#include <filesystem>

#include "engine/base/aligned.h"
#include "engine/io/disk_factory.h"
#include "engine/io/transfer.h"
#include "engine/store/node_file.h"
#include "engine/volume/superblock_file.h"
#include "tools/inspect_segment.h"

namespace reel {
namespace {

namespace fs = std::filesystem;

Json VolumeJson(const format::Superblock& superblock) {
  return {{"kind", "volume"},
          {"volume", ToString(superblock.volume)},
          {"owner", ToString(superblock.owner)},
          {"owner_incarnation", superblock.owner_incarnation},
          {"created", FormatWall(superblock.created)},
          {"epoch", superblock.epoch.value},
          {"placement", superblock.placement == format::Placement::kGop ? "gop" : "log"},
          {"segment_bytes", superblock.segment_bytes},
          {"segments_max", superblock.segment_count_max},
          {"granule_bytes", superblock.granule_bytes},
          {"sequence", superblock.sequence}};
}

Json NodeJson(const format::NodeState& state) {
  Json json{{"kind", "node"},
            {"node", ToString(state.node)},
            {"incarnation", state.incarnation},
            {"sequence", state.sequence},
            {"volumes", Json::array()}};
  for (const format::NodeVolume& volume : state.volumes) {
    json["volumes"].push_back({{"number", volume.number.value},
                               {"id", ToString(volume.id)},
                               {"last_epoch", volume.last_epoch.value},
                               {"path", volume.path}});
  }
  return json;
}

bool Has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool IsSegmentName(const std::string& name) { return name.rfind("segment-", 0) == 0; }

Result<Json> InspectVolume(Disk& disk, const std::vector<std::string>& names) {
  REEL_ASSIGN_OR_RETURN(const format::Superblock superblock, ReadSuperblock(disk));
  Json json = VolumeJson(superblock);
  json["segments"] = Json::array();
  for (const std::string& name : names) {
    if (!IsSegmentName(name)) continue;
    json["segments"].push_back(SegmentSummary(disk, name, superblock.granule_bytes));
  }
  return json;
}

Result<Json> InspectDirectory(const std::string& path) {
  REEL_ASSIGN_OR_RETURN(const std::unique_ptr<Disk> disk, OpenDisk(path));
  REEL_ASSIGN_OR_RETURN(const std::vector<std::string> names, disk->List());
  if (Has(names, kNodeFileName)) {
    REEL_ASSIGN_OR_RETURN(const format::NodeState state, ReadNodeState(*disk));
    return NodeJson(state);
  }
  if (Has(names, kSuperblockName)) return InspectVolume(*disk, names);
  return NotFound(path + " is neither a state directory nor a volume: it has no file '" +
                  kNodeFileName + "' or '" + kSuperblockName + "'");
}

// By its name alone: what the bytes of a damaged file say is not to be trusted.
Result<Json> InspectFile(const fs::path& path, const InspectOptions& options) {
  const std::string parent = path.has_parent_path() ? path.parent_path().string() : ".";
  const std::string name = path.filename().string();
  REEL_ASSIGN_OR_RETURN(const std::unique_ptr<Disk> disk, OpenDisk(parent));
  if (name == kNodeFileName) {
    REEL_ASSIGN_OR_RETURN(const format::NodeState state, ReadNodeState(*disk));
    return NodeJson(state);
  }
  const Result<format::Superblock> superblock = ReadSuperblock(*disk);
  if (name == kSuperblockName) {
    REEL_RETURN_IF_ERROR(superblock.status());
    return VolumeJson(*superblock);
  }
  if (!IsSegmentName(name)) {
    return NotFound(path.string() + " is no file of Reel's: those are named " + kNodeFileName +
                    ", " + kSuperblockName + " and segment-NNNNNNNN");
  }
  const uint32_t granule_bytes = superblock.ok() ? superblock->granule_bytes : format::kBlockBytes;
  return InspectSegment(*disk, name, granule_bytes, options.chunks);
}

std::string ValueText(const std::string& key, const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  const bool size = key.size() > 6 && key.compare(key.size() - 6, 6, "_bytes") == 0;
  return value.dump() + (size ? " bytes" : "");
}

std::string KeyText(std::string key) {
  std::replace(key.begin(), key.end(), '_', ' ');
  return key;
}

std::string RowText(const Json& row) {
  std::string text;
  for (const auto& [key, value] : row.items()) {
    text += (text.empty() ? "    " : ", ") + KeyText(key) + " " + ValueText(key, value);
  }
  return text;
}

}  // namespace

Result<Json> Inspect(const std::string& path, const InspectOptions& options) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) return NotFound(path + ": no such file or directory");
  Result<Json> document =
      fs::is_directory(status) ? InspectDirectory(path) : InspectFile(path, options);
  return document;
}

std::string Readable(const Json& document) {
  std::string text;
  for (const auto& [key, value] : document.items()) {
    std::string label = KeyText(key);
    if (value.is_array()) {
      text += label + " (" + std::to_string(value.size()) + ")\n";
      for (const Json& row : value) text += RowText(row) + "\n";
      continue;
    }
    constexpr size_t kLabelWidth = 22;
    label.resize(std::max(label.size() + 1, kLabelWidth), ' ');
    text += label + ValueText(key, value) + "\n";
  }
  if (!text.empty()) text.pop_back();
  return text;
}

}  // namespace reel

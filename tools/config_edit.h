// Cameras added to reeld's TOML file: appended, so that what stands there keeps its order and its
// comments; read by the server's own parser before it takes the file's place.
//
// Thread rule: one thread. Two that edit one file: the later one is refused.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "reel/status.h"
#include "server/config/config_file.h"

namespace reel {

// The keys of a [[camera]] that may be given, in the order they are written; docs/REELD.md.
const std::vector<std::string>& CameraKeys();

// Values as typed, by key: texts, whole numbers, and of `schedule` windows apart by ';'. Empty ones
// count as absent.
using CameraEntry = std::map<std::string, std::string>;

// A mistake in entry `entry`, at `key`; an empty key is the entry as a whole.
struct EntryMistake {
  size_t entry = 0;
  std::string key;
  std::string what;
};

struct ConfigEdit {
  std::string path;  // where links lead
  std::string before;
  std::string after;
  std::vector<EntryMistake> mistakes;  // with any, it is not to be written
};

// Nothing is written yet. Errors: of reading the file; InvalidArgument where it has mistakes of its
// own already, one line each.
Result<ConfigEdit> PlanCameras(const std::string& path, const std::vector<CameraEntry>& entries);

// The file is the new one, or the old one, also behind a power cut; mode and owner stay.
// Aborted: it has been changed meanwhile.
Status WriteConfig(const ConfigEdit& edit);

}  // namespace reel

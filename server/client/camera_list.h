// The cameras of a reeld, as it sees them now, and the disks that they are recorded to.
//
// Thread rule: any thread. Blocks: a call over the network.
#pragma once

#include <vector>

#include "server/client/server_address.h"
#include "server/ingest/cameras.h"

namespace reel::server {

struct ListedSource : SourceStatus {
  // What it lacks of the last 24 hours.
  uint32_t gaps_last_day = 0;
  Duration gap_last_day{0};
  VolumeNo volume;  // records to; 0 with none
};

class CameraList {
 public:
  static Result<std::unique_ptr<CameraList>> Open(const ServerAddress& address);
  virtual ~CameraList() = default;
  virtual Result<std::vector<ListedSource>> Now() = 0;
  // PermissionDenied: they are shown to operators.
  virtual Result<std::vector<VolumeInfo>> Volumes() = 0;
  // Has it read its configuration again; how many cameras that has. InvalidArgument: its mistakes.
  virtual Result<size_t> ReloadConfig() = 0;
};

}  // namespace reel::server

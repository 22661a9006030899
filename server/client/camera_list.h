// The cameras of a reeld, as it sees them now.
//
// Thread rule: any thread. Blocks: a call over the network.
#pragma once

#include <vector>

#include "server/client/server_address.h"
#include "server/ingest/cameras.h"

namespace reel::server {

class CameraList {
 public:
  static Result<std::unique_ptr<CameraList>> Open(const ServerAddress& address);
  virtual ~CameraList() = default;
  virtual Result<std::vector<SourceStatus>> Now() = 0;
};

}  // namespace reel::server

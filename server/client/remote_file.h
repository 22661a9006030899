// An MP4 that a server makes while it is read: front to back in one call; elsewhere by a new one.
// Of its frames and chunks nothing is known here.
//
// Thread rule: as VirtualMp4. Ownership: must not outlive the stub.
#pragma once

#include <memory>

#include <reel/v1/playback.grpc.pb.h>
#include "reel/export.h"
#include "reel/store.h"

namespace reel::server {

Result<std::unique_ptr<VirtualMp4>> OpenRemoteFile(v1::Playback::StubInterface* stub,
                                                   const v1::ExportRequest& request,
                                                   const StreamInfo& stream);

}  // namespace reel::server

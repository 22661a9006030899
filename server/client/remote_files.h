// The MP4 files of an export that a server makes while they are read: front to back, one behind the
// other, in one call; elsewhere by a new one.
//
// What they are is known from the beginning; their frames, chunks and content ids once a file has
// been read to its end.
// Thread rule: as VirtualMp4, all the files together. Ownership: must not outlive the stub.
// Bounds: kMaxFrames in a file, some 50 bytes each.
#pragma once

#include <memory>
#include <vector>

#include <reel/v1/playback.grpc.pb.h>
#include "reel/export.h"
#include "reel/store.h"

namespace reel::server {

// In order: of more than one only where the request says `split`. FailedPrecondition, from Read:
// the footage has changed since.
Result<std::vector<std::unique_ptr<VirtualMp4>>> OpenRemoteFiles(v1::Playback::StubInterface* stub,
                                                                 const v1::ExportRequest& request,
                                                                 const StreamInfo& stream);

}  // namespace reel::server

// The files of an export, as reel/export.h promises them.
//
// Thread rule and ownership: those of VirtualMp4; the footage outlives the files.
#pragma once

#include <memory>
#include <vector>

#include "engine/store/footage.h"
#include "reel/export.h"

namespace reel {

// InvalidArgument: an empty range. NotFound: no footage in it. FailedPrecondition: it does not fit
// one file, or MP4. DataLoss: see DamagePolicy. ResourceExhausted: too much for one export.
Result<std::vector<std::unique_ptr<VirtualMp4>>> OpenVirtualMp4s(Footage& footage, StreamId stream,
                                                                 const std::string& name,
                                                                 const ExportOptions& options);

}  // namespace reel

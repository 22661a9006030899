// What a file or directory of Reel's says about itself, as a document: a node file, a superblock, a
// segment, a volume's directory, a state directory. Needs no index and no other file, except that a
// volume's directory is asked for the granule of a segment whose first header copy is unreadable.
// Reads only.
//
// Thread rule: pure functions of what is on disk.
#pragma once

#include <string>

#include "tools/print.h"

namespace reel {

struct InspectOptions {
  bool chunks = false;  // of a segment: list every chunk
};

// NotFound: nothing of Reel's there. DataLoss: it is Reel's and cannot be verified.
// FailedPrecondition: of a format this program does not know.
Result<Json> Inspect(const std::string& path, const InspectOptions& options);

// A document as lines of text: one per value, one per row of a list.
std::string Readable(const Json& document);

}  // namespace reel

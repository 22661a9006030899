// Writing a virtual file out, whole or not at all, and what a reader should be told of it.
//
// Thread rule: pure functions of their arguments.
#pragma once

#include <array>
#include <functional>
#include <string>

#include "reel/export.h"
#include "tools/interrupt.h"
#include "tools/print.h"

namespace reel {

using Sha256Digest = std::array<uint8_t, 32>;

// Takes the next bytes of a file.
using ByteSink = std::function<Status(ByteSpan)>;

// Reads all of `file` into `sink`. Cancelled: stopped by a signal.
Status CopyOut(VirtualMp4& file, const ByteSink& sink, const Interrupt& interrupt);

// A file written by `write`, whose sink it gets; its digest and size. It has its name when this
// returns OK.
struct WrittenFile {
  Sha256Digest digest{};
  uint64_t bytes = 0;
};
Result<WrittenFile> WriteOut(const std::string& path, bool replace,
                             const std::function<Status(const ByteSink&)>& write);

Json GapJson(const GapRow& gap);

// What a reader should be told of a file that was written to `path`.
Json ExportJson(const VirtualMp4& file, const std::string& path);
void PrintExport(const VirtualMp4& file, const std::string& path);

}  // namespace reel

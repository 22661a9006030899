// Exports: a virtual file written out, whole or not at all, with what a reader should be told.
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

// Reads all of `file` into `sink`; the digest of it. Cancelled: stopped by a signal.
Result<Sha256Digest> CopyOut(VirtualMp4& file, const ByteSink& sink, const Interrupt& interrupt);

// Writes all of `file` to `path`, which has its name when this returns OK.
Result<Sha256Digest> WriteOut(VirtualMp4& file, const std::string& path, bool replace,
                              const Interrupt& interrupt);

// What a reader should be told of a file that was written to `path`.
Json ExportJson(const VirtualMp4& file, const std::string& path);
void PrintExport(const VirtualMp4& file, const std::string& path);

}  // namespace reel

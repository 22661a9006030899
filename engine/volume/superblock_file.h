// The superblock file of a volume ("reel-volume"): reading the ruling slot and changing it safely.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/format/superblock.h"
#include "reel/disk.h"

namespace reel {

inline constexpr char kSuperblockName[] = "reel-volume";
inline constexpr char kVolumeLockName[] = "reel-lock";

// Errors: NotFound, "not a volume", also when the file is empty; DataLoss when no slot can be
// verified; FailedPrecondition for a newer format, even where an older slot could be read.
// `notes` is told of copies that the device refuses to read.
Result<format::Superblock> ReadSuperblock(Disk& disk, std::vector<std::string>* notes = nullptr);

// FailedPrecondition when it is of a copy older than one that was opened `least` times.
Status CheckNotOlder(const Disk& disk, const format::Superblock& superblock, Epoch least);

// Durable on return. `superblock.sequence` must be one above the ruling one's (or 1 in a new file).
Status WriteSuperblock(Disk& disk, const format::Superblock& superblock);

// A new superblock file in a directory that has none or an empty one, sequence 1. AlreadyExists
// names the volume there.
Status CreateSuperblock(Disk& disk, const format::Superblock& superblock);

}  // namespace reel

// The manifest mark: a file beside the database that says how long its MANIFEST was. RocksDB takes
// a MANIFEST cut anywhere for one whose last record was torn and opens an older state, or an empty
// one, as if nothing were missing. With the mark that is DataLoss. Records inside the MANIFEST have
// checksums of their own.
//
// Thread rule: one thread at a time writes; checking needs no lock. A power cut may bring the mark
// before the last one back: an older mark is weaker, never wrong, because a MANIFEST only grows and
// its successors have higher numbers.
#pragma once

#include <rocksdb/db.h>

#include <string>

#include "reel/status.h"

namespace reel {

// No mark: OkStatus.
Status CheckManifestMark(const std::string& path);
Status WriteManifestMark(const std::string& path, rocksdb::DB* db);

}  // namespace reel

#include "index/rocks_status.h"

namespace reel {
namespace {

Code CodeOf(const rocksdb::Status& status) {
  if (status.IsCorruption() || status.IsPathNotFound()) {
    return Code::kDataLoss;
  }
  if (status.IsNoSpace() || status.IsMemoryLimit()) return Code::kResourceExhausted;
  // Unknown features in a file: written by a newer library, or damaged; either way not readable.
  if (status.IsNotSupported()) return Code::kDataLoss;
  if (status.IsNotFound()) return Code::kNotFound;
  if (status.IsIOError() || status.IsBusy() || status.IsTimedOut() || status.IsTryAgain()) {
    return Code::kUnavailable;
  }
  return Code::kInternal;
}

}  // namespace

Status FromRocks(const rocksdb::Status& status, std::string_view what) {
  if (status.ok()) return OkStatus();
  return {CodeOf(status), std::string(what) + ": " + status.ToString()};
}

}  // namespace reel

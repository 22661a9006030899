// AppendLane: one run of an Append session.
//
// Thread rule: all but marks by one thread at a time; marks from any.
// Ownership: the session's, which outlives the callback through a weak pointer.
#pragma once

#include <memory>
#include <mutex>
#include <optional>

#include <reel/v1/ingest.pb.h>
#include "server/rpc/unit_framing.h"
#include "server/rpc/visit.h"

namespace reel::server {

class AppendLane {
 public:
  // Asks for access and begins the run. Blocks: audit, index.
  static Result<std::unique_ptr<AppendLane>> Begin(
      Visit& visit, RpcCore& core, const v1::BeginRun& request,
      std::function<void(const Watermarks&)> on_durable);

  RunId run() const { return writer_->run(); }
  StreamId stream() const { return stream_; }
  bool ended() const { return ended_; }
  bool bulk() const { return bulk_; }

  // The errors are of this unit alone.
  Status Append(const v1::AppendUnit& request, const std::string& data);
  Status SetTracks(const v1::Tracks& request);
  Status End(v1::EndRun::Cause cause);
  void Flush() { writer_->Flush(); }

  Watermarks marks() const { return writer_->watermarks(); }
  uint64_t units() const { return units_; }
  uint64_t bytes() const { return bytes_; }

 private:
  explicit AppendLane(UnitFraming framing) : framing_(std::move(framing)) {}

  StreamId stream_;
  UnitFraming framing_;
  bool bulk_ = false;
  bool ended_ = false;
  uint64_t units_ = 0;
  uint64_t bytes_ = 0;
  std::unique_ptr<RunWriter> writer_;
};

}  // namespace reel::server

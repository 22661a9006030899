// Between the wire's messages and the engine's values.
//
// Thread rule: pure functions. What comes from a client is checked here: InvalidArgument names the
// field.
#pragma once

#include <optional>

#include <reel/v1/admin.pb.h>
#include <reel/v1/ingest.pb.h>
#include <reel/v1/playback.pb.h>
#include "reel/export.h"
#include "reel/store.h"
#include "server/access/authorizer.h"
#include "server/ingest/cameras.h"
#include "server/rpc/operations.h"

namespace reel::server {

Result<TrackInfo> TrackOf(const v1::Track& track);
// 1..kMaxTracks, no id twice.
Result<std::vector<TrackInfo>> TracksOf(
    const google::protobuf::RepeatedPtrField<v1::Track>& tracks);

void Put(const TrackInfo& track, v1::Track* to);
void Put(const Unit& unit, v1::Unit* to);
void Put(const GapRow& gap, v1::Gap* to);
void Put(const SeekPoint& point, v1::SeekPoint* to);
void Put(const StreamInfo& stream, v1::StreamInfo* to);
void Put(const ImportRow& import, v1::Import* to);
void Put(const VolumeInfo& volume, v1::VolumeInfo* to);
void Put(const SourceStatus& source, v1::CameraSource* to);
void Put(const OperationInfo& operation, v1::Operation* to);
void Put(WallRange range, v1::TimeRange* to);

Purpose PurposeOf(const v1::Purpose& purpose);
// Absent ends are those of all time. InvalidArgument: empty.
Result<WallRange> RangeOf(const v1::TimeRange& range);
// Both ends are there, and at most `longest` lies between them.
Result<WallRange> BoundedRangeOf(const v1::TimeRange& range, Duration longest);

}  // namespace reel::server

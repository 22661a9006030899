// From the wire's messages to the engine's values, as a client trusts its server: what is no value
// of ours becomes the nearest one, or an error where there is none.
//
// Thread rule: pure functions.
#pragma once

#include <grpcpp/support/status.h>

#include <chrono>

#include <reel/v1/admin.pb.h>
#include <reel/v1/playback.pb.h>
#include "reel/store.h"

namespace reel::server {

// As gRPC takes it.
std::chrono::system_clock::time_point DeadlineAfter(Duration wait);

Status FromWire(const grpc::Status& status);
TrackInfo FromWire(const v1::Track& track);
GapRow FromWire(const v1::Gap& gap, StreamId stream);
Result<StreamInfo> FromWire(const v1::StreamInfo& stream);
Result<ImportRow> FromWire(const v1::Import& import);
VolumeInfo FromWire(const v1::VolumeInfo& volume);
// `data` are the unit's bytes.
Unit FromWire(const v1::Unit& unit, const std::string& data);

template <class Id>
Result<Id> IdFromWire(const std::string& text) {
  const auto id = ParseId<Id>(text);
  if (!id) return Internal("the server sent '" + text + "' for a UUID");
  return *id;
}

template <class Repeated>
std::vector<TrackInfo> TracksFromWire(const Repeated& tracks) {
  std::vector<TrackInfo> result;
  for (const v1::Track& track : tracks) result.push_back(FromWire(track));
  return result;
}

}  // namespace reel::server

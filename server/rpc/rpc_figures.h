// RpcFigures: what the RPC server counts while it serves, for whoever reports it.
//
// Thread rule: any thread at once; no locks.
// Ownership: outlives the server that counts into it.
#pragma once

#include <atomic>
#include <cstdint>

#include "engine/base/latency_meter.h"

namespace reel::server {

struct RpcFigures {
  LatencyMeter seek;  // from a Seek's request to its first message

  // Streams that were not gone on with because their reader had a full queue to take, how often and
  // how long; what was left out for them; and those ended for taking nothing.
  std::atomic<uint64_t> reader_waits = 0;
  std::atomic<int64_t> reader_wait_ns = 0;
  std::atomic<uint64_t> reader_units_skipped = 0;
  std::atomic<uint64_t> readers_ended = 0;

  // Now: bytes made for readers that have not been sent; calls that go on as streams; work that
  // waits for a thread.
  std::atomic<int64_t> reader_bytes_waiting = 0;
  std::atomic<int64_t> streams_open = 0;
  std::atomic<int64_t> reads_waiting = 0;
  std::atomic<int64_t> appends_waiting = 0;
};

}  // namespace reel::server

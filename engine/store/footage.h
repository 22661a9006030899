// Footage: what reading needs of a store, and nothing of how it records: the index, leases on
// segments, and the chunks that are still in memory.
//
// Thread rule: all calls from any thread at once.
#pragma once

#include <memory>
#include <vector>

#include "engine/format/footer.h"
#include "engine/io/buffer_pool.h"
#include "engine/store/helper_threads.h"
#include "engine/store/reader_gate.h"
#include "engine/volume/segment_pool.h"
#include "reel/clock.h"
#include "reel/index.h"

namespace reel {

// A chunk that the index does not name yet, as its stream holds it in memory. `units` and `payload`
// are as in a stored chunk; `keep_alive` owns what they point into.
struct LiveChunk {
  format::ChunkRow row;  // place fields are unset
  std::vector<format::UnitEntry> units;
  ByteSpan payload;                     // units one behind another
  std::shared_ptr<const Bytes> tracks;  // format::EncodeTracks, in force for this chunk
  bool durable = false;
  std::shared_ptr<const void> keep_alive;
};

class Footage {
 public:
  virtual ~Footage() = default;
  virtual Index& index() = 0;
  virtual Clock& clock() = 0;
  // Warm memory to read into, outlives all reading. Null: there is none.
  virtual BufferPool* read_buffers() { return nullptr; }
  // Threads to read ahead with, outlive all reading. Null: nothing is read ahead.
  virtual HelperThreads* helpers() { return nullptr; }

  // Called where a reader goes on to further footage, and held while it fetches that: waits a
  // moment (kLongestReaderWait at most) while recording falls behind. Never before the first
  // picture of a seek.
  virtual ReaderGate::Turn WaitForTurn() { return {}; }

  // NotFound when the segment has been recycled, Unavailable when its volume is away.
  virtual Result<SegmentLease> Lease(VolumeNo volume, SegmentSerial serial) = 0;

  // A snapshot of what `stream` has in memory, by run in order of beginning, then by unit number. A
  // chunk leaves memory only after the index names it: take this first and ask the index
  // afterwards, and nothing is missed (some units may be seen twice).
  virtual std::vector<LiveChunk> Live(StreamId stream) = 0;

  // Waits until something newer than `seen` was accepted or ended for `stream`, at most `wait`; the
  // counter to pass next time.
  virtual uint64_t WaitForMore(StreamId stream, uint64_t seen, Duration wait) = 0;

  // Whether a writer has this run open now.
  virtual bool IsRecording(StreamId stream, RunId run) = 0;

  // When volumes were opened for writing: no footage can reach across one.
  virtual std::vector<WallTime> SessionBegins() = 0;

  // The oldest footage that any volume still holds, for "expired" against "never recorded".
  virtual WallTime StreamCreated(StreamId stream) = 0;

  // A read met bytes that do not verify.
  virtual void OnDamage(StreamId stream, const Status& status) = 0;
};

}  // namespace reel

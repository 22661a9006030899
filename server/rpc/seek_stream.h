// SeekStream: the GOP at a moment, key picture first.
//
// Thread rule: as ByteStream.
#pragma once

#include <reel/v1/playback.pb.h>
#include "server/rpc/byte_stream.h"

namespace reel::server {

// Where a unit stands, as a cursor gives it from a seek's point on, before the key picture has
// come.
enum class SeekPlace : uint8_t {
  kBefore,  // where runs overlap, another one's units may come first
  kKey,     // this is it
  kGone,    // it would have come: it was recycled between the seek and the read
};
// REQUIRES: the item is a unit. Thread rule: pure function.
SeekPlace PlaceOf(const SeekPoint& point, const Item& item);

class SeekStream : public ByteStream {
 public:
  using ByteStream::ByteStream;

 protected:
  Status Open(const grpc::ByteBuffer& request) override;
  Turn Produce() override;

 private:
  // The unit is none of the GOP's.
  bool IsBehind(const Item& item) const;
  static Turn Gone();

  v1::SeekRequest request_;
  SeekPoint point_;
  std::unique_ptr<Cursor> cursor_;
  v1::SeekResponse first_;  // until it is sent
  bool key_sent_ = false;
};

}  // namespace reel::server

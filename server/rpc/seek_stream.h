// SeekStream: the GOP at a moment, key picture first.
//
// Thread rule: as ByteStream.
#pragma once

#include <reel/v1/playback.pb.h>
#include "server/rpc/byte_stream.h"

namespace reel::server {

class SeekStream : public ByteStream {
 public:
  using ByteStream::ByteStream;

 protected:
  Status Open(const grpc::ByteBuffer& request) override;
  Turn Produce() override;

 private:
  // The unit is none of the GOP's.
  bool IsBehind(const Item& item) const;

  v1::SeekRequest request_;
  SeekPoint point_;
  std::unique_ptr<Cursor> cursor_;
  v1::SeekResponse first_;  // until it is sent
  bool key_sent_ = false;
};

}  // namespace reel::server

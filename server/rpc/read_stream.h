// ReadStream: a cursor's items as messages; live with `follow`.
//
// Thread rule: as ByteStream.
#pragma once

#include <reel/v1/playback.pb.h>
#include "server/rpc/byte_stream.h"

namespace reel::server {

class ReadStream : public ByteStream {
 public:
  using ByteStream::ByteStream;

 protected:
  Status Open(const grpc::ByteBuffer& request) override;
  Turn Produce() override;

 private:
  // No purpose is needed for it, wherever one is for what is longer.
  bool IsGlance(WallRange range);
  Turn SendItem(Item item);
  Turn AtEnd();
  // True: the unit is left out, because the reader is too slow.
  bool Skips(const Item& item);
  void SayHowManyWereSkipped(bool clean_points_only);

  v1::ReadRequest request_;
  std::unique_ptr<Cursor> cursor_;
  bool live_ = false;    // has been at the end once
  bool behind_ = false;  // too slow: clean points alone
  bool caught_up_ = false;
  uint64_t skipped_ = 0;
};

}  // namespace reel::server

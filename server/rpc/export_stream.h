// ExportStream: a range as the bytes of one MP4 file, made as they are read.
//
// Thread rule: as ByteStream. Bounds: the memory of VirtualMp4, some 40 bytes a unit; a day at
// most.
#pragma once

#include <reel/v1/playback.pb.h>
#include "server/rpc/byte_stream.h"

namespace reel::server {

class ExportStream : public ByteStream {
 public:
  static constexpr Duration kLongest = std::chrono::hours(24);

  using ByteStream::ByteStream;

 protected:
  Status Open(const grpc::ByteBuffer& request) override;
  Turn Produce() override;

 private:
  void SendInfo();

  v1::ExportRequest request_;
  std::unique_ptr<VirtualMp4> file_;
  uint64_t offset_ = 0;
  bool info_sent_ = false;
};

}  // namespace reel::server

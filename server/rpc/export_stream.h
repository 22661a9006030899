// ExportStream: a range as the bytes of MP4 files, made as they are read, and what stands in them.
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
  VirtualMp4& file() { return *files_[file_]; }
  void SendInfo(size_t number);
  void SendFrames();
  Status SendChunks();

  v1::ExportRequest request_;
  std::vector<std::unique_ptr<VirtualMp4>> files_;
  size_t infos_ = 0;     // the next one to send
  size_t file_ = 0;      // the one being sent, and how far it is
  uint64_t offset_ = 0;  // of its bytes
  size_t frames_ = 0;
  size_t chunks_ = 0;
};

}  // namespace reel::server

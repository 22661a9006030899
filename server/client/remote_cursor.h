// A cursor over a server's Read call.
//
// Thread rule: one thread at a time.
#pragma once

#include <memory>

#include <reel/v1/playback.grpc.pb.h>
#include "reel/store.h"
#include "server/client/pull.h"

namespace reel::server {

class RemoteCursor final : public Cursor {
 public:
  RemoteCursor(v1::Playback::StubInterface* stub, const v1::ReadRequest& request, StreamId stream);

  using Cursor::Next;
  Result<Item> Next(Duration wait) override;

 private:
  Result<Item> ItemOf(v1::ReadResponse&& message);

  const StreamId stream_;
  const bool follow_;
  Pull<v1::ReadResponse> pull_;
  RunId run_;
  bool ended_ = false;
};

}  // namespace reel::server

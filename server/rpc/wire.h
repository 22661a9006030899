// Messages as bytes on the wire, with the bytes of a unit behind them as they are: a message's
// `data` field (number 15, written last) is a slice that takes the buffer over instead of copying
// it.
//
// Thread rule: pure functions.
#pragma once

#include <google/protobuf/message_lite.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/status.h>

#include "reel/status.h"
#include "reel/types.h"

namespace reel::server {

// REQUIRES: the message's own `data` is empty.
grpc::ByteBuffer ToWire(const google::protobuf::MessageLite& message, Bytes data = {});

// InvalidArgument: it does not parse. ResourceExhausted: it is longer than `max_bytes`, and nothing
// of it was parsed, because what is repeated in it can take forty times as much memory.
Status FromWire(const grpc::ByteBuffer& bytes, size_t max_bytes,
                google::protobuf::MessageLite* message);

// The same for a message with `data`, which is not counted: what else it holds has at most
// `max_bytes`.
Status FromWireWithData(const grpc::ByteBuffer& bytes, size_t max_bytes,
                        google::protobuf::MessageLite* message);

// The same code, the message on one line.
grpc::Status ToGrpc(const Status& status);

}  // namespace reel::server

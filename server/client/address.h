// How one gets to a reeld.
//
// Thread rule: pure but for reading the files.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/support/channel_arguments.h>

#include <memory>
#include <string>

#include "reel/status.h"
#include "server/client/server_address.h"

namespace reel::server {

// What a connection that carries footage asks of gRPC: room for a key picture on its way, in few
// pieces.
grpc::ChannelArguments FootageArguments();

// Connects at the first call. InvalidArgument (address, files), NotFound (files).
Result<std::shared_ptr<grpc::Channel>> Connect(const ServerAddress& address);

// An error of a call with the address, and with what to look at where nobody answered.
Status Unanswered(const ServerAddress& address, const Status& status);

}  // namespace reel::server

// What gRPC itself has to say. It has one log for the whole process, and so has this.
//
// Thread rule: once, before the first server; `sink` is called on gRPC's threads.
#pragma once

#include <string_view>

#include "reel/log.h"

namespace reel::server {

void SendGrpcLogTo(void (*sink)(LogLevel, std::string_view));

}  // namespace reel::server

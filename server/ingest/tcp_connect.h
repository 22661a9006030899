// The beginning of every TCP connection. Thread rule: any thread; never blocks.
#pragma once

#include "engine/io/unique_fd.h"
#include "server/ingest/connection.h"

namespace reel::server {

// A socket that is on its way to `address`.
Result<UniqueFd> BeginConnect(const Address& address);

}  // namespace reel::server

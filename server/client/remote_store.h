// RemoteStore: the Store of a reeld, over RPC, so that what works on a node works on a server.
//
// What a client has no business with (opening volumes, adoption) is Unimplemented.
// Thread rule: as reel/store.h. Ownership: cursors and files must not outlive it.
// Blocks: every call, on the network, at most kCallTime but for reading and export.
#pragma once

#include <chrono>
#include <memory>

#include "reel/store.h"
#include "server/access/purpose.h"
#include "server/client/server_address.h"

namespace reel::server {

inline constexpr Duration kCallTime = std::chrono::seconds(30);

// `purpose` goes with what takes footage away; a server asks for it over TCP. Unavailable: no
// server there.
Result<std::unique_ptr<Store>> OpenRemoteStore(const ServerAddress& address,
                                               const Purpose& purpose);

}  // namespace reel::server

// EdgeStore: the store as callers have it. Passes every call on, and lets no exception back
// (engine/base/edge.h); so do the writers, cursors and exports that it hands out.
//
// Thread rule, ownership, errors: reel/store.h.
#pragma once

#include <memory>

#include "reel/store.h"

namespace reel {

std::unique_ptr<Store> NewEdgeStore(std::unique_ptr<Store> store);

}  // namespace reel

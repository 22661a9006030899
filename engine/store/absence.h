// "Why is there nothing here": the answer for one moment of one stream, and that of many at once.
//
// The cause is that of the timeline (engine/store/history.h) where no footage is known, and that of
// reading where some is, but its clean point cannot be had.
// Thread rule: from any thread. Cost: two seeks, one device read of a picture where footage is
// known, else one look at the history between the neighbours of the moment.
#pragma once

#include "engine/store/footage.h"
#include "reel/store.h"

namespace reel {

// nullopt: there is something.
Result<std::optional<Absence>> AbsenceIn(Footage& footage, StreamId stream, WallTime time);

StreamMoment MomentIn(Footage& footage, StreamId stream, WallTime time, SeekRule rule);

}  // namespace reel

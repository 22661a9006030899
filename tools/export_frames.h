// The frames of an exported file in a text file beside it: one JSON object a line.
//
//   {"format":"reel-frames","version":1,"file":...,"sha256":...,"stream":...,"tracks":[...],...}
//   {"frame":0,"track":0,"run":0,"unit":4711,"utc":"2026-01-01T12:00:00.040000000Z",...}
//   {"gap":{"begin":...,"end":...,"cause":"source-lost","units_lost":0}}
//   {"damage":"stream ... units ..."}
//
// Frames stand in the file's order, "frame" counts those of a track from 0; "pts" and "dts" are in
// the track's timescale from the file's time 0; "utc" is when what it shows was captured, give or
// take "uncertainty_us"; "shown" is false for what the edit list hides. A gap stands before the
// first frame behind it.
// Thread rule: pure function.
#pragma once

#include "tools/exporter.h"

namespace reel {

// `name` and `digest` are the exported file's. Calls `sink` with whole lines.
Status PutFrames(const VirtualMp4& file, const std::string& name, const Sha256Digest& digest,
                 const ByteSink& sink, const Interrupt& interrupt);

}  // namespace reel

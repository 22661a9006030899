// A raw H.264 or H.265 file (Annex B) as pieces of one elementary stream. The boundaries of its
// units are found by engine/media/au_splitter.h.
//
// Thread rule: one thread at a time. Errors: Unavailable if the file cannot be read.
#pragma once

#include <memory>
#include <string>

#include "engine/av/packet_reader.h"
#include "engine/av/pipe_input.h"

namespace reel {

Result<std::unique_ptr<PacketReader>> OpenElementary(const std::string& path, Codec codec);
// `pipe` outlives the reader.
std::unique_ptr<PacketReader> ElementaryOf(PipeInput& pipe, Codec codec);

}  // namespace reel

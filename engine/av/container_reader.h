// Packets of an MP4, MKV or MPEG-TS file, through libavformat as a demultiplexer only: no decoder
// and no parser of it sees a byte.
//
// Errors: those of OpenMediaFile() (source.h). Thread rule: one thread at a time.
#pragma once

#include <memory>
#include <string>

#include "engine/av/file_kind.h"
#include "engine/av/packet_reader.h"
#include "engine/av/pipe_input.h"
#include "engine/av/source.h"

namespace reel {

Result<std::unique_ptr<PacketReader>> OpenContainer(const std::string& path,
                                                    FileKind::Container container,
                                                    const SourceOptions& options);
// The same of what comes through a pipe, which outlives the reader; `name` is what errors call it.
Result<std::unique_ptr<PacketReader>> ContainerOf(PipeInput& pipe, const std::string& name,
                                                  FileKind::Container container,
                                                  const SourceOptions& options);

}  // namespace reel

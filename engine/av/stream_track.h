// What a stream of libavformat is as a track, and its packets as packets of that track.
//
// Thread rule: pure functions.
#pragma once

#include <optional>
#include <string>

#include "engine/av/av_handle.h"
#include "engine/av/packet_reader.h"

namespace reel {

// How a demuxer hands on what it finds.
struct StreamForm {
  bool pieces = false;                      // video: packets are pieces of an Annex B stream
  bool adts = false;                        // AAC: packets are pieces of a stream of ADTS frames
  PacketTimes times = PacketTimes::kGiven;  // of video
};

// nullopt: Reel does not keep it.
std::optional<Codec> KeptCodec(const AVCodecParameters& parameters);
// "track 0 (video, mjpeg)".
std::string StreamName(const AVStream& stream);
// The codec's configuration as the container holds it, valid as long as the stream.
ByteSpan ExtraData(const AVStream& stream);
PacketTrack TrackOfStream(const AVStream& stream, Codec codec, TrackId id, const StreamForm& form);
// A view of `from`, without loss_before.
Packet ViewPacket(const AVPacket& from, const AVStream& stream, size_t track);

}  // namespace reel

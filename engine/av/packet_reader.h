// What a file holds, packet by packet, before it is made into access units (unit_framer.h).
//
// Thread rule: one thread at a time. What a packet points to lives until the next Read().
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/av/decoder_config.h"
#include "reel/status.h"
#include "reel/unit.h"

namespace reel {

// How packets of a track make units.
enum class PacketFraming : uint8_t {
  kWhole,       // a packet is a unit as it is
  kNals,        // a packet is a unit of video, its NAL units framed as the decoder config says
  kElementary,  // packets are pieces of an Annex B stream
  kAdts,        // packets are pieces of a stream of ADTS frames
};

// What the file says about the times of a track's packets.
enum class PacketTimes : uint8_t {
  kGiven,    // pts and dts, with holes at most
  kPtsOnly,  // presentation order only
  kNone,     // nothing: a raw stream
};

struct PacketTrack {
  TrackInfo info;
  PacketFraming framing = PacketFraming::kWhole;
  PacketTimes times = PacketTimes::kGiven;
  DecoderConfig decoder_config;  // kNals
};

struct Packet {
  size_t track = 0;  // in tracks()
  std::optional<int64_t> pts;
  std::optional<int64_t> dts;
  ByteSpan bytes;
  uint64_t offset_bytes = 0;  // in the file
  bool loss_before = false;
  ByteSpan new_decoder_config;  // avcC or hvcC; empty: unchanged
};

class PacketReader {
 public:
  virtual ~PacketReader() = default;
  PacketReader(const PacketReader&) = delete;
  PacketReader& operator=(const PacketReader&) = delete;

  virtual const std::vector<PacketTrack>& tracks() const = 0;
  // nullopt at the end of what can be read.
  virtual Result<std::optional<Packet>> Read() = 0;
  virtual const std::vector<std::string>& notes() const = 0;

 protected:
  PacketReader() = default;
};

}  // namespace reel

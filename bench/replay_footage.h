// ReplayFootage: what a replay server sends, as RTP packets that are prepared once, whoever they go
// to: RFC 6184, single NAL units and FU-A. What differs from client to client stands in their heads
// and is made as they are sent (replay_stream.h).
//
// Thread rule: immutable once made.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bench/trace.h"

namespace reel::bench {

struct ReplayPacket {
  ByteSpan payload;                    // behind the FU head
  std::array<std::byte, 2> fu_head{};  // FU indicator and FU header
  bool is_fragment = false;            // has one
  bool ends_picture = false;           // the marker bit
  size_t fu_head_bytes() const { return is_fragment ? fu_head.size() : 0; }
};

class ReplayFootage {
 public:
  static constexpr size_t kPayloadBytes = 1400;  // at most, FU head included
  static constexpr uint32_t kTimescale = 90'000;

  // Camera `i` sends stream `i` of the trace, which outlives it.
  explicit ReplayFootage(const Trace& trace);
  // Every camera sends the H.264 of an Annex B file, 25 pictures a second, over and over. Errors:
  // the file's; InvalidArgument: it holds no picture.
  static Result<ReplayFootage> OfFile(const std::string& path);

  // Of picture `number` of a camera, counted from 0 for ever.
  const std::vector<ReplayPacket>& Packets(uint32_t camera, uint64_t number) const;

  Duration picture_time() const { return picture_time_; }
  // Over how many pictures cameras are spread, so that their key pictures do not come together.
  uint32_t spread_pictures() const { return spread_pictures_; }
  // SPS and PPS, without framing.
  const std::vector<Bytes>& parameter_sets() const { return parameter_sets_; }

 private:
  ReplayFootage() = default;
  void AddPicture(ByteSpan unit);
  void SetParameterSets(ByteSpan unit);

  const Trace* trace_ = nullptr;  // null: of a file
  std::vector<Bytes> units_;      // of the file
  std::vector<std::vector<ReplayPacket>> pictures_;
  std::vector<Bytes> parameter_sets_;
  Duration picture_time_ = std::chrono::milliseconds(40);
  uint32_t spread_pictures_ = 50;
};

// What a camera's packets begin with. A function of its number, so that who reads a recording back
// knows which picture each unit is: (pts - first) / (kTimescale * picture time).
struct ReplayNumbers {
  explicit ReplayNumbers(uint32_t camera);
  uint32_t ssrc;
  uint32_t first_timestamp;
  uint16_t first_sequence;
};

}  // namespace reel::bench

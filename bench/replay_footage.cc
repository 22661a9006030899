#include "bench/replay_footage.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>

#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "engine/media/au_splitter.h"
#include "engine/media/nal.h"
#include "engine/media/nal_types.h"
#include "engine/testing/sim_clock.h"

namespace reel::bench {
namespace {

constexpr uint8_t kFuA = 28;
constexpr std::byte kFuStart{0x80};
constexpr std::byte kFuEnd{0x40};

void Packetise(ByteSpan nal, std::vector<ReplayPacket>* packets) {
  if (nal.size() <= ReplayFootage::kPayloadBytes) {
    packets->push_back({.payload = nal});
    return;
  }
  // The NAL unit's head is in that of each fragment, not in what follows.
  const std::byte head = nal[0];
  ByteSpan rest = nal.subspan(kH264NalHeaderBytes);
  for (bool first = true; !rest.empty(); first = false) {
    const size_t size = std::min(rest.size(), ReplayFootage::kPayloadBytes - 2);
    ReplayPacket packet;
    packet.payload = rest.first(size);
    packet.is_fragment = true;
    packet.fu_head[0] = (head & std::byte{0xE0}) | std::byte{kFuA};
    packet.fu_head[1] = head & std::byte{0x1F};
    if (first) packet.fu_head[1] |= kFuStart;
    rest = rest.subspan(size);
    if (rest.empty()) packet.fu_head[1] |= kFuEnd;
    packets->push_back(packet);
  }
}

}  // namespace

ReplayFootage::ReplayFootage(const Trace& trace)
    : trace_(&trace), picture_time_(trace.UnitTime()), spread_pictures_(trace.shape().gop_units) {
  SetParameterSets(Trace::Tracks().front().config);
  for (size_t place = 0; place < trace.places(); ++place) AddPicture(trace.At(place));
}

Result<ReplayFootage> ReplayFootage::OfFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Status::FromErrno(errno, path);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  AuSplitter splitter(Codec::kH264);
  splitter.Feed(AsBytes(text));
  splitter.Finish();
  ReplayFootage footage;
  for (;;) {
    REEL_ASSIGN_OR_RETURN(std::optional<SplitUnit> unit, splitter.Next());
    if (!unit) break;
    footage.units_.push_back(std::move(unit->bytes));
  }
  if (footage.units_.empty()) return InvalidArgument(path + " holds no picture");
  for (const Bytes& unit : footage.units_) footage.AddPicture(unit);
  footage.SetParameterSets(footage.units_.front());
  return footage;
}

void ReplayFootage::AddPicture(ByteSpan unit) {
  const Result<NalList> nals = SplitNals(unit, NalFraming::kLength4);
  REEL_CHECK(nals.ok() && !nals->empty(), "a unit as it is stored");
  std::vector<ReplayPacket>& packets = pictures_.emplace_back();
  for (const ByteSpan nal : *nals) Packetise(nal, &packets);
  packets.back().ends_picture = true;
}

void ReplayFootage::SetParameterSets(ByteSpan unit) {
  const Result<NalList> nals = SplitNals(unit, NalFraming::kLength4);
  REEL_CHECK(nals.ok(), "a unit as it is stored");
  for (const ByteSpan nal : *nals) {
    const uint8_t type = H264NalType(nal);
    if (type == H264Nal::kSps || type == H264Nal::kPps)
      parameter_sets_.emplace_back(nal.begin(), nal.end());
  }
}

const std::vector<ReplayPacket>& ReplayFootage::Packets(uint32_t camera, uint64_t number) const {
  return pictures_[trace_ != nullptr ? trace_->PlaceOf(camera, number) : number % pictures_.size()];
}

ReplayNumbers::ReplayNumbers(uint32_t camera) {
  Rng rng(uint64_t{camera} << 8 | 1);
  ssrc = static_cast<uint32_t>(rng.Next());
  first_timestamp = static_cast<uint32_t>(rng.Next());
  // So that it wraps within a minute.
  first_sequence = static_cast<uint16_t>(0xFFFF - rng.Below(10'000));
}

}  // namespace reel::bench

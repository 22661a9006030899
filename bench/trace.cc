#include "bench/trace.h"

#include <algorithm>
#include <array>

#include "engine/base/check.h"
#include "engine/testing/sim_clock.h"

namespace reel::bench {
namespace {

constexpr uint32_t kTimescale = 90'000;

// A unit of one slice NAL unit; the bytes behind its header do not matter to the engine.
void Frame(MutableByteSpan unit, bool key) {
  const auto length = static_cast<uint32_t>(unit.size() - 4);
  for (size_t i = 0; i < 4; ++i) unit[i] = static_cast<std::byte>(length >> (24 - 8 * i));
  unit[4] = std::byte{key ? uint8_t{0x65} : uint8_t{0x41}};
  unit[5] = std::byte{0x88};  // first_mb_in_slice 0
}

// As encoders do: no start code, nor what one would be protected by, inside a NAL unit, and no zero
// at its end. So it stays what it is where Annex B is made of it.
void BreakStartCodes(MutableByteSpan nal) {
  for (size_t i = 2; i < nal.size(); ++i) {
    if (nal[i - 2] == std::byte{0} && nal[i - 1] == std::byte{0} && nal[i] <= std::byte{3})
      nal[i] = std::byte{0xFF};
  }
  nal.back() |= std::byte{1};
}

// Those of a real encoder, for what needs a description of the track: SPS and PPS, 64 x 48.
Bytes ParameterSets() {
  constexpr std::array<uint8_t, 37> kSets = {
      0,    0,    0,    24,   0x67, 0x64, 0x00, 0x0a, 0xac, 0xd9, 0x44, 0x7b, 0x01,
      0x10, 0x00, 0x00, 0x03, 0x00, 0x10, 0x00, 0x00, 0x03, 0x01, 0x40, 0xf1, 0x22,
      0x59, 0x60, 0,    0,    0,    5,    0x68, 0xef, 0x83, 0x9c, 0xb0};
  const auto bytes = std::as_bytes(std::span(kSets));
  return {bytes.begin(), bytes.end()};
}

}  // namespace

Trace::Trace(const TraceShape& shape) : shape_(shape) {
  REEL_CHECK(shape.gops_in_arena > 0 && shape.gop_units > 0, "there is something to hand out");
  const double gop_bytes =
      shape.bits_per_second / 8 * shape.gop_units / static_cast<double>(shape.units_per_second);
  const double other_bytes = gop_bytes / (shape.key_weight + shape.gop_units - 1);
  Rng rng(7);
  uint64_t end = 0;
  for (uint32_t gop = 0; gop < shape.gops_in_arena; ++gop) {
    for (uint32_t unit = 0; unit < shape.gop_units; ++unit) {
      const double mean = unit == 0 ? other_bytes * shape.key_weight : other_bytes;
      const double factor = 0.75 + static_cast<double>(rng.Below(501)) / 1000;
      const auto size = static_cast<uint32_t>(std::max(16.0, mean * factor));
      places_.push_back({end, size});
      end += size;
    }
  }
  mean_gop_bytes_ = end / shape.gops_in_arena;
  arena_.resize(end);
  rng.Fill(arena_);
  for (size_t i = 0; i < places_.size(); ++i) {
    const auto unit =
        MutableByteSpan(arena_).subspan(places_[i].offset_bytes, places_[i].size_bytes);
    Frame(unit, i % shape.gop_units == 0);
    BreakStartCodes(unit.subspan(4));
  }
}

UnitView Trace::Unit(uint32_t stream, uint64_t number, WallTime begin) const {
  UnitView unit;
  unit.track = TrackId{1};
  unit.flags = number % shape_.gop_units == 0 ? uint8_t{kUnitClean} : uint8_t{0};
  unit.pts = static_cast<int64_t>(number * kTimescale / shape_.units_per_second);
  unit.dts = unit.pts;
  unit.wall = begin + UnitTime() * static_cast<int64_t>(number);
  unit.bytes = At(PlaceOf(stream, number));
  return unit;
}

ByteSpan Trace::At(size_t place) const {
  return ByteSpan(arena_).subspan(places_[place].offset_bytes, places_[place].size_bytes);
}

size_t Trace::PlaceOf(uint32_t stream, uint64_t number) const {
  const uint64_t gop = number / shape_.gop_units;
  const uint64_t picked = Rng(uint64_t{stream} << 32 | gop).Below(shape_.gops_in_arena);
  return picked * shape_.gop_units + number % shape_.gop_units;
}

Duration Trace::UnitTime() const { return Duration{1'000'000'000 / shape_.units_per_second}; }

std::vector<TrackInfo> Trace::Tracks() {
  TrackInfo track;
  track.id = TrackId{1};
  track.timescale = kTimescale;
  track.width = 1920;
  track.height = 1080;
  track.config = ParameterSets();
  return {track};
}

}  // namespace reel::bench

#include "engine/av/unit_framer.h"

#include <string>
#include <utility>

#include "engine/av/packet_marks.h"
#include "engine/av/picture_order.h"
#include "engine/av/video_track.h"
#include "engine/base/check.h"
#include "engine/media/adts.h"
#include "engine/media/au_splitter.h"

namespace reel {
namespace {

// "track 0, unit 17 (in the packet at byte 4711 of the file)": what an error names.
std::string UnitName(TrackId track, uint64_t unit, uint64_t offset_bytes) {
  return "track " + std::to_string(track.value) + ", unit " + std::to_string(unit) +
         " (in the packet at byte " + std::to_string(offset_bytes) + " of the file)";
}

uint8_t LossFlag(bool loss_before) { return loss_before ? uint8_t{kUnitLossBefore} : uint8_t{0}; }

// kWhole and kNals: a packet is a unit.
class PacketFramer : public UnitFramer {
 public:
  explicit PacketFramer(TrackId track) : track_(track) {}

  void Push(const Packet& packet) override { packet_ = packet; }
  void Finish() override {}

  Result<std::optional<FramedUnit>> Pop() override {
    if (!packet_) return std::optional<FramedUnit>();
    const Packet packet = *std::exchange(packet_, std::nullopt);
    FramedUnit unit;
    const Status status = Frame(packet, &unit);
    if (!status.ok()) {
      loss_before_ = true;
      return status.WithContext(UnitName(track_, count_++, packet.offset_bytes));
    }
    if (unit.bytes.empty()) return std::optional<FramedUnit>();
    ++count_;
    unit.flags |= LossFlag(std::exchange(loss_before_, false) || packet.loss_before);
    unit.pts = packet.pts;
    unit.dts = packet.dts;
    return std::optional(std::move(unit));
  }

 protected:
  virtual Status Frame(const Packet& packet, FramedUnit* unit) {
    if (packet.bytes.size() > kMaxUnitBytes) {
      return InvalidArgument(std::to_string(packet.bytes.size()) + " bytes, limit " +
                             std::to_string(kMaxUnitBytes));
    }
    unit->bytes.assign(packet.bytes.begin(), packet.bytes.end());
    return OkStatus();
  }

 private:
  TrackId track_;
  std::optional<Packet> packet_;
  uint64_t count_ = 0;
  bool loss_before_ = false;
};

class NalFramer final : public PacketFramer {
 public:
  explicit NalFramer(const PacketTrack& track)
      : PacketFramer(track.info.id),
        framing_(track.decoder_config.framing),
        video_(track.info, track.decoder_config.parameter_sets) {}

 protected:
  Status Frame(const Packet& packet, FramedUnit* unit) override {
    if (!packet.new_decoder_config.empty()) {
      REEL_ASSIGN_OR_RETURN(const DecoderConfig config,
                            ParseDecoderConfig(video_.info().codec, packet.new_decoder_config));
      framing_ = config.framing;
      video_.Replace(config.parameter_sets);
    }
    REEL_ASSIGN_OR_RETURN(unit->bytes, ToLengthPrefixed(packet.bytes, framing_));
    if (unit->bytes.empty()) return OkStatus();
    unit->flags = UnitFlagsOf(video_.Observe(unit->bytes));
    unit->track_change = video_.TakeChange();
    return OkStatus();
  }

 private:
  NalFraming framing_;
  VideoTrack video_;
};

class ElementaryFramer final : public UnitFramer {
 public:
  ElementaryFramer(const PacketTrack& track, uint32_t frames_per_second)
      : splitter_(track.info.codec),
        video_(track.info, track.decoder_config.parameter_sets),
        default_duration_(track.info.timescale / frames_per_second) {
    if (track.times == PacketTimes::kNone) order_.emplace(track.info.codec);
  }

  void Push(const Packet& packet) override {
    marks_.Add(packet);
    splitter_.Feed(packet.bytes);
  }
  void Finish() override { splitter_.Finish(); }

  Result<std::optional<FramedUnit>> Pop() override {
    Result<std::optional<SplitUnit>> split = splitter_.Next();
    if (!split.ok()) {
      loss_before_ = true;
      return split.status().WithContext("track " + std::to_string(video_.info().id.value));
    }
    if (!*split) return std::optional<FramedUnit>();
    FramedUnit unit;
    unit.bytes = std::move((*split)->bytes);
    const PictureInfo picture = video_.Observe(unit.bytes);
    const PacketMarks::Mark mark = marks_.Take((*split)->offset_bytes);
    unit.flags = UnitFlagsOf(picture);
    unit.flags |= LossFlag(std::exchange(loss_before_, false) || mark.loss_before);
    unit.pts = mark.pts;
    unit.dts = mark.dts;
    unit.track_change = video_.TakeChange();
    if (order_) {
      unit.order = order_->Observe(unit.bytes, picture.clean,
                                   video_.frame_duration().value_or(default_duration_));
    }
    return std::optional(std::move(unit));
  }

 private:
  AuSplitter splitter_;
  VideoTrack video_;
  PacketMarks marks_;
  std::optional<PictureOrderReader> order_;
  int64_t default_duration_;
  bool loss_before_ = false;
};

class AdtsFramer final : public UnitFramer {
 public:
  explicit AdtsFramer(TrackInfo info) : info_(std::move(info)) {}

  void Push(const Packet& packet) override {
    marks_.Add(packet);
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<ptrdiff_t>(used_));
    buffer_offset_ += std::exchange(used_, 0);
    buffer_.insert(buffer_.end(), packet.bytes.begin(), packet.bytes.end());
  }
  void Finish() override { finished_ = true; }

  Result<std::optional<FramedUnit>> Pop() override {
    const ByteSpan rest = ByteSpan(buffer_).subspan(used_);
    const std::optional<AdtsHeader> header = ParseAdtsHeader(rest);
    if (header && header->frame_bytes <= rest.size()) return std::optional(TakeFrame(*header));
    const bool more_may_help = header.has_value() || rest.size() < kAdtsHeaderBytes;
    if (rest.empty() || (more_may_help && !finished_)) return std::optional<FramedUnit>();
    return SkipToHeader(rest);
  }

 private:
  FramedUnit TakeFrame(const AdtsHeader& header) {
    const ByteSpan frame = ByteSpan(buffer_).subspan(used_, header.frame_bytes);
    const PacketMarks::Mark mark = marks_.Take(buffer_offset_ + used_);
    FramedUnit unit;
    unit.bytes.assign(frame.begin(), frame.end());
    unit.flags = LossFlag(std::exchange(loss_before_, false) || mark.loss_before);
    unit.pts = mark.pts ? mark.pts : next_pts_;
    unit.dts = unit.pts;
    if (unit.pts) {
      next_pts_ = *unit.pts + int64_t{header.samples} * info_.timescale / header.sample_rate_hz;
    }
    used_ += header.frame_bytes;
    if (header.audio_specific_config != info_.config) {
      info_.config = header.audio_specific_config;
      info_.sample_rate_hz = header.sample_rate_hz;
      info_.channels = header.channels;
      unit.track_change = info_;
    }
    return unit;
  }

  Status SkipToHeader(ByteSpan rest) {
    size_t skip = 1;
    while (skip < rest.size() && rest.size() - skip >= kAdtsHeaderBytes &&
           !ParseAdtsHeader(rest.subspan(skip))) {
      ++skip;
    }
    if (finished_ && rest.size() - skip < kAdtsHeaderBytes) skip = rest.size();
    const uint64_t offset_bytes = buffer_offset_ + used_;
    used_ += skip;
    loss_before_ = true;
    return InvalidArgument("track " + std::to_string(info_.id.value) + ": " + std::to_string(skip) +
                           " bytes at offset " + std::to_string(offset_bytes) +
                           " of its stream are no AAC frame");
  }

  TrackInfo info_;
  PacketMarks marks_;
  Bytes buffer_;
  uint64_t buffer_offset_ = 0;  // of buffer_[0] in the stream
  size_t used_ = 0;             // of buffer_
  std::optional<int64_t> next_pts_;
  bool finished_ = false;
  bool loss_before_ = false;
};

}  // namespace

std::unique_ptr<UnitFramer> MakeUnitFramer(const PacketTrack& track, uint32_t frames_per_second) {
  switch (track.framing) {
    case PacketFraming::kWhole:
      return std::make_unique<PacketFramer>(track.info.id);
    case PacketFraming::kNals:
      return std::make_unique<NalFramer>(track);
    case PacketFraming::kElementary:
      return std::make_unique<ElementaryFramer>(track, frames_per_second);
    case PacketFraming::kAdts:
      return std::make_unique<AdtsFramer>(track.info);
  }
  REEL_CHECK(false, "no such framing");
}

}  // namespace reel

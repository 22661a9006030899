#include "engine/av/mp4_track.h"

#include <limits>
#include <string>
#include <utility>

#include "engine/media/adts.h"
#include "engine/media/decoder_record.h"
#include "engine/media/nal.h"
#include "engine/media/nal_types.h"

namespace reel {
namespace {

constexpr uint32_t kDefaultFramesPerSecond = 25;

std::string Name(const TrackInfo& info) { return "track " + std::to_string(info.id.value); }

bool IsDelimiter(Codec codec, ByteSpan nal) {
  return codec == Codec::kH264 ? H264NalType(nal) == H264Nal::kAud
                               : H265NalType(nal) == H265Nal::kAud;
}

// No raw AAC frame begins with the twelve ones of an ADTS header: that would be the end of a frame.
Result<ByteSpan> WithoutAdts(ByteSpan unit) {
  const bool has_sync = unit.size() >= 2 && unit[0] == std::byte{0xFF} &&
                        (unit[1] & std::byte{0xF0}) == std::byte{0xF0};
  if (!has_sync) return unit;
  const std::optional<AdtsHeader> header = ParseAdtsHeader(unit);
  if (!header || header->frame_bytes != unit.size()) return InvalidArgument("not one AAC frame");
  return unit.subspan(header->header_bytes);
}

}  // namespace

std::optional<std::string> Mp4Track::WhyNot(const TrackInfo& info) {
  if (info.kind == TrackKind::kData) return "MP4 has no place for it";
  return std::nullopt;
}

Result<Mp4Stream> Mp4Track::Describe(const TrackInfo& info) {
  Mp4Stream stream{info, info.config};
  if (info.kind == TrackKind::kVideo) {
    Result<Bytes> config = BuildDecoderRecord(info.codec, info.config);
    if (!config.ok()) {
      return FailedPrecondition(Name(info) +
                                " cannot be written as MP4, which needs its parameter " + "sets (" +
                                config.status().message() + "); export it as a raw stream instead");
    }
    stream.decoder_config = *std::move(config);
  } else if (info.config.empty() && (info.codec == Codec::kAac || info.codec == Codec::kOpus)) {
    return FailedPrecondition(Name(info) + " cannot be written as MP4: its codec configuration " +
                              "is not known");
  }
  return stream;
}

Mp4Track::Mp4Track(const TrackInfo& info, WallTime start)
    : kind_(info.kind),
      codec_(info.codec),
      clock_(info.timescale, start),
      default_step_(info.timescale / kDefaultFramesPerSecond) {
  if (kind_ != TrackKind::kVideo) return;
  in_force_.emplace(codec_);
  last_config_ = info.config;
  const Result<NalList> sets = SplitNals(info.config, NalFraming::kLength4);
  if (sets.ok()) (void)in_force_->Observe(*sets);
}

Status Mp4Track::CheckUnit(const TrackInfo& info, ByteSpan unit) {
  Status status;
  if (info.kind == TrackKind::kVideo) {
    status = SplitNals(unit, NalFraming::kLength4).status();
  } else if (info.codec == Codec::kAac) {
    status = WithoutAdts(unit).status();
  }
  if (unit.empty() || unit.size() > kMaxUnitBytes) {
    status = InvalidArgument("unit of " + std::to_string(unit.size()) + " bytes");
  }
  return status.ok() ? status : status.WithContext(Name(info));
}

Result<Mp4Sample> Mp4Track::MakeSample(const UnitView& unit, const TrackInfo& info) {
  Mp4Sample sample;
  sample.bytes = unit.bytes;
  if (kind_ == TrackKind::kVideo) {
    REEL_ASSIGN_OR_RETURN(sample.bytes, VideoBytes(unit.bytes, info));
    sample.is_key = (unit.flags & kUnitClean) != 0 && (unit.flags & kUnitIntraRefresh) == 0;
  } else {
    sample.is_key = true;
    if (codec_ == Codec::kAac) {
      REEL_ASSIGN_OR_RETURN(sample.bytes, WithoutAdts(unit.bytes));
    }
  }
  const ExportClock::Times times = clock_.Place(unit);
  sample.pts = times.pts;
  sample.dts = times.dts;
  sample.duration = clock_.last_step() > 0 ? clock_.last_step() : default_step_;
  return sample;
}

// A decoder of the file has the parameter sets of its header and of the units before. Where `info`
// says that others hold and the unit does not bring them, they are put into it.
Result<ByteSpan> Mp4Track::VideoBytes(ByteSpan unit, const TrackInfo& info) {
  REEL_ASSIGN_OR_RETURN(const NalList nals, SplitNals(unit, NalFraming::kLength4));
  const uint64_t generation = in_force_->generation();
  (void)in_force_->Observe(nals);
  in_band_ = in_band_ || in_force_->generation() != generation;
  if (info.config == last_config_) return unit;
  last_config_ = info.config;
  const Result<NalList> sets = SplitNals(info.config, NalFraming::kLength4);
  if (!sets.ok()) return unit;
  const uint64_t generation_of_unit = in_force_->generation();
  (void)in_force_->Observe(*sets);
  if (in_force_->generation() == generation_of_unit) return unit;
  in_band_ = true;
  rebuilt_.clear();
  size_t used = 0;
  if (!nals.empty() && IsDelimiter(codec_, nals[0])) used = kStoredLengthBytes + nals[0].size();
  rebuilt_.insert(rebuilt_.end(), unit.begin(), unit.begin() + static_cast<ptrdiff_t>(used));
  rebuilt_.insert(rebuilt_.end(), info.config.begin(), info.config.end());
  rebuilt_.insert(rebuilt_.end(), unit.begin() + static_cast<ptrdiff_t>(used), unit.end());
  return ByteSpan(rebuilt_);
}

}  // namespace reel

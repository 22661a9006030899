#include "engine/media/parameter_set_tracker.h"

#include <string>

#include "engine/base/check.h"
#include "engine/media/field_reader.h"
#include "engine/media/nal.h"
#include "engine/media/nal_types.h"
#include "engine/media/parameter_sets.h"

namespace reel {
namespace {

enum Rank { kVps = 0, kSps = 1, kPps = 2 };

// Only as much is read as the id takes: sets that Reel cannot read in full may still decode.
Result<uint32_t> IdOf(Codec codec, Rank rank, ByteSpan nal) {
  if (codec == Codec::kH265 && rank == kSps) return ParseH265SpsId(nal);
  const size_t header = codec == Codec::kH264 ? kH264NalHeaderBytes : kH265NalHeaderBytes;
  FieldReader in(NalPayload(nal, header), "parameter set");
  uint32_t id = 0;
  if (rank == kVps) {
    id = in.Bits(4);
  } else if (rank == kSps) {
    in.Skip(8 + 8 + 8);  // profile_idc, constraint flags, level_idc
    id = in.Ue("seq_parameter_set_id", kH264SpsIds - 1);
  } else {
    id = in.Ue("pic_parameter_set_id", codec == Codec::kH264 ? kH264PpsIds - 1 : kH265PpsIds - 1);
  }
  REEL_RETURN_IF_ERROR(in.status());
  return id;
}

std::optional<Rank> RankOf(Codec codec, ByteSpan nal) {
  if (codec == Codec::kH264) {
    if (H264NalType(nal) == H264Nal::kSps) return kSps;
    if (H264NalType(nal) == H264Nal::kPps) return kPps;
    return std::nullopt;
  }
  if (!H265IsBaseLayer(nal)) return std::nullopt;
  if (H265NalType(nal) == H265Nal::kVps) return kVps;
  if (H265NalType(nal) == H265Nal::kSps) return kSps;
  if (H265NalType(nal) == H265Nal::kPps) return kPps;
  return std::nullopt;
}

}  // namespace

ParameterSetTracker::ParameterSetTracker(Codec codec) : codec_(codec) {
  REEL_CHECK(codec == Codec::kH264 || codec == Codec::kH265, "not a codec with NAL units");
}

Status ParameterSetTracker::Observe(std::span<const ByteSpan> nals) {
  Status first_error;
  bool any = false;
  for (ByteSpan nal : nals) {
    const std::optional<Rank> rank = RankOf(codec_, nal);
    if (!rank) continue;
    any = true;
    const Result<uint32_t> id = IdOf(codec_, *rank, nal);
    Status status = id.ok() ? Put({*rank, *id}, nal) : id.status();
    if (first_error.ok()) first_error = std::move(status);
  }
  if (any) Rebuild();
  return first_error;
}

Status ParameterSetTracker::Put(Key key, ByteSpan nal) {
  const auto old = sets_.find(key);
  const size_t freed = old == sets_.end() ? 0 : kStoredLengthBytes + old->second.size();
  const size_t bytes = sets_bytes_ - freed + kStoredLengthBytes + nal.size();
  if (bytes > kMaxTrackConfigBytes) {
    return InvalidArgument("parameter sets of " + std::to_string(bytes) + " bytes, limit " +
                           std::to_string(kMaxTrackConfigBytes));
  }
  sets_bytes_ = bytes;
  sets_.insert_or_assign(key, Bytes(nal.begin(), nal.end()));
  return OkStatus();
}

void ParameterSetTracker::Rebuild() {
  Bytes config;
  config.reserve(sets_bytes_);
  for (const auto& [key, nal] : sets_) AppendLengthPrefixed(nal, &config);
  if (config == config_) return;
  config_ = std::move(config);
  ++generation_;
}

bool ParameterSetTracker::complete() const {
  const auto has = [this](Rank rank) {
    const auto at = sets_.lower_bound({rank, 0});
    return at != sets_.end() && at->first.first == rank;
  };
  return has(kSps) && has(kPps) && (codec_ == Codec::kH264 || has(kVps));
}

}  // namespace reel

#include "engine/media/nal.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "engine/base/check.h"

namespace reel {
namespace {

constexpr size_t kStartCodeBytes = 3;

std::string At(size_t offset_bytes) { return " at offset " + std::to_string(offset_bytes); }

size_t LengthBytes(NalFraming framing) {
  switch (framing) {
    case NalFraming::kLength1:
      return 1;
    case NalFraming::kLength2:
      return 2;
    case NalFraming::kLength4:
      return 4;
    case NalFraming::kAnnexB:
      break;
  }
  REEL_CHECK(false, "Annex B has no length field");
  return 0;
}

Status Add(ByteSpan nal, size_t offset_bytes, NalList* nals) {
  if (nals->size() == kMaxNalsPerUnit) {
    return InvalidArgument("over " + std::to_string(kMaxNalsPerUnit) + " NAL units in one unit" +
                           At(offset_bytes));
  }
  nals->push_back(nal);
  return OkStatus();
}

Result<NalList> SplitAnnexB(ByteSpan unit) {
  NalList nals;
  std::optional<size_t> code = FindStartCode(unit, 0);
  const size_t lead_bytes = code.value_or(unit.size());
  const auto junk = std::find_if(unit.begin(), unit.begin() + static_cast<ptrdiff_t>(lead_bytes),
                                 [](std::byte b) { return b != std::byte{0}; });
  const auto junk_at = static_cast<size_t>(junk - unit.begin());
  if (junk_at != lead_bytes) return InvalidArgument("no start code before the byte" + At(junk_at));
  while (code) {
    const size_t begin = *code + kStartCodeBytes;
    code = FindStartCode(unit, begin);
    const ByteSpan nal = TrimTrailingZeros(unit.subspan(begin, code.value_or(unit.size()) - begin));
    if (!nal.empty()) REEL_RETURN_IF_ERROR(Add(nal, begin, &nals));
  }
  return nals;
}

Result<NalList> SplitLengthPrefixed(ByteSpan unit, size_t length_bytes) {
  NalList nals;
  size_t at = 0;
  while (at < unit.size()) {
    if (unit.size() - at < length_bytes) return InvalidArgument("NAL length cut off" + At(at));
    size_t size = 0;
    for (size_t i = 0; i < length_bytes; ++i)
      size = size << 8 | std::to_integer<size_t>(unit[at + i]);
    if (size == 0) return InvalidArgument("empty NAL unit" + At(at));
    if (size > unit.size() - at - length_bytes) {
      return InvalidArgument("NAL length " + std::to_string(size) + " runs past the unit" + At(at));
    }
    REEL_RETURN_IF_ERROR(Add(unit.subspan(at + length_bytes, size), at, &nals));
    at += length_bytes + size;
  }
  return nals;
}

Status CheckUnitBytes(size_t size_bytes) {
  if (size_bytes <= kMaxUnitBytes) return OkStatus();
  return InvalidArgument("unit of " + std::to_string(size_bytes) + " bytes, limit " +
                         std::to_string(kMaxUnitBytes));
}

}  // namespace

Result<NalList> SplitNals(ByteSpan unit, NalFraming framing) {
  REEL_RETURN_IF_ERROR(CheckUnitBytes(unit.size()));
  if (framing == NalFraming::kAnnexB) return SplitAnnexB(unit);
  return SplitLengthPrefixed(unit, LengthBytes(framing));
}

Result<Bytes> ToLengthPrefixed(ByteSpan unit, NalFraming from) {
  REEL_ASSIGN_OR_RETURN(const NalList nals, SplitNals(unit, from));
  size_t size_bytes = 0;
  for (ByteSpan nal : nals) size_bytes += kStoredLengthBytes + nal.size();
  REEL_RETURN_IF_ERROR(CheckUnitBytes(size_bytes));
  Bytes out;
  out.reserve(size_bytes);
  for (ByteSpan nal : nals) AppendLengthPrefixed(nal, &out);
  return out;
}

Result<Bytes> ToAnnexB(ByteSpan stored_unit) {
  REEL_ASSIGN_OR_RETURN(const NalList nals, SplitNals(stored_unit, NalFraming::kLength4));
  constexpr std::byte kStartCode[] = {std::byte{0}, std::byte{0}, std::byte{0}, std::byte{1}};
  Bytes out;
  out.reserve(stored_unit.size());
  for (ByteSpan nal : nals) {
    out.insert(out.end(), std::begin(kStartCode), std::end(kStartCode));
    out.insert(out.end(), nal.begin(), nal.end());
  }
  return out;
}

void AppendLengthPrefixed(ByteSpan nal, Bytes* out) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    out->push_back(static_cast<std::byte>(nal.size() >> shift & 0xFF));
  }
  out->insert(out->end(), nal.begin(), nal.end());
}

std::optional<size_t> FindStartCode(ByteSpan bytes, size_t from) {
  // memchr for the 01 is several times faster than a byte loop on coded video.
  size_t one = from + 2;
  while (one < bytes.size()) {
    const void* hit = std::memchr(bytes.data() + one, 1, bytes.size() - one);
    if (hit == nullptr) return std::nullopt;
    one = static_cast<size_t>(static_cast<const std::byte*>(hit) - bytes.data());
    if (bytes[one - 1] == std::byte{0} && bytes[one - 2] == std::byte{0}) return one - 2;
    ++one;
  }
  return std::nullopt;
}

ByteSpan TrimTrailingZeros(ByteSpan nal) {
  while (!nal.empty() && nal.back() == std::byte{0}) nal = nal.first(nal.size() - 1);
  return nal;
}

}  // namespace reel

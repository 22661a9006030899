// NAL units of one access unit of H.264 or H.265: walking them and converting between framings.
//
// Framings: Annex B puts a start code (00 00 01) before each NAL unit; MP4 and Reel's own format
// put its length there, big endian. Reel stores 4-byte lengths (reel/unit.h). The bytes of a NAL
// unit are never altered: emulation prevention stays, and nothing inside a length-prefixed NAL unit
// is ever re-split, since some cameras' SEI lack emulation prevention.
//
// Bounds: an access unit has at most kMaxUnitBytes bytes and kMaxNalsPerUnit NAL units. Whatever
// breaks a rule here is InvalidArgument naming the byte offset in the unit.
// Thread rule: pure functions. Returned spans point into the caller's bytes.
// Sources: ITU-T H.264 and H.265 Annex B; ISO/IEC 14496-15 (NALUnitLength).
#pragma once

#include <optional>
#include <vector>

#include "reel/status.h"
#include "reel/types.h"
#include "reel/unit.h"

namespace reel {

inline constexpr size_t kMaxNalsPerUnit = 4096;
inline constexpr size_t kStoredLengthBytes = 4;

enum class NalFraming : uint8_t { kAnnexB, kLength1, kLength2, kLength4 };

using NalList = std::vector<ByteSpan>;

// The NAL units of `unit` in order, none of them empty; an empty unit has none. In Annex B, zero
// bytes before a start code belong to no NAL unit (a NAL unit never ends with 00), and any other
// byte before the first start code is an error.
Result<NalList> SplitNals(ByteSpan unit, NalFraming framing);

// The unit as Reel stores it: each NAL unit behind a 4-byte length.
Result<Bytes> ToLengthPrefixed(ByteSpan unit, NalFraming from);

// A stored unit with 4-byte start codes instead of lengths. Annex B cannot carry everything: a NAL
// unit that holds a start code itself (see above) reads back as several, and zero bytes at the end
// of one (some cameras count them in) are lost.
Result<Bytes> ToAnnexB(ByteSpan stored_unit);

// Appends `nal` behind its 4-byte length.
void AppendLengthPrefixed(ByteSpan nal, Bytes* out);

// Position of the next 00 00 01 at or after `from`; nullopt if there is none.
std::optional<size_t> FindStartCode(ByteSpan bytes, size_t from);

// `nal` without zero bytes at its end.
ByteSpan TrimTrailingZeros(ByteSpan nal);

}  // namespace reel

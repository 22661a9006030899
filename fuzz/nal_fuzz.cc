// NAL framing: any bytes, in the framing the first byte names. What splits must come back the same
// through every conversion.
#include "engine/base/check.h"
#include "engine/media/nal.h"

namespace {

using reel::Bytes;
using reel::ByteSpan;
using reel::NalFraming;
using reel::NalList;
using reel::Result;

bool SameNals(const NalList& a, const NalList& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (!std::equal(a[i].begin(), a[i].end(), b[i].begin(), b[i].end())) return false;
  }
  return true;
}

// Annex B can say this NAL unit as one.
bool FitsAnnexB(ByteSpan nal) {
  return !reel::FindStartCode(nal, 0) && reel::TrimTrailingZeros(nal).size() == nal.size();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const auto framing = static_cast<NalFraming>(data[0] % 4);
  const ByteSpan unit = std::as_bytes(std::span(data + 1, size - 1));
  const Result<NalList> nals = reel::SplitNals(unit, framing);
  if (!nals.ok()) return 0;
  bool fits_annex_b = true;
  for (ByteSpan nal : *nals) {
    REEL_CHECK(!nal.empty(), "no NAL unit is empty");
    REEL_CHECK(nal.data() > unit.data() && nal.data() + nal.size() <= unit.data() + unit.size(),
               "a NAL unit lies in its unit");
    fits_annex_b = fits_annex_b && FitsAnnexB(nal);
  }
  const Result<Bytes> stored = reel::ToLengthPrefixed(unit, framing);
  REEL_CHECK(stored.ok(), "what splits can be stored");
  const Result<NalList> stored_nals = reel::SplitNals(*stored, NalFraming::kLength4);
  REEL_CHECK(stored_nals.ok() && SameNals(*stored_nals, *nals), "storing alters no NAL unit");
  const Result<Bytes> annex_b = reel::ToAnnexB(*stored);
  REEL_CHECK(annex_b.ok(), "what is stored can be given as Annex B");
  const Result<NalList> back = reel::SplitNals(*annex_b, NalFraming::kAnnexB);
  REEL_CHECK(back.ok(), "Annex B as written can be read");
  REEL_CHECK(!fits_annex_b || SameNals(*back, *nals), "Annex B alters no NAL unit that fits it");
  return 0;
}

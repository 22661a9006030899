// Track descriptions: what decodes can be written again and says the same.
#include "engine/format/track_config.h"

#include "fuzz/format_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto tracks = reel::format::DecodeTracks(reel::FuzzBytes(data, size));
  if (!tracks.ok()) return 0;
  const auto bytes = reel::format::EncodeTracks(*tracks);
  REEL_CHECK(bytes.ok(), "what was read can be written");
  const auto again = reel::format::DecodeTracks(*bytes);
  REEL_CHECK(again.ok() && *again == *tracks, "the tracks survive");
  return 0;
}

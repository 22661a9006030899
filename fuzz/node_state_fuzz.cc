// The node file: what decodes can be written again and says the same.
#include "engine/format/node_state.h"

#include <algorithm>

#include "engine/base/bytes.h"
#include "engine/base/digest.h"
#include "fuzz/format_fuzz.h"

namespace {

void Take(reel::ByteSpan bytes) {
  const auto state = reel::format::DecodeNodeState(bytes);
  if (!state.ok()) return;
  reel::Bytes slot(reel::format::kNodeSlotBytes);
  REEL_CHECK(reel::format::EncodeNodeState(*state, slot).ok(), "what was read can be written");
  const auto again = reel::format::DecodeNodeState(slot);
  REEL_CHECK(again.ok() && *again == *state, "the state survives");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  reel::Bytes bytes = reel::FuzzBytes(data, size);
  Take(bytes);
  if (bytes.size() < 16) return 0;
  const auto body_bytes =
      std::min<size_t>(reel::LoadLe<uint32_t>(bytes.data() + 8), bytes.size() - 16);
  reel::StoreLe(bytes.data() + 8, static_cast<uint32_t>(body_bytes));
  const reel::ByteSpan span = bytes;
  reel::StoreLe(bytes.data() + 12,
                reel::Crc32c(span.subspan(16, body_bytes), reel::Crc32c(span.first(12))));
  Take(bytes);
  return 0;
}

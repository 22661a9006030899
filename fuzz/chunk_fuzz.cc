// Chunks: what decodes can be verified and taken apart in bounds, and its row fits a footer.
#include "engine/format/chunk.h"

#include <algorithm>

#include "engine/base/bytes.h"
#include "engine/format/footer.h"
#include "fuzz/format_fuzz.h"

namespace {

using namespace reel;          // NOLINT(google-build-using-namespace)
using namespace reel::format;  // NOLINT(google-build-using-namespace)

constexpr size_t kPaddedBytesMax = 64U << 10;  // larger chunks are left cut off: memory, time

void Take(Bytes bytes) {
  const uint64_t offset = bytes.size() >= kContentOffset ? Load<ChunkPlace>(bytes).offset_bytes : 0;
  const Result<ChunkHead> head = DecodeChunkHead(bytes, FuzzUid(), offset);
  if (!head.ok()) return;
  REEL_CHECK(head->units.size() == head->content.unit_count, "every unit has its entry");
  REEL_CHECK(head->config.size() == head->content.config_bytes, "the config is whole");
  if (head->place.chunk_bytes <= kPaddedBytesMax) bytes.resize(head->place.chunk_bytes);
  const bool whole = VerifyChunk(*head, bytes).ok();
  for (size_t i = 0; i < head->units.size(); ++i) {
    const Result<ByteSpan> unit = VerifiedUnit(*head, bytes, i);
    REEL_CHECK(!whole || unit.ok() || head->content.key_id != 0,
               "units of a whole chunk are whole");
    REEL_CHECK(!unit.ok() || unit->size() == head->units[i].size_bytes, "a unit is whole");
  }
  if (whole) ContentIdOf(*head, bytes);
  DirectoryEncoder directory;
  directory.Append(RowOf(*head));
  FooterHead footer_head;
  footer_head.uid = FuzzUid();
  const Result<Footer> footer =
      DecodeFooter(directory.Encode(footer_head, std::vector<ContentId>(1)), FuzzUid());
  REEL_CHECK(footer.ok() && footer->rows.front() == RowOf(*head), "the row of a chunk survives");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Bytes bytes = FuzzBytes(data, size);
  PeekHeadBytes(bytes, FuzzUid());
  Take(bytes);
  if (bytes.size() < kTableOffset) return 0;
  auto place = Load<ChunkPlace>(bytes);
  place.magic = kChunkMagic;
  place.segment_uid = FuzzUid();
  Store(place, bytes.data());
  const uint32_t head_bytes = PeekHeadBytes(bytes, FuzzUid());
  if (head_bytes == 0 || head_bytes > bytes.size()) return 0;
  SealHead(bytes.data(), head_bytes, FuzzUid());
  Take(std::move(bytes));
  return 0;
}

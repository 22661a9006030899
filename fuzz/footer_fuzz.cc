// Footers: what decodes has as many rows as it says, and they survive being written again.
#include "engine/format/footer.h"

#include "engine/base/bytes.h"
#include "engine/base/digest.h"
#include "fuzz/format_fuzz.h"

namespace {

using namespace reel;          // NOLINT(google-build-using-namespace)
using namespace reel::format;  // NOLINT(google-build-using-namespace)

void Take(ByteSpan bytes) {
  const Result<Footer> footer = DecodeFooter(bytes, FuzzUid());
  if (!footer.ok()) return;
  REEL_CHECK(footer->rows.size() == footer->head.chunk_count, "a row per chunk");
  REEL_CHECK(footer->content_ids.size() == footer->head.chunk_count, "a content id per chunk");
  DirectoryEncoder directory;
  for (const ChunkRow& row : footer->rows) directory.Append(row);
  const Result<Footer> again =
      DecodeFooter(directory.Encode(footer->head, footer->content_ids), FuzzUid());
  REEL_CHECK(again.ok() && again->rows == footer->rows, "rows survive");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Bytes bytes = FuzzBytes(data, size);
  Take(bytes);
  if (bytes.size() < sizeof(FooterHead)) return 0;
  auto head = Load<FooterHead>(bytes);
  const ByteSpan directory = ByteSpan(bytes).subspan(sizeof head);
  head.magic = kFooterMagic;
  head.uid = FuzzUid();
  head.directory_bytes = static_cast<uint32_t>(directory.size());
  head.directory_crc32c = Crc32c(directory, SeedOf(FuzzUid()));
  Store(head, bytes.data());
  constexpr size_t kCrcAt = offsetof(FooterHead, crc32c);
  StoreLe(bytes.data() + kCrcAt, Crc32c(ByteSpan(bytes).first(kCrcAt), SeedOf(FuzzUid())));
  Take(bytes);
  return 0;
}

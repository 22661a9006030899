// Salvage over arbitrary bytes of a small segment. Each row it gives stands within the data area
// and apart from the others, and the footer made of them can be read back. Tried as it is and with
// the checksums of what stands at block starts made to fit, since a hostile disk can compute them
// as well as we.
#include "engine/segment/salvage.h"

#include <algorithm>

#include "engine/base/bytes.h"
#include "engine/base/digest.h"
#include "engine/segment/geometry.h"
#include "fuzz/format_fuzz.h"

namespace {

using namespace reel;          // NOLINT(google-build-using-namespace)
using namespace reel::format;  // NOLINT(google-build-using-namespace)

constexpr uint64_t kSegmentBytes = 64U << 10;

class MemoryFile : public File {
 public:
  explicit MemoryFile(const Bytes& bytes) : bytes_(bytes) {}
  uint64_t size_bytes() const override { return bytes_.size(); }
  Result<size_t> Read(uint64_t offset_bytes, MutableByteSpan into) override {
    if (offset_bytes >= bytes_.size()) return size_t{0};
    const size_t count = std::min<size_t>(into.size(), bytes_.size() - offset_bytes);
    std::copy_n(bytes_.begin() + static_cast<ptrdiff_t>(offset_bytes), count, into.begin());
    return count;
  }
  Result<size_t> Write(uint64_t, ByteSpan) override { return Unavailable("read only"); }
  Status Sync() override { return OkStatus(); }

 private:
  const Bytes& bytes_;
};

SegmentHeader Life() {
  SegmentHeader header;
  header.state = LifeState::kInUse;
  header.uid = FuzzUid();
  header.segment_bytes = kSegmentBytes;
  header.granule_bytes = kBlockBytes;
  header.footer_offset_bytes = SegmentGeometry{kSegmentBytes, kBlockBytes}.footer_offset_bytes();
  header.epoch = {1};
  return header;
}

void Take(const Bytes& segment) {
  const SegmentHeader header = Life();
  MemoryFile file(segment);
  const Result<SalvageReport> report = Salvage(file, header, {});
  REEL_CHECK(report.ok(), "a whole file is salvaged");
  REEL_CHECK(report->rows.size() == report->content_ids.size(), "a content id per row");
  DirectoryEncoder directory;
  std::vector<std::pair<uint64_t, uint64_t>> ranges;
  for (const ChunkRow& row : report->rows) {
    directory.Append(row);
    ranges.emplace_back(row.offset_bytes, row.offset_bytes + row.chunk_bytes);
  }
  std::sort(ranges.begin(), ranges.end());
  uint64_t at = 2 * uint64_t{kBlockBytes};
  for (const auto& [begin, end] : ranges) {
    REEL_CHECK(begin >= at && end <= header.footer_offset_bytes, "chunks stand apart");
    at = end;
  }
  FooterHead head;
  head.uid = header.uid;
  const Bytes footer = directory.Encode(head, report->content_ids);
  const Result<Footer> again = DecodeFooter(footer, header.uid);
  REEL_CHECK(again.ok() && again->rows == report->rows, "the footer can be read back");
}

// Makes the chunk head that may begin at `chunk` valid, as far as its lengths allow.
void Fit(MutableByteSpan chunk, uint64_t offset_bytes) {
  auto place = Load<ChunkPlace>(chunk);
  place.magic = kChunkMagic;
  place.version = kFormatVersion;
  place.segment_uid = FuzzUid();
  place.epoch = {1};
  place.offset_bytes = offset_bytes;
  if (place.head_bytes < kTableOffset || place.head_bytes > chunk.size()) return;
  Store(place, chunk.data());
  const auto content = Load<ContentHead>(ByteSpan(chunk).subspan(kContentOffset));
  uint64_t at = uint64_t{kContentOffset} + content.payload_offset_bytes;
  for (uint32_t i = 0; i < content.unit_count; ++i) {
    const uint64_t entry_at = kTableOffset + uint64_t{i} * sizeof(UnitEntry);
    if (entry_at + sizeof(UnitEntry) > place.head_bytes) break;
    auto unit = Load<UnitEntry>(ByteSpan(chunk).subspan(entry_at));
    if (at + unit.size_bytes > chunk.size()) break;
    unit.crc32c = Crc32c(ByteSpan(chunk).subspan(at, unit.size_bytes));
    Store(unit, chunk.data() + entry_at);
    at += unit.size_bytes;
  }
  SealHead(chunk.data(), place.head_bytes, FuzzUid());
}

}  // namespace

// The input is the data area from its first block on.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Bytes segment(kSegmentBytes);
  const Bytes input = FuzzBytes(data, std::min<size_t>(size, kSegmentBytes - 2 * kBlockBytes));
  std::copy(input.begin(), input.end(), segment.begin() + 2 * kBlockBytes);
  Take(segment);
  for (uint64_t at = 2 * kBlockBytes; at < 2 * kBlockBytes + input.size(); at += kBlockBytes) {
    const auto magic = LoadLe<uint32_t>(segment.data() + at);
    if (magic == kChunkMagic) Fit(MutableByteSpan(segment).subspan(at), at);
  }
  Take(segment);
  return 0;
}

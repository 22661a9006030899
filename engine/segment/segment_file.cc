#include "engine/segment/segment_file.h"

#include <algorithm>

#include "engine/base/aligned.h"
#include "engine/base/check.h"
#include "engine/io/transfer.h"
#include "engine/segment/file_window.h"

namespace reel {
namespace {

using format::DecodeSegmentHeader;
using format::kBlockBytes;
using format::SegmentHeader;

bool IsZero(ByteSpan bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

// Both copies of block 0 in one read, where they are not further apart than this.
constexpr uint32_t kCopiesApartBytes = 64U << 10;
// A footer is read whole at once up to this: a seek costs more than what is read in vain.
constexpr uint64_t kFooterReadBytes = 256U << 10;

FileWindow CopiesOf(File& file, uint32_t granule_bytes) {
  const uint64_t both = granule_bytes + kBlockBytes;
  return {file, both, granule_bytes <= kCopiesApartBytes ? both : kBlockBytes};
}

// What one copy of block 0 says; nullopt if it is none that can be verified.
Result<std::optional<SegmentHeader>> ReadCopy(FileWindow& copies, uint64_t offset_bytes,
                                              bool* is_zero) {
  REEL_ASSIGN_OR_RETURN(const ByteSpan block, copies.At(offset_bytes, kBlockBytes));
  const Result<SegmentHeader> header = DecodeSegmentHeader(block);
  if (header.ok()) return std::optional(*header);
  if (header.status().code() == Code::kFailedPrecondition) return header.status();
  *is_zero = *is_zero || IsZero(block);
  return std::optional<SegmentHeader>{};
}

// The copy that may be lost: not the one that rules. What cannot be read does not.
uint64_t CopyToWriteFirst(File& file, uint32_t granule_bytes) {
  bool is_zero = false;
  FileWindow copies = CopiesOf(file, granule_bytes);
  const auto a = ReadCopy(copies, 0, &is_zero);
  const auto b = ReadCopy(copies, granule_bytes, &is_zero);
  const bool a_known = a.ok() && a->has_value();
  const bool b_known = b.ok() && b->has_value();
  const bool a_rules = a_known && (!b_known || (*a)->generation > (*b)->generation);
  return a_rules ? granule_bytes : 0;
}

}  // namespace

Result<LifeReading> ReadLife(File& file, uint32_t granule_bytes) {
  LifeReading reading;
  bool any_zero = false;
  Status unreadable;
  FileWindow copies = CopiesOf(file, granule_bytes);
  for (const uint64_t offset : {uint64_t{0}, uint64_t{granule_bytes}}) {
    const Result<std::optional<SegmentHeader>> copy = ReadCopy(copies, offset, &any_zero);
    if (!copy.ok()) {
      if (copy.status().code() == Code::kFailedPrecondition) return copy.status();
      unreadable = copy.status();
      continue;
    }
    if (!copy->has_value()) continue;
    const bool rules = reading.kind != LifeReading::Kind::kKnown ||
                       (*copy)->generation > reading.header.generation;
    reading.kind = LifeReading::Kind::kKnown;
    if (rules) reading.header = **copy;
  }
  // By S1 a zero copy beside an unreadable one is a first writing cut short.
  if (reading.kind == LifeReading::Kind::kKnown) return reading;
  REEL_RETURN_IF_ERROR(unreadable);
  if (!any_zero) reading.kind = LifeReading::Kind::kDamaged;
  return reading;
}

Status WriteLife(File& file, const SegmentHeader& header, std::optional<uint64_t>* in_doubt) {
  AlignedBytes block(kBlockBytes);
  EncodeSegmentHeader(header, std::span<std::byte, kBlockBytes>(block.data(), kBlockBytes));
  const uint64_t first = *in_doubt ? **in_doubt : CopyToWriteFirst(file, header.granule_bytes);
  for (const uint64_t offset : {first, uint64_t{header.granule_bytes} - first}) {
    *in_doubt = offset;
    REEL_RETURN_IF_ERROR(WriteFully(file, offset, block.span()));
    REEL_RETURN_IF_ERROR(file.Sync());
  }
  in_doubt->reset();
  return OkStatus();
}

Result<std::optional<format::Footer>> ReadFooter(File& file, const SegmentHeader& header) {
  const uint64_t room = header.segment_bytes - header.footer_offset_bytes;
  FileWindow window(file, header.segment_bytes, std::min(room, kFooterReadBytes));
  REEL_ASSIGN_OR_RETURN(const ByteSpan start, window.At(header.footer_offset_bytes, kBlockBytes));
  const Result<format::FooterHead> head = format::DecodeFooterHead(start, header.uid);
  if (!head.ok()) {
    if (head.status().code() == Code::kFailedPrecondition) return head.status();
    return std::optional<format::Footer>{};
  }
  const uint64_t size = sizeof(format::FooterHead) + head->directory_bytes;
  if (size > room) return std::optional<format::Footer>{};
  REEL_ASSIGN_OR_RETURN(const ByteSpan whole,
                        window.At(header.footer_offset_bytes, RoundUp(size, kBlockBytes)));
  Result<format::Footer> footer = format::DecodeFooter(whole, header.uid);
  if (!footer.ok()) return std::optional<format::Footer>{};
  return std::optional<format::Footer>(std::move(*footer));
}

Status WriteFooter(File& file, const SegmentHeader& header, ByteSpan footer) {
  AlignedBytes padded(static_cast<size_t>(RoundUp(footer.size(), header.granule_bytes)));
  REEL_CHECK(header.footer_offset_bytes + padded.size() <= header.segment_bytes,
             "S2: a footer fits its room");
  std::copy(footer.begin(), footer.end(), padded.data());
  REEL_RETURN_IF_ERROR(WriteFully(file, header.footer_offset_bytes, padded.span()));
  return file.Sync();
}

}  // namespace reel

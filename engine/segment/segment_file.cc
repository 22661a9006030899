#include "engine/segment/segment_file.h"

#include <algorithm>

#include "engine/base/aligned.h"
#include "engine/base/check.h"
#include "engine/io/transfer.h"

namespace reel {
namespace {

using format::DecodeSegmentHeader;
using format::kBlockBytes;
using format::SegmentHeader;

bool IsZero(ByteSpan bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

// What one copy of block 0 says; nullopt if it is none that can be verified.
Result<std::optional<SegmentHeader>> ReadCopy(File& file, uint64_t offset_bytes, bool* is_zero) {
  AlignedBytes block(kBlockBytes);
  REEL_RETURN_IF_ERROR(ReadExactly(file, offset_bytes, block.span()));
  const Result<SegmentHeader> header = DecodeSegmentHeader(block.span());
  if (header.ok()) return std::optional(*header);
  if (header.status().code() == Code::kFailedPrecondition) return header.status();
  *is_zero = *is_zero || IsZero(block.span());
  return std::optional<SegmentHeader>{};
}

// The copy that may be lost: not the one that rules. What cannot be read does not.
uint64_t CopyToWriteFirst(File& file, uint32_t granule_bytes) {
  bool is_zero = false;
  const auto a = ReadCopy(file, 0, &is_zero);
  const auto b = ReadCopy(file, granule_bytes, &is_zero);
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
  for (const uint64_t offset : {uint64_t{0}, uint64_t{granule_bytes}}) {
    const Result<std::optional<SegmentHeader>> copy = ReadCopy(file, offset, &any_zero);
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
  AlignedBytes start(kBlockBytes);
  REEL_RETURN_IF_ERROR(ReadExactly(file, header.footer_offset_bytes, start.span()));
  const Result<format::FooterHead> head = format::DecodeFooterHead(start.span(), header.uid);
  if (!head.ok()) {
    if (head.status().code() == Code::kFailedPrecondition) return head.status();
    return std::optional<format::Footer>{};
  }
  const uint64_t size = sizeof(format::FooterHead) + head->directory_bytes;
  if (size > room) return std::optional<format::Footer>{};
  AlignedBytes whole(static_cast<size_t>(RoundUp(size, kBlockBytes)));
  REEL_RETURN_IF_ERROR(ReadExactly(file, header.footer_offset_bytes, whole.span()));
  Result<format::Footer> footer = format::DecodeFooter(whole.span(), header.uid);
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

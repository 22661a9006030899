#include "engine/media/au_splitter.h"

#include <algorithm>
#include <string>
#include <utility>

#include "engine/base/check.h"
#include "engine/media/nal.h"

namespace reel {
namespace {

constexpr size_t kStartCodeBytes = 3;
// Kept of a NAL unit too long to keep: enough to tell which unit it belongs to.
constexpr size_t kCutNalBytes = 256;

}  // namespace

void AuSplitter::Part::Append(const Nal& nal) {
  if (nal_count == 0) offset_bytes = nal.offset_bytes;
  ++nal_count;
  too_big = too_big || nal.cut;
  if (!too_big) AppendLengthPrefixed(nal.bytes, &bytes);
  Limit();
}

void AuSplitter::Part::Join(Part&& next) {
  if (next.nal_count == 0) return;
  if (nal_count == 0) offset_bytes = next.offset_bytes;
  nal_count += next.nal_count;
  too_big = too_big || next.too_big;
  bytes.insert(bytes.end(), next.bytes.begin(), next.bytes.end());
  Limit();
}

void AuSplitter::Part::Limit() {
  too_big = too_big || nal_count > kMaxNalsPerUnit || bytes.size() > kMaxUnitBytes;
  if (too_big) bytes.clear();
}

void AuSplitter::Feed(ByteSpan piece) {
  REEL_CHECK(!finished_ && drained_, "Feed before Next() asked for more");
  drained_ = false;
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<ptrdiff_t>(nal_begin_));
  buffer_offset_ += nal_begin_;
  scan_ -= nal_begin_;
  nal_begin_ = 0;
  buffer_.insert(buffer_.end(), piece.begin(), piece.end());
}

Result<std::optional<SplitUnit>> AuSplitter::Next() {
  for (;;) {
    REEL_ASSIGN_OR_RETURN(const std::optional<Nal> nal, TakeNal());
    if (!nal) break;
    const Boundary boundary = boundary_.Observe(nal->bytes);
    if (boundary == Boundary::kWithNext) {
      held_.Append(*nal);
      continue;
    }
    Part next = std::exchange(held_, {});
    if (boundary == Boundary::kBegins) {
      next.Append(*nal);
      return Close(std::exchange(unit_, std::move(next)));
    }
    unit_.Join(std::move(next));
    unit_.Append(*nal);
  }
  drained_ = true;
  if (!finished_) return std::optional<SplitUnit>();
  unit_.Join(std::exchange(held_, {}));
  return Close(std::exchange(unit_, {}));
}

Result<std::optional<SplitUnit>> AuSplitter::Close(Part&& unit) {
  if (unit.too_big) {
    return InvalidArgument("unit at offset " + std::to_string(unit.offset_bytes) + " is over " +
                           std::to_string(kMaxUnitBytes) + " bytes or " +
                           std::to_string(kMaxNalsPerUnit) + " NAL units");
  }
  if (unit.nal_count == 0) return std::optional<SplitUnit>();
  return std::optional(SplitUnit{unit.offset_bytes, std::move(unit.bytes)});
}

Result<std::optional<AuSplitter::Nal>> AuSplitter::TakeNal() {
  for (;;) {
    const std::optional<size_t> code = FindStartCode(buffer_, scan_);
    if (!code && !finished_) {
      // The last two bytes may be the beginning of a start code.
      scan_ = std::max(scan_, buffer_.size() - std::min<size_t>(buffer_.size(), 2));
      DropOversize();
      return std::optional<Nal>();
    }
    const size_t end = code.value_or(buffer_.size());
    ByteSpan bytes = ByteSpan(buffer_).subspan(nal_begin_, end - nal_begin_);
    const bool cut = dropped_bytes_ > 0 || bytes.size() > kMaxUnitBytes;
    if (!cut) bytes = TrimTrailingZeros(bytes);
    const Nal nal{buffer_offset_ + nal_begin_, bytes, cut};
    const bool outside = !std::exchange(in_nal_, code.has_value());
    buffer_offset_ += std::exchange(dropped_bytes_, 0);
    nal_begin_ = scan_ = code ? *code + kStartCodeBytes : buffer_.size();
    if (bytes.empty()) {
      if (!code) return std::optional<Nal>();
      continue;
    }
    if (!outside) return std::optional(nal);
    return InvalidArgument("no start code before the byte at offset " +
                           std::to_string(nal.offset_bytes));
  }
}

void AuSplitter::DropOversize() {
  if (buffer_.size() - nal_begin_ <= kMaxUnitBytes) return;
  const auto keep_begin = static_cast<ptrdiff_t>(nal_begin_ + kCutNalBytes);
  const auto tail = static_cast<ptrdiff_t>(buffer_.size() - 2);
  buffer_.erase(buffer_.begin() + keep_begin, buffer_.begin() + tail);
  dropped_bytes_ += static_cast<uint64_t>(tail - keep_begin);
  // Only the tail can begin a start code: across the joint there is none.
  scan_ = static_cast<size_t>(keep_begin);
}

}  // namespace reel

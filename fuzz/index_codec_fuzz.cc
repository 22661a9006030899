// Values of the index: whatever decodes must encode and decode to the same rows; nothing may read
// out of bounds, overflow or take memory out of proportion. The first byte chooses the table.
#include <cstdlib>

#include "engine/base/bytes.h"
#include "index/coverage.h"
#include "index/gop_codec.h"
#include "index/row_codec.h"

namespace reel {
namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

void TryMinute(ByteSpan bytes) {
  const MinuteId id{{}, {}, ByteReader(bytes).Get<int32_t>()};
  const auto rows = DecodeMinute(id, bytes.subspan(std::min<size_t>(bytes.size(), 4)));
  if (!rows.ok()) return;
  const auto again = DecodeMinute(id, EncodeMinute(id, *rows));
  Require(again.ok() && *again == *rows);
  DeadSegments dead;
  dead.Add(rows->front().pieces.front().volume, rows->front().pieces.front().serial);
  BucketChanges changes;
  const GopRow* next = nullptr;
  for (auto row = rows->rbegin(); row != rows->rend(); next = &*row++) {
    AddRow(*row, next, 1, &changes);
    AddRow(*row, next, -1, &changes);
    static_cast<void>(Living(*row, dead));
  }
  for (const auto& [bucket, totals] : changes) Require(totals.covered.count() == 0);
}

void TryBucket(ByteSpan bytes) {
  auto totals = DecodeBucket(bytes);
  if (!totals.ok()) return;
  const Bytes encoded = EncodeBucket(*totals);
  const auto again = DecodeBucket(encoded);
  Require(again.ok() && EncodeBucket(*again) == encoded);
  static_cast<void>(totals->CountDead({}));
  static_cast<void>(totals->CountSerials());
}

// The key's length in a byte, the key, the value.
void TrySmallRows(ByteSpan bytes) {
  ByteReader in(bytes);
  const size_t key_size = in.Get<uint8_t>();
  const std::string_view key = AsText(in.GetBytes(std::min(key_size, in.remaining())));
  const ByteSpan value = in.GetBytes(in.remaining());
  if (const auto row = DecodeSegment(key, value); row.ok()) {
    Require(*DecodeSegment(key, EncodeSegment(*row)) == *row);
  }
  if (const auto row = DecodeRun({}, key, value); row.ok()) {
    Require(*DecodeRun({}, key, EncodeRun(*row)) == *row);
  }
  if (const auto row = DecodeGap({}, key, value); row.ok()) {
    Require(*DecodeGap({}, key, EncodeGap(*row)) == *row);
  }
  if (const auto row = DecodeStream(key, value); row.ok()) {
    Require(*DecodeStream(key, EncodeStream(*row)) == *row);
  }
  if (const auto row = DecodeDead(key, value); row.ok()) Require(DeadSegments().Append(*row));
  static_cast<void>(DecodeProgress({}, value));
  static_cast<void>(CheckFormat(value));
  static_cast<void>(KeyForHumans(key));
}

}  // namespace
}  // namespace reel

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const reel::ByteSpan bytes = std::as_bytes(std::span(data, size)).subspan(1);
  switch (data[0] % 3) {
    case 0:
      reel::TryMinute(bytes);
      break;
    case 1:
      reel::TryBucket(bytes);
      break;
    default:
      reel::TrySmallRows(bytes);
  }
  return 0;
}

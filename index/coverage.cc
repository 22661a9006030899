#include "index/coverage.h"

#include <algorithm>
#include <limits>

#include "engine/base/bytes.h"

namespace reel {
namespace {

WallTime CoverEnd(const GopRow& row, const GopRow* next) {
  const bool joined = next != nullptr && next->first_unit == row.end_unit();
  return std::min(joined ? next->begin : row.end, row.begin + kCoverMax);
}

void AddToBuckets(const GopRow& row, const GopRow* next, int sign, Bucket bucket,
                  BucketChanges* changes) {
  const WallTime end = CoverEnd(row, next);
  // How far it may come to cover when others die: to its own end, or to what then follows it.
  const WallTime alone = CoverEnd(row, nullptr);
  const WallTime reach = std::max({end, alone, next == nullptr ? alone : next->begin});
  int64_t number = BucketOf(row.begin, bucket);
  BucketTotals& first = (*changes)[{row.stream, bucket, number}];
  first.gops += sign;
  for (const Piece& piece : row.pieces) first.bytes += sign * int64_t{piece.length_bytes};
  for (WallTime from = row.begin;; ++number) {
    BucketTotals& totals = (*changes)[{row.stream, bucket, number}];
    totals.Cover(row.pieces);
    if (next != nullptr) totals.Cover(next->pieces);
    const WallTime to = BucketBegin(number + 1, bucket);
    if (from < end) totals.covered += sign * (std::min(end, to) - from);
    if (reach <= to) return;
    from = to;
  }
}

}  // namespace

std::optional<GopRow> Living(GopRow row, const DeadSegments& dead) {
  const auto is_dead = [&dead](const Piece& piece) {
    return dead.Contains(piece.volume, piece.serial);
  };
  const bool lost_first = is_dead(row.pieces.front());
  std::erase_if(row.pieces, is_dead);
  if (row.pieces.empty()) return std::nullopt;
  if (!lost_first) return row;
  row.lead_bytes = 0;
  if (row.pieces.front().first_unit != row.first_unit)
    row.flags = static_cast<uint8_t>(row.flags & ~kGopClean);
  return row;
}

uint64_t BucketTotals::CountDead(const DeadSegments& segments) const {
  uint64_t count = 0;
  for (const SerialRange& range : serials) count += segments.Count(range);
  return count;
}

uint64_t BucketTotals::CountSerials() const {
  uint64_t count = 0;
  for (const SerialRange& range : serials) count += range.last.value - range.first.value + 1;
  return count;
}

void BucketTotals::Cover(const SerialRange& range) {
  auto at = std::lower_bound(
      serials.begin(), serials.end(), range.volume,
      [](const SerialRange& known, VolumeNo volume) { return known.volume < volume; });
  if (at == serials.end() || at->volume != range.volume) at = serials.insert(at, range);
  at->first = std::min(at->first, range.first);
  at->last = std::max(at->last, range.last);
}

void BucketTotals::Cover(const std::vector<Piece>& pieces) {
  for (const Piece& piece : pieces) Cover({piece.volume, piece.serial, piece.serial});
}

void BucketTotals::Add(const BucketTotals& change) {
  covered += change.covered;
  bytes += change.bytes;
  gops += change.gops;
  for (const SerialRange& range : change.serials) Cover(range);
}

void AddRow(const GopRow& row, const GopRow* next, int sign, BucketChanges* changes) {
  if (next != nullptr && next->begin - row.begin > kJoinMax) next = nullptr;
  AddToBuckets(row, next, sign, Bucket::kHour, changes);
  AddToBuckets(row, next, sign, Bucket::kDay, changes);
}

Bytes EncodeBucket(const BucketTotals& totals) {
  Bytes bytes;
  ByteWriter out(&bytes);
  out.PutSignedVarint(totals.covered.count());
  out.PutSignedVarint(totals.bytes);
  out.PutSignedVarint(totals.gops);
  out.PutVarint(totals.edits);
  out.PutVarint(totals.dead ? *totals.dead + 1 : 0);
  for (const SerialRange& range : totals.serials) {
    out.PutVarint(range.volume.value);
    out.PutVarint(range.first.value);
    out.PutVarint(range.last.value - range.first.value);
  }
  return bytes;
}

Result<BucketTotals> DecodeBucket(ByteSpan bytes) {
  BucketTotals totals;
  ByteReader in(bytes);
  totals.covered = Duration{in.GetSignedVarint()};
  totals.bytes = in.GetSignedVarint();
  totals.gops = in.GetSignedVarint();
  totals.edits = in.GetVarint();
  const uint64_t dead = in.GetVarint();
  totals.dead = dead == 0 ? std::nullopt : std::optional{dead - 1};
  while (in.ok() && !in.at_end()) {
    const uint64_t volume = in.GetVarint();
    const uint64_t first = in.GetVarint();
    const uint64_t length = in.GetVarint();
    const bool fits = volume <= std::numeric_limits<uint16_t>::max() &&
                      length < std::numeric_limits<uint64_t>::max() - first &&
                      (totals.serials.empty() || volume > totals.serials.back().volume.value);
    if (!fits) return DataLoss("malformed bucket of coverage");
    totals.serials.push_back({{static_cast<uint16_t>(volume)}, {first}, {first + length}});
  }
  // Half the range leaves room to add any batch to what is read here.
  constexpr int64_t kTotalMax = std::numeric_limits<int64_t>::max() / 2;
  const bool usable = totals.covered.count() >= 0 && totals.covered.count() <= kTotalMax &&
                      totals.bytes >= 0 && totals.bytes <= kTotalMax && totals.gops >= 0 &&
                      totals.gops <= std::numeric_limits<uint32_t>::max();
  if (!in.ok() || !usable) return DataLoss("malformed bucket of coverage");
  return totals;
}

}  // namespace reel

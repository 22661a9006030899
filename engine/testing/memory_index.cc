#include "engine/testing/memory_index.h"

#include <algorithm>

namespace reel {
namespace {

constexpr size_t kGopLimitMax = 4096;
constexpr RunId kRunMin{};
constexpr RunId kRunMax{{255, 255, 255, 255, 255, 255, 255, 255,  //
                         255, 255, 255, 255, 255, 255, 255, 255}};
constexpr UnitNumber kUnitMax{std::numeric_limits<uint64_t>::max()};

bool IsDead(SegmentState state) {
  return state == SegmentState::kRetired || state == SegmentState::kFree;
}

int64_t BucketOf(WallTime t, Bucket bucket) {
  using namespace std::chrono;  // NOLINT(google-build-using-namespace): floor and its units only
  const sys_time<nanoseconds> at{nanoseconds{t.ns}};
  return bucket == Bucket::kHour ? floor<hours>(at).time_since_epoch().count()
                                 : floor<days>(at).time_since_epoch().count();
}

Duration LengthOf(Bucket bucket) { return std::chrono::hours{bucket == Bucket::kHour ? 1 : 24}; }

WallTime BeginOf(int64_t number, Bucket bucket) {
  int64_t ns = 0;
  if (__builtin_mul_overflow(number, LengthOf(bucket).count(), &ns)) {
    return number < 0 ? kWallMin : kWallMax;
  }
  return {ns};
}

// Where the cover of `row` ends; `next` follows it in its run, or is null.
WallTime CoverEnd(const GopRow& row, const GopRow* next) {
  const bool joined =
      next != nullptr && next->first_unit == row.end_unit() && next->begin - row.begin <= kJoinMax;
  return std::min(joined ? next->begin : row.end, row.begin + kCoverMax);
}

void AddCover(const GopRow& row, WallTime end, Bucket bucket,
              std::map<int64_t, CoverageRow>* totals) {
  CoverageRow& first = (*totals)[BucketOf(row.begin, bucket)];
  ++first.gops;
  for (const Piece& piece : row.pieces) first.bytes += piece.length_bytes;
  for (WallTime from = row.begin; from < end;) {
    const int64_t number = BucketOf(from, bucket);
    const WallTime to = std::min(end, BeginOf(number + 1, bucket));
    (*totals)[number].covered += to - from;
    from = to;
  }
}

}  // namespace

std::unique_ptr<MemoryIndex> MemoryIndex::Clone() const {
  const std::lock_guard lock(mutex_);
  auto clone = std::make_unique<MemoryIndex>();
  clone->rows_ = rows_;
  return clone;
}

Status MemoryIndex::WriteSegment(const SegmentRow& row, Rows* rows) {
  const SegmentKey key{row.volume, row.serial};
  if (IsDead(row.state)) {
    rows->dead.insert(key);
  } else if (rows->dead.contains(key)) {
    return FailedPrecondition("segment " + std::to_string(row.serial.value) + " is dead for good");
  } else {
    std::erase_if(rows->segments, [&row](const auto& entry) {
      const SegmentRow& old = entry.second;
      return old.volume == row.volume && old.file_number == row.file_number &&
             old.serial < row.serial && IsDead(old.state);
    });
  }
  rows->segments[key] = row;
  return OkStatus();
}

Status MemoryIndex::Write(const IndexBatch& batch) {
  REEL_RETURN_IF_ERROR(CheckIndexBatch(batch));
  const std::lock_guard lock(mutex_);
  Rows segments_only;
  segments_only.segments = rows_.segments;
  segments_only.dead = rows_.dead;
  for (const SegmentRow& row : batch.segments) {
    REEL_RETURN_IF_ERROR(WriteSegment(row, &segments_only));
  }
  rows_.segments = std::move(segments_only.segments);
  rows_.dead = std::move(segments_only.dead);
  for (const GopRow& row : batch.gops) {
    rows_.gops[{row.stream, row.begin, row.run, row.first_unit}] = row;
  }
  for (const RunRow& row : batch.runs) rows_.runs[{row.stream, row.begin, row.run}] = row;
  for (const GapRow& row : batch.gaps) rows_.gaps[{row.stream, row.begin, row.cause}] = row;
  for (const StreamRow& row : batch.streams) rows_.streams[row.stream] = row;
  for (const VolumeProgress& row : batch.volumes) rows_.volumes[row.volume] = row;
  return OkStatus();
}

std::optional<GopRow> MemoryIndex::Living(const GopRow& row) const {
  const auto dead = [this](const Piece& piece) {
    return rows_.dead.contains({piece.volume, piece.serial});
  };
  GopRow living = row;
  const bool lost_first = dead(living.pieces.front());
  std::erase_if(living.pieces, dead);
  if (living.pieces.empty()) return std::nullopt;
  if (!lost_first) return living;
  living.lead_bytes = 0;
  if (living.pieces.front().first_unit != living.first_unit)
    living.flags = static_cast<uint8_t>(living.flags & ~kGopClean);
  return living;
}

std::vector<GopRow> MemoryIndex::LivingOf(StreamId stream) const {
  std::vector<GopRow> out;
  for (auto it = rows_.gops.lower_bound({stream, kWallMin, kRunMin, UnitNumber{0}});
       it != rows_.gops.end() && it->second.stream == stream; ++it) {
    if (auto living = Living(it->second)) out.push_back(*std::move(living));
  }
  return out;
}

Result<std::vector<GopRow>> MemoryIndex::Gops(StreamId stream, WallTime from, Direction direction,
                                              size_t limit) {
  const std::lock_guard lock(mutex_);
  limit = std::min(limit, kGopLimitMax);
  std::vector<GopRow> out;
  if (direction == Direction::kForward) {
    for (auto it = rows_.gops.lower_bound({stream, from, kRunMin, UnitNumber{0}});
         it != rows_.gops.end() && it->second.stream == stream && out.size() < limit; ++it) {
      if (auto living = Living(it->second)) out.push_back(*std::move(living));
    }
    return out;
  }
  for (auto it = rows_.gops.upper_bound({stream, from, kRunMax, kUnitMax});
       it != rows_.gops.begin() && out.size() < limit;) {
    --it;
    if (it->second.stream != stream) break;
    if (auto living = Living(it->second)) out.push_back(*std::move(living));
  }
  return out;
}

Result<std::vector<RunRow>> MemoryIndex::Runs(StreamId stream, WallRange range, size_t limit) {
  const std::lock_guard lock(mutex_);
  std::vector<RunRow> out;
  if (range.empty()) return out;
  for (const auto& [key, row] : rows_.runs) {
    if (row.stream == stream && row.begin < range.end && row.end >= range.begin &&
        out.size() < limit) {
      out.push_back(row);
    }
  }
  return out;
}

Result<std::vector<GapRow>> MemoryIndex::Gaps(StreamId stream, WallRange range, size_t limit) {
  const std::lock_guard lock(mutex_);
  std::vector<GapRow> out;
  if (range.empty()) return out;
  for (const auto& [key, row] : rows_.gaps) {
    if (row.stream == stream && row.begin < range.end &&
        (row.end > range.begin || row.begin == range.begin) && out.size() < limit) {
      out.push_back(row);
    }
  }
  return out;
}

Result<std::vector<CoverageRow>> MemoryIndex::Coverage(StreamId stream, WallRange range,
                                                       Bucket bucket) {
  const std::lock_guard lock(mutex_);
  std::map<RunId, std::vector<GopRow>> runs;
  for (GopRow& row : LivingOf(stream)) runs[row.run].push_back(std::move(row));
  std::map<int64_t, CoverageRow> totals;
  for (const auto& [run, rows] : runs) {
    for (size_t i = 0; i < rows.size(); ++i) {
      const GopRow* next = i + 1 < rows.size() ? &rows[i + 1] : nullptr;
      AddCover(rows[i], CoverEnd(rows[i], next), bucket, &totals);
    }
  }
  std::vector<CoverageRow> out;
  if (range.empty()) return out;
  for (auto& [number, row] : totals) {
    row.begin = BeginOf(number, bucket);
    if (row.begin < range.end && number >= BucketOf(range.begin, bucket)) out.push_back(row);
  }
  return out;
}

Result<std::vector<StreamRow>> MemoryIndex::Streams() {
  const std::lock_guard lock(mutex_);
  std::vector<StreamRow> out;
  for (const auto& [key, row] : rows_.streams) out.push_back(row);
  return out;
}

Result<std::vector<SegmentRow>> MemoryIndex::Segments(VolumeNo volume) {
  const std::lock_guard lock(mutex_);
  std::vector<SegmentRow> out;
  for (const auto& [key, row] : rows_.segments) {
    if (key.first == volume) out.push_back(row);
  }
  return out;
}

Result<std::optional<VolumeProgress>> MemoryIndex::Progress(VolumeNo volume) {
  const std::lock_guard lock(mutex_);
  const auto found = rows_.volumes.find(volume);
  if (found == rows_.volumes.end()) return std::optional<VolumeProgress>{};
  return std::optional{found->second};
}

}  // namespace reel

#include "tests/index/index_rows.h"

#include <algorithm>
#include <cstdlib>

namespace reel {
namespace {

constexpr WallRange kAllTime{kWallMin, kWallMax};
constexpr size_t kAll = 1'000'000;

}  // namespace

GopRow MakeGop(StreamId stream, RunId run, WallTime begin, Duration length, uint64_t first_unit,
               uint32_t units, SegmentSerial serial) {
  GopRow row;
  row.stream = stream;
  row.run = run;
  row.begin = begin;
  row.end = begin + length;
  row.first_unit = {first_unit};
  row.flags = kGopClean;
  row.lead_bytes = 100;
  row.pieces = {{kVolume, serial, 4096, 1000, {first_unit}, units}};
  return row;
}

SegmentRow MakeSegment(SegmentSerial serial, SegmentState state, uint32_t file_number) {
  SegmentRow row;
  row.volume = kVolume;
  row.serial = serial;
  row.uid = IdOf<SegmentUid>(static_cast<uint8_t>(serial.value));
  row.file_number = file_number;
  row.state = state;
  row.retention_class = kDefaultClass;
  row.epoch = {3};
  row.begin = kHourBegin;
  row.end = kHourBegin + kHour;
  row.chunk_count = 12;
  row.payload_bytes = uint64_t{1} << 30;
  return row;
}

IndexBatch GopBatch(std::vector<GopRow> rows) {
  IndexBatch batch;
  batch.gops = std::move(rows);
  return batch;
}

IndexBatch SegmentBatch(std::vector<SegmentRow> rows) {
  IndexBatch batch;
  batch.segments = std::move(rows);
  return batch;
}

TempDirectory::TempDirectory() {
  std::string name = (std::filesystem::temp_directory_path() / "reel-index-XXXXXX").string();
  EXPECT_NE(::mkdtemp(name.data()), nullptr);
  path_ = name;
}

TempDirectory::~TempDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

// Within three minutes of an hour's or day's edge, or anywhere in three hours; on whole seconds
// often, so that times collide.
WallTime RandomWriter::AnyTime() {
  const Duration edge = kHour * static_cast<int64_t>(Below(5));
  Duration offset = std::chrono::milliseconds{Below(2) == 0 ? Below(360) * 1000 : Below(360'000)};
  if (Below(4) == 0) offset *= 20;
  return kHourBegin + edge + offset - 3 * kMinute;
}

std::vector<Piece> RandomWriter::AnyPieces(UnitNumber first_unit) {
  std::vector<Piece> pieces;
  for (uint64_t count = 1 + Below(4); count > 0; --count) {
    Piece piece;
    piece.volume = {static_cast<uint16_t>(1 + Below(2))};
    piece.serial = {1 + Below(serial_ + 2)};
    piece.offset_bytes = Below(1 << 30);
    piece.length_bytes = static_cast<uint32_t>(Below(1 << 20));
    piece.first_unit = first_unit;
    piece.unit_count = static_cast<uint32_t>(Below(5));
    first_unit.value += piece.unit_count + (Below(8) == 0 ? 1 : 0);
    pieces.push_back(piece);
  }
  return pieces;
}

GopRow RandomWriter::AnyGop() {
  GopRow row;
  row.stream = AnyStream();
  row.run = AnyRun();
  row.begin = AnyTime();
  row.end = row.begin + std::chrono::milliseconds{Below(8) == 0 ? Below(5'000'000) : Below(20'000)};
  row.first_unit = {Below(20)};
  row.flags = static_cast<uint8_t>(Below(8));
  row.lead_bytes = static_cast<uint32_t>(Below(100'000));
  row.pieces = AnyPieces(row.first_unit);
  return row;
}

// Continues the row, in units and at a time within or about a minute.
GopRow RandomWriter::FollowerOf(const GopRow& row) {
  GopRow next = AnyGop();
  const Duration length = next.end - next.begin;
  next.stream = row.stream;
  next.run = row.run;
  next.begin = row.begin + std::chrono::milliseconds{Below(70'000)};
  next.end = next.begin + length;
  next.first_unit = row.end_unit();
  next.pieces = AnyPieces(next.first_unit);
  return next;
}

SegmentRow RandomWriter::AnySegment() {
  SegmentRow row = MakeSegment({1 + Below(serial_ + 1)}, SegmentState::kSealed);
  row.volume = {static_cast<uint16_t>(1 + Below(2))};
  row.file_number = static_cast<uint32_t>(Below(6));
  const std::pair<VolumeNo, SegmentSerial> key{row.volume, row.serial};
  const bool is_dead = std::find(dead_.begin(), dead_.end(), key) != dead_.end();
  if (is_dead || Below(3) == 0) {
    row.state = Below(2) == 0 ? SegmentState::kRetired : SegmentState::kFree;
    if (!is_dead) dead_.push_back(key);
  } else {
    row.state = Below(2) == 0 ? SegmentState::kOpen : SegmentState::kSealed;
  }
  return row;
}

IndexBatch RandomWriter::Next() {
  IndexBatch batch;
  for (uint64_t count = Below(6); count > 0; --count) {
    GopRow row = AnyGop();
    const uint64_t kind = written_.empty() ? 0 : Below(4);
    if (kind >= 2) row = FollowerOf(written_[Below(written_.size())]);
    if (kind == 1) {
      const GopRow& known = written_[Below(written_.size())];
      row.stream = known.stream;
      row.run = known.run;
      row.end = known.begin + (row.end - row.begin);
      row.begin = known.begin;
      row.first_unit = known.first_unit;
    }
    written_.push_back(row);
    batch.gops.push_back(row);
  }
  for (uint64_t count = Below(3); count > 0; --count) {
    RunRow run{AnyStream(), AnyRun(), AnyTime(), {}, static_cast<EndCause>(Below(5))};
    run.end = run.begin + Duration{static_cast<int64_t>(Below(uint64_t{1} << Below(54)))};
    batch.runs.push_back(run);
    GapRow gap{AnyStream(), AnyTime(), {}, static_cast<GapCause>(Below(10)), Below(1000)};
    gap.end = gap.begin + std::chrono::seconds{Below(2) * Below(90'000)};
    batch.gaps.push_back(gap);
  }
  for (uint64_t count = Below(2); count > 0; --count) batch.segments.push_back(AnySegment());
  if (Below(3) == 0) ++serial_;
  if (Below(5) == 0) {
    const StreamId stream = AnyStream();
    batch.streams.push_back({stream, "camera " + std::to_string(Below(9)), {1}, AnyTime()});
    const auto epoch = static_cast<uint32_t>(Below(100));
    batch.volumes.push_back({{static_cast<uint16_t>(1 + Below(2))}, IdOf<VolumeId>(7), {epoch}});
  }
  return batch;
}

void ExpectSameRows(Index& expected, Index& actual) {
  for (uint8_t number = 1; number <= 2; ++number) {
    const StreamId stream = StreamOf(number);
    EXPECT_EQ(*expected.Gops(stream, kWallMin, Direction::kForward, kAll),
              *actual.Gops(stream, kWallMin, Direction::kForward, kAll));
    EXPECT_EQ(*expected.Gops(stream, kWallMax, Direction::kBackward, kAll),
              *actual.Gops(stream, kWallMax, Direction::kBackward, kAll));
    EXPECT_EQ(*expected.Runs(stream, kAllTime, kAll), *actual.Runs(stream, kAllTime, kAll));
    EXPECT_EQ(*expected.Gaps(stream, kAllTime, kAll), *actual.Gaps(stream, kAllTime, kAll));
    for (const Bucket bucket : {Bucket::kHour, Bucket::kDay}) {
      EXPECT_EQ(*expected.Coverage(stream, kAllTime, bucket),
                *actual.Coverage(stream, kAllTime, bucket));
    }
    const VolumeNo volume{number};
    EXPECT_EQ(*expected.Segments(volume), *actual.Segments(volume));
    EXPECT_EQ(*expected.Progress(volume), *actual.Progress(volume));
  }
  EXPECT_EQ(*expected.Streams(), *actual.Streams());
}

void ExpectSameAnswers(Index& expected, Index& actual, RandomWriter* questions) {
  const StreamId stream = questions->AnyStream();
  const WallTime from = questions->AnyTime();
  const size_t limit = questions->Below(12);
  for (const Direction direction : {Direction::kForward, Direction::kBackward}) {
    EXPECT_EQ(*expected.Gops(stream, from, direction, limit),
              *actual.Gops(stream, from, direction, limit));
  }
  const WallRange range{
      from,
      from + Duration{static_cast<int64_t>(questions->Below(uint64_t{1} << questions->Below(50)))}};
  EXPECT_EQ(*expected.Runs(stream, range, limit), *actual.Runs(stream, range, limit));
  EXPECT_EQ(*expected.Gaps(stream, range, limit), *actual.Gaps(stream, range, limit));
  for (const Bucket bucket : {Bucket::kHour, Bucket::kDay}) {
    EXPECT_EQ(*expected.Coverage(stream, range, bucket), *actual.Coverage(stream, range, bucket));
  }
}

std::ostream& operator<<(std::ostream& out, const GopRow& row) {
  out << "gop run " << int{row.run.bytes[0]} << " " << FormatWall(row.begin) << " .. "
      << FormatWall(row.end) << " unit " << row.first_unit.value << " flags " << int{row.flags}
      << " lead " << row.lead_bytes;
  for (const Piece& piece : row.pieces) {
    out << " [" << piece.volume.value << "/" << piece.serial.value << " @" << piece.offset_bytes
        << "+" << piece.length_bytes << " unit " << piece.first_unit.value << "+"
        << piece.unit_count << "]";
  }
  return out;
}
std::ostream& operator<<(std::ostream& out, const RunRow& row) {
  return out << "run " << int{row.run.bytes[0]} << " " << FormatWall(row.begin) << " .. "
             << FormatWall(row.end) << " cause " << static_cast<int>(row.cause);
}
std::ostream& operator<<(std::ostream& out, const GapRow& row) {
  return out << "gap " << GapCauseName(row.cause) << " " << FormatWall(row.begin) << " .. "
             << FormatWall(row.end) << " lost " << row.units_lost;
}
std::ostream& operator<<(std::ostream& out, const CoverageRow& row) {
  return out << "coverage " << FormatWall(row.begin) << " " << row.covered.count() << " ns "
             << row.bytes << " bytes " << row.gops << " gops";
}
std::ostream& operator<<(std::ostream& out, const SegmentRow& row) {
  return out << "segment " << row.volume.value << "/" << row.serial.value << " file "
             << row.file_number << " state " << static_cast<int>(row.state);
}

}  // namespace reel

// Keys of the index: one table byte, then the parts big endian, so that byte order is row order.
//
//   k stream minute run         keyframes: the GOPs of one run that begin in that minute
//   h stream hour, d stream day coverage of a bucket
//   r stream begin run          runs           R stream class begin run    by length, see SpanClass
//   g stream begin cause        gaps           G stream class begin cause
//   s stream                    streams
//   c volume serial             catalogue of segments
//   x volume first              dead serials: first..last, last in the value
//   p volume                    progress
//   F                           format version
//
// One keyspace rather than column families: one memtable and one log to bound and to sync, and a
// batch over all tables is one record.
//
// Signed parts are biased so that they sort. Thread rule: functions of their arguments.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "reel/index.h"

namespace reel {

enum class Table : uint8_t {
  kKeyframes = 'k',
  kHours = 'h',
  kDays = 'd',
  kRuns = 'r',
  kRunSpans = 'R',
  kGaps = 'g',
  kGapSpans = 'G',
  kStreams = 's',
  kCatalog = 'c',
  kDead = 'x',
  kProgress = 'p',
  kFormat = 'F',
};

// Number of a minute, hour or day since 1970, negative before.
int64_t MinuteOf(WallTime t);
int64_t BucketOf(WallTime t, Bucket bucket);
// Saturates at the ends of time.
WallTime MinuteBegin(int64_t minute);
WallTime BucketBegin(int64_t number, Bucket bucket);

// The GOPs of one run that begin in one minute: a row of `keyframes`.
struct MinuteId {
  StreamId stream;
  RunId run;
  int64_t minute = 0;
  auto operator<=>(const MinuteId&) const = default;
};

struct BucketId {
  StreamId stream;
  Bucket bucket = Bucket::kHour;
  int64_t number = 0;
  auto operator<=>(const BucketId&) const = default;
};

// Runs and gaps are also listed by length: class c holds those of at most 16^c minutes, so those
// that reach into an instant are found by one short look back per class. A span that grows leaves
// entries in its former classes, which lead to the same row.
inline constexpr uint8_t kSpanClasses = 8;  // the last one holds any length
uint8_t SpanClass(Duration length);
// No span of the class that ends at or after `t` begins before this.
WallTime SpanClassLookBack(uint8_t span_class, WallTime t);

std::string MinuteKey(const MinuteId& id);
std::string MinuteKeyFirst(StreamId stream, int64_t minute);  // not above any run's
std::string MinuteKeyLast(StreamId stream, int64_t minute);   // not below any run's
std::optional<MinuteId> ParseMinuteKey(std::string_view key);

std::string BucketKey(const BucketId& id);
std::optional<BucketId> ParseBucketKey(std::string_view key);

// `tail` tells spans with one begin apart: a run id or a cause. Empty for a lower bound.
std::string SpanKey(Table table, StreamId stream, WallTime begin, std::string_view tail);
std::string SpanClassKey(Table table, StreamId stream, uint8_t span_class, WallTime begin,
                         std::string_view tail);
std::string SpanTail(RunId run);
std::string SpanTail(GapCause cause);
struct SpanRef {
  WallTime begin;
  std::string_view tail;  // of the key parsed
};
std::optional<SpanRef> ParseSpanKey(std::string_view key);
std::optional<SpanRef> ParseSpanClassKey(std::string_view key);

std::string StreamKey(StreamId stream);
std::optional<StreamId> ParseStreamKey(std::string_view key);

// For kCatalog and kDead.
std::string SerialKey(Table table, VolumeNo volume, SegmentSerial serial);
struct SerialRef {
  VolumeNo volume;
  SegmentSerial serial;
};
std::optional<SerialRef> ParseSerialKey(std::string_view key);

std::string ProgressKey(VolumeNo volume);
std::string FormatKey();

// Every key of the table, or of one stream or volume in it, lies in [prefix, PrefixEnd(prefix)).
std::string TablePrefix(Table table);
std::string StreamPrefix(Table table, StreamId stream);
std::string VolumePrefix(Table table, VolumeNo volume);
std::string PrefixEnd(std::string prefix);

// "k 00ff..": for messages.
std::string KeyForHumans(std::string_view key);

}  // namespace reel

// Keys of the index: what parses means the same when written again, and keys of two moments stand
// in the order of the moments.
#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "index/keys.h"

namespace {

using namespace reel;  // NOLINT(google-build-using-namespace): a fuzz target of one box

void TryKey(std::string_view key) {
  if (const auto id = ParseMinuteKey(key)) {
    REEL_CHECK(ParseMinuteKey(MinuteKey(*id)) == id, "a minute's key");
    REEL_CHECK(MinuteKeyFirst(id->stream, id->minute) <= MinuteKey(*id), "the lower bound");
    REEL_CHECK(MinuteKeyLast(id->stream, id->minute) >= MinuteKey(*id), "the upper bound");
  }
  if (const auto id = ParseBucketKey(key)) {
    REEL_CHECK(ParseBucketKey(BucketKey(*id)) == id, "a bucket's key");
  }
  if (const auto id = ParseStreamKey(key)) {
    REEL_CHECK(ParseStreamKey(StreamKey(*id)) == id, "a stream's key");
    const std::string prefix = StreamPrefix(Table::kRuns, *id);
    const std::string run = SpanKey(Table::kRuns, *id, kWallMax, "");
    REEL_CHECK(prefix <= run && run < PrefixEnd(prefix), "the prefix holds its keys");
  }
  if (const auto ref = ParseSerialKey(key)) {
    const auto again = ParseSerialKey(SerialKey(Table::kCatalog, ref->volume, ref->serial));
    REEL_CHECK(again && again->volume == ref->volume && again->serial == ref->serial, "a serial's");
  }
  if (const auto ref = ParseSpanKey(key)) {
    const std::string written = SpanKey(Table::kGaps, {}, ref->begin, ref->tail);
    const auto again = ParseSpanKey(written);
    REEL_CHECK(again && again->begin == ref->begin && again->tail == ref->tail, "a span's key");
  }
  (void)ParseSpanClassKey(key);
  (void)KeyForHumans(key);
}

void TryOrder(ByteSpan bytes) {
  ByteReader in(bytes);
  const WallTime a{in.Get<int64_t>()};
  const WallTime b{in.Get<int64_t>()};
  if (!in.ok()) return;
  const auto key = [](WallTime t) { return SpanKey(Table::kRuns, {}, t, ""); };
  REEL_CHECK((a < b) == (key(a) < key(b)), "keys stand in the order of time");
  const auto minute = [](WallTime t) { return MinuteKey({{}, {}, MinuteOf(t)}); };
  REEL_CHECK(!(a < b) || minute(a) <= minute(b), "and so do those of minutes");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ByteSpan bytes = std::as_bytes(std::span(data, size));
  TryKey(AsText(bytes));
  TryOrder(bytes);
  return 0;
}

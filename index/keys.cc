#include "index/keys.h"

#include <algorithm>
#include <limits>

#include "engine/base/bytes.h"

namespace reel {
namespace {

constexpr int64_t kMinuteNs = 60'000'000'000;
constexpr uint32_t kBias32 = uint32_t{1} << 31;
constexpr uint64_t kBias64 = uint64_t{1} << 63;

int64_t FloorDivide(int64_t value, int64_t step) {
  return value / step - (value % step < 0 ? 1 : 0);
}

WallTime BeginOf(int64_t number, int64_t length_ns) {
  int64_t ns = 0;
  if (__builtin_mul_overflow(number, length_ns, &ns)) return number < 0 ? kWallMin : kWallMax;
  return {ns};
}

int64_t BucketNs(Bucket bucket) { return kMinuteNs * (bucket == Bucket::kHour ? 60 : 24 * 60); }

// For all but the last class.
Duration SpanClassMax(uint8_t span_class) {
  return Duration{kMinuteNs} * (int64_t{1} << (4 * span_class));
}
static_assert(kMinuteNs < std::numeric_limits<int64_t>::max() >> (4 * (kSpanClasses - 2)));

class KeyWriter {
 public:
  explicit KeyWriter(Table table) { key_ += static_cast<char>(table); }

  template <std::unsigned_integral T>
  KeyWriter& Put(T value) {
    for (size_t i = sizeof value; i-- > 0;) key_ += static_cast<char>(value >> (8 * i));
    return *this;
  }
  // Minutes, hours and days of the 64-bit range of time fit in 32 bits.
  KeyWriter& PutNumber(int64_t number) { return Put(static_cast<uint32_t>(number) ^ kBias32); }
  KeyWriter& PutTime(WallTime t) { return Put(static_cast<uint64_t>(t.ns) ^ kBias64); }
  template <class Tag>
  KeyWriter& Put(const Uuid<Tag>& id) {
    return Put(AsText(std::as_bytes(std::span(id.bytes))));
  }
  KeyWriter& Put(std::string_view bytes) {
    key_ += bytes;
    return *this;
  }
  std::string Take() { return std::move(key_); }

 private:
  std::string key_;
};

class KeyReader {
 public:
  explicit KeyReader(std::string_view key)
      : bytes_(AsBytes(key.substr(std::min<size_t>(1, key.size())))) {}

  template <std::unsigned_integral T>
  T Get() {
    T value = 0;
    for (const std::byte byte : bytes_.GetBytes(sizeof(T))) {
      value = static_cast<T>(value << 8 | std::to_integer<T>(byte));
    }
    return value;
  }
  int64_t GetNumber() { return static_cast<int32_t>(Get<uint32_t>() ^ kBias32); }
  WallTime GetTime() { return {static_cast<int64_t>(Get<uint64_t>() ^ kBias64)}; }
  template <class Id>
  Id GetUuid() {
    return bytes_.GetUuid<Id>();
  }
  std::string_view GetRest() { return AsText(bytes_.GetBytes(bytes_.remaining())); }

  bool ok() const { return bytes_.ok(); }
  bool done() const { return bytes_.ok() && bytes_.at_end(); }

 private:
  ByteReader bytes_;
};

}  // namespace

int64_t MinuteOf(WallTime t) { return FloorDivide(t.ns, kMinuteNs); }
int64_t BucketOf(WallTime t, Bucket bucket) { return FloorDivide(t.ns, BucketNs(bucket)); }
WallTime MinuteBegin(int64_t minute) { return BeginOf(minute, kMinuteNs); }
WallTime BucketBegin(int64_t number, Bucket bucket) { return BeginOf(number, BucketNs(bucket)); }

uint8_t SpanClass(Duration length) {
  uint8_t span_class = 0;
  while (span_class + 1 < kSpanClasses && length > SpanClassMax(span_class)) ++span_class;
  return span_class;
}

WallTime SpanClassLookBack(uint8_t span_class, WallTime t) {
  return span_class + 1 < kSpanClasses ? t - SpanClassMax(span_class) : kWallMin;
}

std::string MinuteKey(const MinuteId& id) {
  return KeyWriter(Table::kKeyframes).Put(id.stream).PutNumber(id.minute).Put(id.run).Take();
}
std::string MinuteKeyFirst(StreamId stream, int64_t minute) {
  return KeyWriter(Table::kKeyframes).Put(stream).PutNumber(minute).Take();
}
std::string MinuteKeyLast(StreamId stream, int64_t minute) {
  return MinuteKeyFirst(stream, minute) + std::string(sizeof(RunId::bytes), '\xff');
}
std::optional<MinuteId> ParseMinuteKey(std::string_view key) {
  KeyReader in(key);
  MinuteId id;
  id.stream = in.GetUuid<StreamId>();
  id.minute = in.GetNumber();
  id.run = in.GetUuid<RunId>();
  return in.done() ? std::optional{id} : std::nullopt;
}

std::string BucketKey(const BucketId& id) {
  const Table table = id.bucket == Bucket::kHour ? Table::kHours : Table::kDays;
  return KeyWriter(table).Put(id.stream).PutNumber(id.number).Take();
}
std::optional<BucketId> ParseBucketKey(std::string_view key) {
  KeyReader in(key);
  BucketId id;
  id.stream = in.GetUuid<StreamId>();
  id.number = in.GetNumber();
  if (!in.done()) return std::nullopt;
  id.bucket = key.front() == static_cast<char>(Table::kHours) ? Bucket::kHour : Bucket::kDay;
  return id;
}

std::string SpanKey(Table table, StreamId stream, WallTime begin, std::string_view tail) {
  return KeyWriter(table).Put(stream).PutTime(begin).Put(tail).Take();
}
std::string SpanClassKey(Table table, StreamId stream, uint8_t span_class, WallTime begin,
                         std::string_view tail) {
  return KeyWriter(table).Put(stream).Put(span_class).PutTime(begin).Put(tail).Take();
}
std::string SpanTail(RunId run) { return std::string(AsText(std::as_bytes(std::span(run.bytes)))); }
std::string SpanTail(GapCause cause) { return std::string(1, static_cast<char>(cause)); }
std::optional<SpanRef> ParseSpanKey(std::string_view key) {
  KeyReader in(key);
  in.GetUuid<StreamId>();
  SpanRef ref;
  ref.begin = in.GetTime();
  ref.tail = in.GetRest();
  return in.ok() ? std::optional{ref} : std::nullopt;
}
std::optional<SpanRef> ParseSpanClassKey(std::string_view key) {
  KeyReader in(key);
  in.GetUuid<StreamId>();
  in.Get<uint8_t>();
  SpanRef ref;
  ref.begin = in.GetTime();
  ref.tail = in.GetRest();
  return in.ok() ? std::optional{ref} : std::nullopt;
}

std::string StreamKey(StreamId stream) { return KeyWriter(Table::kStreams).Put(stream).Take(); }
std::optional<StreamId> ParseStreamKey(std::string_view key) {
  KeyReader in(key);
  const auto stream = in.GetUuid<StreamId>();
  return in.done() ? std::optional{stream} : std::nullopt;
}

std::string SerialKey(Table table, VolumeNo volume, SegmentSerial serial) {
  return KeyWriter(table).Put(volume.value).Put(serial.value).Take();
}
std::optional<SerialRef> ParseSerialKey(std::string_view key) {
  KeyReader in(key);
  SerialRef ref;
  ref.volume.value = in.Get<uint16_t>();
  ref.serial.value = in.Get<uint64_t>();
  return in.done() ? std::optional{ref} : std::nullopt;
}

std::string ProgressKey(VolumeNo volume) {
  return KeyWriter(Table::kProgress).Put(volume.value).Take();
}
std::string FormatKey() { return KeyWriter(Table::kFormat).Take(); }

std::string TablePrefix(Table table) { return KeyWriter(table).Take(); }
std::string StreamPrefix(Table table, StreamId stream) {
  return KeyWriter(table).Put(stream).Take();
}
std::string VolumePrefix(Table table, VolumeNo volume) {
  return KeyWriter(table).Put(volume.value).Take();
}

std::string PrefixEnd(std::string prefix) {
  // The table byte is never 0xff, so there always is one to raise.
  while (prefix.back() == '\xff') prefix.pop_back();
  prefix.back() = static_cast<char>(prefix.back() + 1);
  return prefix;
}

std::string KeyForHumans(std::string_view key) {
  constexpr std::string_view kHex = "0123456789abcdef";
  if (key.empty()) return "(empty)";
  std::string text(1, key.front());
  text += ' ';
  for (const char c : key.substr(1)) {
    const auto byte = static_cast<uint8_t>(c);
    text += kHex[byte >> 4];
    text += kHex[byte & 15];
  }
  return text;
}

}  // namespace reel

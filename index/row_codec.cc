#include "index/row_codec.h"

#include <limits>

#include "engine/base/bytes.h"

namespace reel {
namespace {

constexpr std::string_view kFormatName = "reel index";

template <class T>
bool Fits(uint64_t value) {
  return value <= std::numeric_limits<T>::max();
}

bool Ended(const ByteReader& in) { return in.ok() && in.at_end(); }

uint64_t NsBetween(WallTime from, WallTime to) {
  return static_cast<uint64_t>(to.ns) - static_cast<uint64_t>(from.ns);
}
WallTime Later(WallTime t, uint64_t ns) {
  return {static_cast<int64_t>(static_cast<uint64_t>(t.ns) + ns)};
}

// GapCauseName has a name of its own for each: the compiler asks it for every new one.
bool IsKnown(GapCause cause) {
  return cause == GapCause::kUnknown || GapCauseName(cause) != GapCauseName(GapCause::kUnknown);
}

}  // namespace

Bytes EncodeRun(const RunRow& row) {
  Bytes bytes;
  ByteWriter out(&bytes);
  out.Put(static_cast<uint8_t>(row.cause));
  out.PutVarint(NsBetween(row.begin, row.end));
  return bytes;
}

Result<RunRow> DecodeRun(StreamId stream, std::string_view key, ByteSpan value) {
  const auto ref = ParseSpanKey(key);
  RunRow row;
  ByteReader in(value);
  const auto cause = in.Get<uint8_t>();
  const uint64_t length_ns = in.GetVarint();
  if (!ref || ref->tail.size() != row.run.bytes.size() || !Ended(in) ||
      cause > static_cast<uint8_t>(EndCause::kShutdown)) {
    return DataLoss("malformed run");
  }
  row.stream = stream;
  std::memcpy(row.run.bytes.data(), ref->tail.data(), row.run.bytes.size());
  row.begin = ref->begin;
  row.end = Later(row.begin, length_ns);
  row.cause = static_cast<EndCause>(cause);
  if (row.end < row.begin) return DataLoss("malformed run");
  return row;
}

Bytes EncodeGap(const GapRow& row) {
  Bytes bytes;
  ByteWriter out(&bytes);
  out.PutVarint(NsBetween(row.begin, row.end));
  out.PutVarint(row.units_lost);
  return bytes;
}

Result<GapRow> DecodeGap(StreamId stream, std::string_view key, ByteSpan value) {
  const auto ref = ParseSpanKey(key);
  GapRow row;
  ByteReader in(value);
  const uint64_t length_ns = in.GetVarint();
  row.units_lost = in.GetVarint();
  if (!ref || ref->tail.size() != 1 || !Ended(in) ||
      !IsKnown(static_cast<GapCause>(ref->tail.front()))) {
    return DataLoss("malformed gap");
  }
  row.stream = stream;
  row.begin = ref->begin;
  row.end = Later(row.begin, length_ns);
  row.cause = static_cast<GapCause>(ref->tail.front());
  if (row.end < row.begin) return DataLoss("malformed gap");
  return row;
}

Bytes EncodeStream(const StreamRow& row) {
  Bytes bytes;
  ByteWriter out(&bytes);
  out.PutString(row.name);
  out.PutVarint(row.retention_class.value);
  out.Put(row.created.ns);
  return bytes;
}

Result<StreamRow> DecodeStream(std::string_view key, ByteSpan value) {
  const auto stream = ParseStreamKey(key);
  StreamRow row;
  ByteReader in(value);
  row.name = in.GetString(255);
  const uint64_t retention_class = in.GetVarint();
  row.created = {in.Get<int64_t>()};
  if (!stream || !Ended(in) || row.name.empty() || !Fits<uint16_t>(retention_class)) {
    return DataLoss("malformed stream");
  }
  row.stream = *stream;
  row.retention_class = {static_cast<uint16_t>(retention_class)};
  return row;
}

Bytes EncodeSegment(const SegmentRow& row) {
  Bytes bytes;
  ByteWriter out(&bytes);
  out.PutUuid(row.uid);
  out.Put(static_cast<uint8_t>(row.state));
  out.PutVarint(row.file_number);
  out.PutVarint(row.retention_class.value);
  out.PutVarint(row.epoch.value);
  out.Put(row.begin.ns);
  out.Put(row.end.ns);
  out.PutVarint(row.chunk_count);
  out.PutVarint(row.payload_bytes);
  return bytes;
}

Result<SegmentRow> DecodeSegment(std::string_view key, ByteSpan value) {
  const auto ref = ParseSerialKey(key);
  SegmentRow row;
  ByteReader in(value);
  row.uid = in.GetUuid<SegmentUid>();
  const auto state = in.Get<uint8_t>();
  const uint64_t file_number = in.GetVarint();
  const uint64_t retention_class = in.GetVarint();
  const uint64_t epoch = in.GetVarint();
  row.begin = {in.Get<int64_t>()};
  row.end = {in.Get<int64_t>()};
  const uint64_t chunk_count = in.GetVarint();
  row.payload_bytes = in.GetVarint();
  if (!ref || !Ended(in) || state > static_cast<uint8_t>(SegmentState::kDamaged) ||
      !Fits<uint32_t>(file_number) || !Fits<uint16_t>(retention_class) || !Fits<uint32_t>(epoch) ||
      !Fits<uint32_t>(chunk_count)) {
    return DataLoss("malformed segment");
  }
  row.volume = ref->volume;
  row.serial = ref->serial;
  row.file_number = static_cast<uint32_t>(file_number);
  row.state = static_cast<SegmentState>(state);
  row.retention_class = {static_cast<uint16_t>(retention_class)};
  row.epoch = {static_cast<uint32_t>(epoch)};
  row.chunk_count = static_cast<uint32_t>(chunk_count);
  return row;
}

Bytes EncodeDead(const SerialRange& range) {
  Bytes bytes;
  ByteWriter(&bytes).PutVarint(range.last.value - range.first.value);
  return bytes;
}

Result<SerialRange> DecodeDead(std::string_view key, ByteSpan value) {
  const auto ref = ParseSerialKey(key);
  ByteReader in(value);
  const uint64_t more = in.GetVarint();
  if (!ref || !Ended(in) || more >= std::numeric_limits<uint64_t>::max() - ref->serial.value) {
    return DataLoss("malformed range of dead serials");
  }
  return SerialRange{ref->volume, ref->serial, {ref->serial.value + more}};
}

Bytes EncodeProgress(const VolumeProgress& row) {
  Bytes bytes;
  ByteWriter out(&bytes);
  out.PutUuid(row.id);
  out.PutVarint(row.epoch.value);
  return bytes;
}

Result<VolumeProgress> DecodeProgress(VolumeNo volume, ByteSpan value) {
  VolumeProgress row;
  ByteReader in(value);
  row.volume = volume;
  row.id = in.GetUuid<VolumeId>();
  const uint64_t epoch = in.GetVarint();
  if (!Ended(in) || !Fits<uint32_t>(epoch)) return DataLoss("malformed progress");
  row.epoch = {static_cast<uint32_t>(epoch)};
  return row;
}

Bytes EncodeFormat() {
  Bytes bytes;
  ByteWriter out(&bytes);
  out.PutString(kFormatName);
  out.PutVarint(kIndexFormat);
  return bytes;
}

Status CheckFormat(ByteSpan value) {
  ByteReader in(value);
  const std::string name = in.GetString(kFormatName.size());
  const uint64_t version = in.GetVarint();
  if (!in.ok() || name != kFormatName) return DataLoss("not an index");
  if (version != kIndexFormat) {
    return FailedPrecondition("index format " + std::to_string(version) + ", known is " +
                              std::to_string(kIndexFormat));
  }
  return Ended(in) ? OkStatus() : DataLoss("malformed format row");
}

}  // namespace reel

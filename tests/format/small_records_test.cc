// Node state, track description, ledger records and the names of streams.
#include <gtest/gtest.h>

#include "engine/base/bytes.h"
#include "engine/base/digest.h"
#include "engine/format/track_config.h"
#include "tests/format/samples.h"

namespace reel::format {
namespace {

Bytes Encoded(const NodeState& state) {
  Bytes slot(kNodeSlotBytes);
  EXPECT_TRUE(EncodeNodeState(state, slot).ok());
  return slot;
}

// Sets `at` to `value` and makes the checksum fit again.
template <class T>
Bytes Edited(Bytes slot, size_t at, T value) {
  StoreLe(slot.data() + at, value);
  const auto body = LoadLe<uint32_t>(slot.data() + 8);
  StoreLe(slot.data() + 12,
          Crc32c(ByteSpan(slot).subspan(16, body), Crc32c(ByteSpan(slot).first(12))));
  return slot;
}

TEST(NodeState, FullestOneFitsItsSlot) {
  NodeState state = SampleNodeState();
  state.volumes.clear();
  for (uint16_t i = 0; i < kMaxVolumes; ++i) {
    state.volumes.push_back(
        {{i}, SampleId<VolumeId>(static_cast<uint8_t>(i)), {i}, std::string(kMaxPathBytes, 'x')});
  }
  const Result<NodeState> read = DecodeNodeState(Encoded(state));
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(*read, state);
}

TEST(NodeState, TooMuchIsRefused) {
  Bytes slot(kNodeSlotBytes);
  NodeState state = SampleNodeState();
  state.volumes[0].path.assign(kMaxPathBytes + 1, 'x');
  EXPECT_EQ(EncodeNodeState(state, slot).code(), Code::kInvalidArgument);
  state = SampleNodeState();
  state.volumes[1].number = state.volumes[0].number;
  EXPECT_EQ(EncodeNodeState(state, slot).code(), Code::kInvalidArgument);
  state = SampleNodeState();
  state.volumes[1].id = state.volumes[0].id;
  EXPECT_EQ(EncodeNodeState(state, slot).code(), Code::kInvalidArgument);
  state.volumes.resize(kMaxVolumes + 1);
  EXPECT_EQ(EncodeNodeState(state, slot).code(), Code::kResourceExhausted);
}

TEST(NodeState, OthersAreToldApart) {
  const Bytes slot = Encoded(SampleNodeState());
  const auto code = [](ByteSpan bytes) { return DecodeNodeState(bytes).status().code(); };
  EXPECT_EQ(code(Bytes(kNodeSlotBytes)), Code::kNotFound);
  EXPECT_EQ(code(Bytes{}), Code::kNotFound);
  EXPECT_EQ(code(Edited(slot, 4, uint16_t{2})), Code::kFailedPrecondition);
  EXPECT_EQ(code(Edited(slot, 4, uint16_t{0})), Code::kFailedPrecondition);
  Bytes endless = slot;
  for (const uint32_t body_bytes : {0xFFFFFFFFU, kNodeSlotBytes, kNodeSlotBytes - 15}) {
    StoreLe(endless.data() + 8, body_bytes);
    EXPECT_EQ(code(endless), Code::kDataLoss) << body_bytes;
  }
  // The body is there and fits its checksum, but it ends beyond the slot.
  const size_t whole = 16 + LoadLe<uint32_t>(slot.data() + 8);
  EXPECT_EQ(code(ByteSpan(slot).first(whole)), Code::kOk);
  EXPECT_EQ(code(ByteSpan(slot).first(whole - 1)), Code::kDataLoss);
  constexpr size_t kCountAt = 16 + 8 + 16 + 8;
  ASSERT_EQ(slot[kCountAt], std::byte{2});
  EXPECT_EQ(code(Edited(slot, kCountAt, uint8_t{1})), Code::kDataLoss);  // bytes left over
  EXPECT_EQ(code(Edited(slot, kCountAt, uint8_t{3})), Code::kDataLoss);  // cut off
  EXPECT_EQ(code(Edited(slot, kCountAt, uint8_t{0x7F})), Code::kDataLoss);
  EXPECT_EQ(code(Edited(slot, kCountAt, ~uint64_t{0})), Code::kDataLoss);  // 2^57 at least
  constexpr size_t kSecondNumberAt = kCountAt + 1 + 2 + 16 + 4 + 1 + 11;
  ASSERT_EQ(slot[kSecondNumberAt], std::byte{2});
  EXPECT_EQ(code(Edited(slot, kSecondNumberAt, uint8_t{1})), Code::kDataLoss);  // given twice
}

TEST(Tracks, RoundTrip) {
  std::vector<TrackInfo> tracks = SampleTracks();
  TrackInfo audio;
  audio.id = {255};
  audio.kind = TrackKind::kAudio;
  audio.codec = Codec::kAac;
  audio.timescale = 0xFFFFFFFF;
  audio.sample_rate_hz = 44'100;
  audio.channels = 2;
  tracks.push_back(audio);
  TrackInfo data;
  data.id = {7};
  data.kind = TrackKind::kData;
  data.codec = Codec::kOnvifMetadata;
  tracks.push_back(data);
  EXPECT_EQ(DecodeTracks(EncodeTracks(tracks).value()).value(), tracks);
}

TEST(Tracks, WhatCannotBeDescribedIsRefused) {
  const auto code = [](const std::vector<TrackInfo>& tracks) {
    return EncodeTracks(tracks).status().code();
  };
  EXPECT_EQ(code({}), Code::kInvalidArgument);
  std::vector<TrackInfo> tracks(2, SampleTracks()[0]);
  EXPECT_EQ(code(tracks), Code::kInvalidArgument);  // one id twice
  tracks.resize(1);
  tracks[0].timescale = 0;
  EXPECT_EQ(code(tracks), Code::kInvalidArgument);
  tracks = SampleTracks();
  tracks[0].config.resize(kMaxTrackConfigBytes + 1);
  EXPECT_EQ(code(tracks), Code::kInvalidArgument);
  tracks.clear();
  for (uint8_t i = 0; i < 5; ++i) {
    tracks.push_back(SampleTracks()[0]);
    tracks.back().id = {i};
    tracks.back().config.resize(kMaxTrackConfigBytes);
  }
  EXPECT_EQ(code(tracks), Code::kInvalidArgument);  // 80 KiB in all
  tracks.resize(kMaxTracks + 1);
  EXPECT_EQ(code(tracks), Code::kInvalidArgument);
}

TEST(Tracks, HostileBytesAreRefused) {
  const Bytes good = EncodeTracks(SampleTracks()).value();
  const auto code = [](ByteSpan bytes) { return DecodeTracks(bytes).status().code(); };
  EXPECT_EQ(code({}), Code::kDataLoss);
  EXPECT_EQ(code(Bytes(64)), Code::kFailedPrecondition);  // version 0: zero bytes never parse
  for (size_t size = 1; size < good.size(); ++size) {
    EXPECT_EQ(code(ByteSpan(good).first(size)), Code::kDataLoss) << size;
  }
  Bytes bytes = good;
  bytes.push_back(std::byte{0});
  EXPECT_EQ(code(bytes), Code::kDataLoss);
  bytes = good;
  bytes[0] = std::byte{2};
  EXPECT_EQ(code(bytes), Code::kFailedPrecondition);
  bytes = good;
  bytes[1] = std::byte{kMaxTracks + 1};
  EXPECT_EQ(code(bytes), Code::kDataLoss);
  bytes = Bytes(1, std::byte{1});
  bytes.resize(10, std::byte{0xFF});
  bytes.push_back(std::byte{1});  // 2^64 - 1 tracks
  EXPECT_EQ(code(bytes), Code::kDataLoss);
  bytes = good;
  bytes[3] = std::byte{4};  // no such kind
  EXPECT_EQ(code(bytes), Code::kDataLoss);
}

TEST(Tracks, NumbersBeyond32BitsAreRefused) {
  Bytes bytes;
  ByteWriter writer(&bytes);
  writer.Put(uint8_t{1});
  writer.PutVarint(1);
  writer.Put(uint8_t{0});
  writer.Put(uint8_t{1});
  writer.Put(uint16_t{1});
  writer.PutVarint((uint64_t{1} << 32) + 90'000);  // would be 90 kHz if cut to 32 bits
  for (int i = 0; i < 5; ++i) writer.PutVarint(0);
  EXPECT_EQ(DecodeTracks(bytes).status().code(), Code::kDataLoss);
}

TEST(Ledger, EachRecordRoundTrips) {
  for (const auto& [name, record] : SampleLedgerRecords()) {
    EXPECT_TRUE(DecodeLedgerRecord(EncodeLedgerRecord(record)).value() == record) << name;
  }
}

TEST(Ledger, WhatThisProgramDoesNotKnowIsKeptAsItIs) {
  const Bytes gap = EncodeLedgerRecord(SampleLedgerRecords()[1].record);
  std::vector<Bytes> unknown(3, gap);
  unknown[0][0] = std::byte{200};              // type
  unknown[1][1] = std::byte{2};                // version
  unknown[2][gap.size() - 9] = std::byte{99};  // cause
  for (const Bytes& bytes : unknown) {
    const Result<LedgerRecord> record = DecodeLedgerRecord(bytes);
    ASSERT_TRUE(record.ok()) << record.status().ToString();
    ASSERT_TRUE(std::holds_alternative<OpaqueRecord>(*record));
    EXPECT_EQ(EncodeLedgerRecord(*record), bytes);
  }
}

TEST(Ledger, CutOffLongerOrZeroRecordsAreRefused) {
  const auto code = [](ByteSpan bytes) { return DecodeLedgerRecord(bytes).status().code(); };
  for (const auto& [name, record] : SampleLedgerRecords()) {
    Bytes bytes = EncodeLedgerRecord(record);
    for (size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_EQ(code(ByteSpan(bytes).first(size)), Code::kDataLoss) << name << " " << size;
    }
    bytes.push_back(std::byte{0});
    EXPECT_EQ(code(bytes), Code::kDataLoss) << name;
  }
  EXPECT_EQ(code(Bytes(2)), Code::kDataLoss);
  EXPECT_EQ(code(Bytes(100)), Code::kDataLoss);
}

TEST(Ledger, StreamsWithoutAProperNameAreRefused) {
  Bytes bytes = EncodeLedgerRecord(SampleLedgerRecords()[0].record);
  bytes[19] = std::byte{'/'};
  EXPECT_EQ(DecodeLedgerRecord(bytes).status().code(), Code::kDataLoss);
  EXPECT_DEATH(EncodeLedgerRecord(StreamRecord{{{}, "a/b", {}, {}}, 1}), "could not be read back");
}

TEST(Ledger, ImportsWithTextsNobodyCouldHaveWrittenAreRefused) {
  ImportRow import;
  import.owner = "somebody";
  Bytes bytes = EncodeLedgerRecord(import);
  bytes[bytes.size() - 3] = std::byte{1};
  EXPECT_EQ(DecodeLedgerRecord(bytes).status().code(), Code::kDataLoss);
  import.owner = "line\nbreak";
  EXPECT_DEATH(EncodeLedgerRecord(import), "could not be read back");
  EXPECT_TRUE(CheckNote("owner", "").ok());
  EXPECT_TRUE(CheckNote("owner", "Nguyễn Văn A / số 5").ok());
  EXPECT_EQ(CheckNote("owner", std::string(256, 'a')).code(), Code::kInvalidArgument);
  EXPECT_EQ(CheckNote("owner", "\xFF").code(), Code::kInvalidArgument);
}

TEST(StreamName, Checks) {
  const struct {
    std::string name;
    bool good;
  } cases[] = {
      {"cam-1", true},
      {"a", true},
      {"Cổng chính, tầng 2", true},
      {"東門", true},
      {"\U0001F4F7", true},
      {"a b", true},
      {"..", true},  // names never become paths
      {std::string(255, 'x'), true},
      {"", false},
      {std::string(256, 'x'), false},
      {" a", false},
      {"a ", false},
      {"a/b", false},
      {"a\nb", false},
      {std::string("a\0b", 3), false},
      {"\x7F", false},
      {"\xC2\x85", false},              // U+0085, a control character
      {"\xC2\xA0x", true},              // U+00A0
      {"\x80", false},                  // continuation alone
      {"a\xC3", false},                 // cut off
      {"\xC0\xAF", false},              // overlong '/'
      {"\xE0\x80\xAF", false},          // overlong '/'
      {"\xF0\x80\x80\xAF", false},      // overlong '/'
      {"\xED\xA0\x80", false},          // surrogate
      {"\xED\x9F\xBF", true},           // last before the surrogates
      {"\xF4\x8F\xBF\xBF", true},       // U+10FFFF
      {"\xF4\x90\x80\x80", false},      // above it
      {"\xF8\x88\x80\x80\x80", false},  // five bytes
      {"\xE2\x82", false},
      {"\xFF", false},
  };
  for (const auto& [name, good] : cases) {
    EXPECT_EQ(CheckStreamName(name).code(), good ? Code::kOk : Code::kInvalidArgument) << name;
  }
}

}  // namespace
}  // namespace reel::format

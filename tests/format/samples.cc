#include "tests/format/samples.h"

#include <algorithm>

#include "engine/base/bytes.h"
#include "engine/base/digest.h"
#include "engine/format/track_config.h"

namespace reel::format {
namespace {

constexpr WallTime kSampleWall{1'795'382'160'250'000'000};  // 2026-11-22T21:16:00.25Z

Bytes BytesOf(std::initializer_list<int> values) {
  Bytes bytes;
  for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

template <class T>
void StoreAt(Bytes* bytes, size_t at, const T& value) {
  std::memcpy(bytes->data() + at, &value, sizeof value);
}

Bytes Trimmed(Bytes bytes) {
  while (!bytes.empty() && bytes.back() == std::byte{0}) bytes.pop_back();
  return bytes;
}

}  // namespace

SegmentUid SampleUid() { return SampleId<SegmentUid>(0x10); }
SegmentUid OtherUid() { return SampleId<SegmentUid>(0x11); }

std::vector<TrackInfo> SampleTracks() {
  TrackInfo video;
  video.id = {0};
  video.width = 1920;
  video.height = 1080;
  video.config = BytesOf({0, 0, 0, 4, 0x67, 0x42, 0x00, 0x1E, 0, 0, 0, 2, 0x68, 0xCE});
  return {video};
}

Bytes BuildChunk(ChunkPlace place, ContentHead content, std::vector<UnitEntry> units,
                 const std::vector<Bytes>& payloads, const Bytes& config, uint32_t gap_bytes) {
  uint32_t payload_bytes = 0;
  for (size_t i = 0; i < units.size(); ++i) {
    units[i].size_bytes = static_cast<uint32_t>(payloads[i].size());
    units[i].crc32c = Crc32c(payloads[i]);
    payload_bytes += units[i].size_bytes;
  }
  place.head_bytes =
      HeadBytes(static_cast<uint32_t>(units.size()), static_cast<uint32_t>(config.size()));
  content.unit_count = static_cast<uint16_t>(units.size());
  content.config_bytes = static_cast<uint32_t>(config.size());
  content.payload_offset_bytes = place.head_bytes + gap_bytes - kContentOffset;
  content.payload_bytes = payload_bytes;
  place.content_bytes = content.payload_offset_bytes + payload_bytes;
  place.chunk_bytes =
      static_cast<uint32_t>(RoundUp(kContentOffset + place.content_bytes, kBlockBytes));
  if (place.extent_bytes == 0) place.extent_bytes = place.chunk_bytes;
  Bytes chunk(place.chunk_bytes);
  StoreAt(&chunk, 0, place);
  StoreAt(&chunk, kContentOffset, content);
  for (size_t i = 0; i < units.size(); ++i) {
    StoreAt(&chunk, kTableOffset + i * sizeof(UnitEntry), units[i]);
  }
  std::copy(config.begin(), config.end(), chunk.data() + place.head_bytes - config.size());
  std::byte* out = chunk.data() + place.head_bytes + gap_bytes;
  for (const Bytes& payload : payloads) out = std::copy(payload.begin(), payload.end(), out);
  Reseal(&chunk);
  return chunk;
}

void Reseal(Bytes* chunk) {
  const auto place = Load<ChunkPlace>(*chunk);
  SealHead(chunk->data(), place.head_bytes, place.segment_uid);
}

Bytes SampleChunk() {
  const Bytes config = EncodeTracks(SampleTracks()).value();
  ChunkPlace place;
  place.segment_uid = SampleUid();
  place.epoch = {3};
  place.seq = {2};
  place.durable_seq = {1};
  place.chain = 0xC0FFEE01;
  place.offset_bytes = kSampleOffset;
  place.extent_base_bytes = kSampleOffset;
  place.extent_bytes = 1U << 20;
  place.retention_class = kDefaultClass;
  ContentHead content;
  content.stream = SampleId<StreamId>(0x20);
  content.run = SampleId<RunId>(0x30);
  content.first_unit = {50};
  content.origin_uid = SampleUid();
  content.origin_epoch = {3};
  content.origin_seq = {2};
  content.wall_begin = kSampleWall;
  content.wall_end = {kSampleWall.ns + 40'000'000};
  content.mono_begin = {7'000'000'000};
  content.boot_id = SampleId<BootId>(0x40);
  content.wall_uncertainty_us = 1500;
  content.flags = kContentClean | kContentConfig;
  content.config_hash = ConfigHash(config);
  UnitEntry key;
  key.flags = kUnitClean;
  key.pts = key.dts = 180'000;
  UnitEntry next;
  next.wall_delta_us = 40'000;
  next.pts = next.dts = 183'600;
  return BuildChunk(place, content, {key, next},
                    {BytesOf({0, 0, 0, 5, 0x65, 0x88, 0x84, 0x00, 0x33}),
                     BytesOf({0, 0, 0, 3, 0x41, 0x9A, 0x21})},
                    config, 12);
}

std::vector<ChunkRow> SampleRows() {
  ChunkRow row = RowOf(DecodeChunkHead(SampleChunk(), SampleUid(), kSampleOffset).value());
  std::vector<ChunkRow> rows{row};
  row.seq = {3};
  row.offset_bytes = 12288;
  row.chunk_bytes = 65536;
  row.lead_bytes = 1200;
  row.first_unit = row.end_unit();
  row.unit_count = 6;
  row.wall_begin = {row.wall_end.ns + 40'000'000};
  row.wall_end = {row.wall_begin.ns + 200'000'000};
  row.flags = 0;
  rows.push_back(row);
  row.stream = SampleId<StreamId>(0x21);
  row.run = SampleId<RunId>(0x31);
  row.seq = {5};
  row.offset_bytes = 1U << 20;
  row.first_unit = {0};
  row.flags = kContentClean | kContentConfig;
  rows.push_back(row);
  return rows;
}

Bytes SampleFooter() {
  DirectoryEncoder directory;
  std::vector<ContentId> ids;
  for (const ChunkRow& row : SampleRows()) {
    directory.Append(row);
    ContentId id;
    id.bytes.fill(static_cast<uint8_t>(row.seq.value));
    ids.push_back(id);
  }
  FooterHead head;
  head.retention_class = kDefaultClass;
  head.uid = SampleUid();
  head.serial = {77};
  head.epoch = {3};
  return directory.Encode(head, ids);
}

SegmentHeader SampleSegmentHeader() {
  SegmentHeader header;
  header.state = LifeState::kInUse;
  header.generation = 9;
  header.uid = SampleUid();
  header.serial = {77};
  header.volume = SampleId<VolumeId>(0x50);
  header.segment_bytes = 1U << 30;
  header.footer_offset_bytes = (1U << 30) - (4U << 20);
  header.granule_bytes = 4096;
  header.file_number = 12;
  header.epoch = {3};
  header.retention_class = kDefaultClass;
  header.opened = kSampleWall;
  return header;
}

Superblock SampleSuperblock() {
  Superblock superblock;
  superblock.placement = Placement::kGop;
  superblock.sequence = 6;
  superblock.volume = SampleId<VolumeId>(0x50);
  superblock.owner = SampleId<NodeId>(0x60);
  superblock.owner_incarnation = 4;
  superblock.segment_bytes = 1U << 30;
  superblock.segment_count_max = 1000;
  superblock.granule_bytes = 4096;
  superblock.epoch = {3};
  superblock.created = kSampleWall;
  return superblock;
}

NodeState SampleNodeState() {
  NodeState state;
  state.sequence = 11;
  state.node = SampleId<NodeId>(0x60);
  state.incarnation = 4;
  state.volumes = {{{1}, SampleId<VolumeId>(0x50), {3}, "/srv/reel/a"},
                   {{2}, SampleId<VolumeId>(0x51), {9}, "/srv/reel/b"}};
  return state;
}

std::vector<NamedRecord> SampleLedgerRecords() {
  const auto stream = SampleId<StreamId>(0x20);
  const WallTime later{kSampleWall.ns + 1'000'000'000};
  ImportRow import;
  import.stream = stream;
  import.run = SampleId<RunId>(0x30);
  import.begin = kSampleWall;
  import.end = later;
  import.imported = {later.ns + 7};
  import.clock_offset = std::chrono::milliseconds(-2500);
  import.source_bytes = 249'610;
  import.source_sha256.fill(0xC5);
  import.owner = "Cửa hàng số 5";
  import.source = "cam/1.mp4";
  return {
      {"stream", StreamRecord{{stream, "Cổng chính 1", kDefaultClass, kSampleWall}, 2}},
      {"gap", GapRow{stream, kSampleWall, later, GapCause::kOverload, 25}},
      {"run", RunRow{stream, SampleId<RunId>(0x30), kSampleWall, later, EndCause::kSourceLost}},
      {"session", SessionRecord{SampleId<VolumeId>(0x50), {3}, kSampleWall}},
      {"retired",
       RetiredRecord{
           SampleId<VolumeId>(0x50), {77}, SampleUid(), kSampleWall, later, 8123, {later.ns + 5}}},
      {"import", import},
      {"retirement", RetirementRecord{stream, later, 3}},
  };
}

std::vector<Golden> Goldens() {
  std::vector<Golden> all;
  all.push_back({"chunk", Trimmed(SampleChunk())});
  all.push_back({"footer", SampleFooter()});
  Bytes block(kBlockBytes);
  EncodeSegmentHeader(SampleSegmentHeader(), std::span<std::byte, kBlockBytes>(block));
  all.push_back({"segment_header", Trimmed(block)});
  EncodeSuperblock(SampleSuperblock(), std::span<std::byte, kBlockBytes>(block));
  all.push_back({"superblock", Trimmed(block)});
  Bytes slot(kNodeSlotBytes);
  (void)EncodeNodeState(SampleNodeState(), slot);
  all.push_back({"node_state", Trimmed(slot)});
  all.push_back({"track_config", EncodeTracks(SampleTracks()).value()});
  for (const auto& [name, record] : SampleLedgerRecords()) {
    all.push_back({"ledger_" + name, EncodeLedgerRecord(record)});
  }
  return all;
}

}  // namespace reel::format

// The bytes of every structure, fixed. The first test builds each from fixed values and compares;
// the second decodes what is in the repository and compares the values. Both must hold for all time
// within one format version.
#include "tests/format/golden.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "engine/base/bytes.h"
#include "engine/format/track_config.h"
#include "tests/format/samples.h"

namespace reel::format {
namespace {

Bytes Padded(Bytes bytes, size_t size) {
  bytes.resize(size);
  return bytes;
}

void WriteFile(const std::string& path, std::string_view text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

TEST(Golden, EveryStructureIsWrittenAsEver) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread, and nobody sets it.
  const bool update = std::getenv("REEL_UPDATE_GOLDEN") != nullptr;
  for (const auto& [name, bytes] : Goldens()) {
    if (update) {
      WriteFile(GoldenPath(name), HexDump(bytes));
      WriteFile(SeedPath(name), AsText(bytes));
    }
    EXPECT_EQ(HexDump(bytes), ReadText(GoldenPath(name))) << name;
    EXPECT_EQ(AsText(bytes), ReadText(SeedPath(name))) << name;
  }
}

TEST(Golden, ChunkIsReadAsEver) {
  const Bytes bytes = Padded(ReadGolden("chunk"), kBlockBytes);
  const Result<ChunkHead> head = DecodeChunkHead(bytes, SampleUid(), kSampleOffset);
  ASSERT_TRUE(head.ok()) << head.status().ToString();
  EXPECT_TRUE(VerifyChunk(*head, bytes).ok());
  EXPECT_EQ(head->place.seq.value, 2U);
  EXPECT_EQ(head->place.durable_seq.value, 1U);
  EXPECT_EQ(head->place.epoch.value, 3U);
  EXPECT_EQ(head->place.chain, 0xC0FFEE01U);
  EXPECT_EQ(head->place.extent_bytes, 1U << 20);
  EXPECT_EQ(head->place.retention_class, kDefaultClass);
  EXPECT_EQ(head->content.stream, SampleId<StreamId>(0x20));
  EXPECT_EQ(head->content.run, SampleId<RunId>(0x30));
  EXPECT_EQ(head->content.origin_uid, SampleUid());
  EXPECT_EQ(head->content.boot_id, SampleId<BootId>(0x40));
  EXPECT_EQ(FormatWall(head->content.wall_begin), "2026-11-22T21:16:00.250Z");
  EXPECT_EQ(head->content.mono_begin.ns, 7'000'000'000);
  EXPECT_EQ(head->content.wall_uncertainty_us, 1500U);
  EXPECT_EQ(head->end_unit().value, 52U);
  ASSERT_EQ(head->units.size(), 2U);
  EXPECT_EQ(head->units[0].flags, kUnitClean);
  EXPECT_EQ(head->units[1].pts, 183'600);
  EXPECT_EQ(head->units[1].wall_delta_us, 40'000);
  const Result<ByteSpan> unit = VerifiedUnit(*head, bytes, 1);
  ASSERT_TRUE(unit.ok());
  EXPECT_EQ(HexDump(*unit), "0000: 00 00 00 03 41 9a 21\n");
  EXPECT_EQ(DecodeTracks(head->config).value(), SampleTracks());
  EXPECT_EQ(ConfigHash(head->config), head->content.config_hash);
}

TEST(Golden, FooterIsReadAsEver) {
  const Result<Footer> footer = DecodeFooter(ReadGolden("footer"), SampleUid());
  ASSERT_TRUE(footer.ok()) << footer.status().ToString();
  EXPECT_EQ(footer->rows, SampleRows());
  EXPECT_EQ(footer->head.serial.value, 77U);
  EXPECT_EQ(footer->head.epoch.value, 3U);
  EXPECT_EQ(footer->head.highest_seq.value, 5U);
  EXPECT_EQ(footer->head.stored_bytes, 4096U + 2 * 65536U);
  EXPECT_EQ(footer->head.retention_class, kDefaultClass);
  ASSERT_EQ(footer->content_ids.size(), 3U);
  EXPECT_THAT(footer->content_ids[2].bytes, testing::Each(5));
}

TEST(Golden, BlocksAreReadAsEver) {
  const Bytes header_block = Padded(ReadGolden("segment_header"), kBlockBytes);
  const Result<SegmentHeader> header = DecodeSegmentHeader(header_block);
  ASSERT_TRUE(header.ok()) << header.status().ToString();
  const SegmentHeader expected = SampleSegmentHeader();
  EXPECT_EQ(std::memcmp(&*header, &expected, sizeof expected), 0);
  const Bytes superblock_slot = Padded(ReadGolden("superblock"), kSuperblockSlotBytes);
  const Result<Superblock> superblock = DecodeSuperblock(superblock_slot);
  ASSERT_TRUE(superblock.ok()) << superblock.status().ToString();
  const Superblock expected_superblock = SampleSuperblock();
  EXPECT_EQ(std::memcmp(&*superblock, &expected_superblock, sizeof expected_superblock), 0);
}

TEST(Golden, NodeStateTracksAndLedgerAreReadAsEver) {
  const Result<NodeState> state = DecodeNodeState(Padded(ReadGolden("node_state"), kNodeSlotBytes));
  ASSERT_TRUE(state.ok()) << state.status().ToString();
  EXPECT_EQ(*state, SampleNodeState());
  EXPECT_EQ(DecodeTracks(ReadGolden("track_config")).value(), SampleTracks());
  for (const auto& [name, record] : SampleLedgerRecords()) {
    const Result<LedgerRecord> read = DecodeLedgerRecord(ReadGolden("ledger_" + name));
    ASSERT_TRUE(read.ok()) << name << ": " << read.status().ToString();
    EXPECT_TRUE(*read == record) << name;
  }
}

}  // namespace
}  // namespace reel::format

// Salvage: what is accepted of a segment without a footer, and what is called damage (R1, R2).
#include "engine/segment/salvage.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "engine/testing/sim_disk.h"
#include "tests/segment/chunk_maker.h"

namespace reel {
namespace {

using made::ChunkWish;
using made::Life;
using made::MadeChunk;
using made::MakeChunk;
using made::PlaceWish;

constexpr uint64_t kSegmentBytes = 256U << 10;
constexpr char kName[] = "segment-00000000";

class SalvageTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(disk_.Create(kName, kSegmentBytes).ok());
    file_ = *disk_.Open(kName, OpenMode::kReadWrite);
  }
  // Chunk `seq` at its slot of 8 KiB; the chain goes on from the last one put.
  MadeChunk Put(uint32_t seq, uint32_t durable_seq, uint32_t payload_bytes = 5000) {
    PlaceWish place{seq, durable_seq, chain_, OffsetOf(seq)};
    ChunkWish content;
    content.first_unit = {seq * 10};
    content.payload_bytes = payload_bytes;
    MadeChunk chunk = MakeChunk(header_, place, content);
    disk_.Poke(kName, OffsetOf(seq), chunk.bytes);
    chain_ = chunk.header_crc32c;
    return chunk;
  }
  static uint64_t OffsetOf(uint32_t seq) { return 8192 + uint64_t{seq - 1} * 8192; }
  void Erase(uint32_t seq) { disk_.Poke(kName, OffsetOf(seq), Bytes(8192)); }
  SalvageReport Scan(uint32_t known = 0) {
    Result<SalvageReport> report = Salvage(*file_, header_, {known});
    EXPECT_TRUE(report.ok()) << report.status().ToString();
    return std::move(*report);
  }
  static std::vector<uint32_t> SeqsOf(const SalvageReport& report) {
    std::vector<uint32_t> seqs;
    for (const format::ChunkRow& row : report.rows) seqs.push_back(row.seq.value);
    return seqs;
  }
  using Seqs = std::vector<uint32_t>;

  SimDisk disk_;
  std::unique_ptr<File> file_;
  format::SegmentHeader header_ = Life(kSegmentBytes);
  uint32_t chain_ = 0;
};

TEST_F(SalvageTest, NothingInAnEmptySegment) {
  const SalvageReport report = Scan();
  EXPECT_TRUE(report.rows.empty());
  EXPECT_FALSE(report.damaged());
}

TEST_F(SalvageTest, FindsEveryChunkWithItsRow) {
  std::vector<format::ChunkRow> rows;
  for (uint32_t seq = 1; seq <= 5; ++seq) rows.push_back(Put(seq, seq - 1).row);
  const SalvageReport report = Scan();
  EXPECT_EQ(report.rows, rows);
  EXPECT_EQ(report.content_ids.size(), 5U);
  EXPECT_EQ(report.durable_seq.value, 4U);
  EXPECT_FALSE(report.damaged());
  EXPECT_EQ(report.never_acknowledged_count, 0U);
}

TEST_F(SalvageTest, AHoleBelowWhatWasDurableIsDamageAndCutsNothingOff) {
  for (uint32_t seq = 1; seq <= 6; ++seq) Put(seq, seq == 6 ? 4 : 0);
  Erase(2);
  const SalvageReport report = Scan();
  EXPECT_EQ(SeqsOf(report), (Seqs{1, 3, 4, 5, 6}));
  EXPECT_EQ(report.lost_acknowledged, std::vector<ChunkSeq>{{2}});
  EXPECT_TRUE(report.damaged());
}

TEST_F(SalvageTest, AHoleAboveItWasNeverAcknowledged) {
  for (uint32_t seq = 1; seq <= 6; ++seq) Put(seq, seq == 6 ? 3 : 0);
  Erase(4);
  const SalvageReport report = Scan();
  EXPECT_EQ(SeqsOf(report), (Seqs{1, 2, 3, 5, 6}));
  EXPECT_FALSE(report.damaged());
  EXPECT_EQ(report.never_acknowledged_count, 1U);
}

TEST_F(SalvageTest, WhatOthersKnowToBeDurableCountsToo) {
  for (uint32_t seq = 1; seq <= 3; ++seq) Put(seq, 0);
  Erase(3);
  EXPECT_FALSE(Scan().damaged());
  const SalvageReport report = Scan(5);
  EXPECT_EQ(report.lost_acknowledged_count, 3U);  // 3, 4 and 5
  EXPECT_EQ(SeqsOf(report), (Seqs{1, 2}));
}

TEST_F(SalvageTest, OrderIsBySeqNotByPlace) {
  PlaceWish first{1, 0, 0, OffsetOf(3)};
  const MadeChunk one = MakeChunk(header_, first, {});
  PlaceWish second{2, 0, one.header_crc32c, OffsetOf(1)};
  const MadeChunk two = MakeChunk(header_, second, {});
  disk_.Poke(kName, OffsetOf(3), one.bytes);
  disk_.Poke(kName, OffsetOf(1), two.bytes);
  const SalvageReport report = Scan();
  EXPECT_EQ(SeqsOf(report), (Seqs{1, 2}));
  EXPECT_EQ(report.broken_links, 0U);
}

TEST_F(SalvageTest, ATornChunkIsNoneAndItsNeighboursStay) {
  for (uint32_t seq = 1; seq <= 3; ++seq) Put(seq, 0);
  disk_.Poke(kName, OffsetOf(2) + 4096, Bytes(512));  // within its payload
  const SalvageReport report = Scan();
  EXPECT_EQ(SeqsOf(report), (Seqs{1, 3}));
  EXPECT_FALSE(report.damaged());
}

// Its head is whole: what it says was acknowledged was.
TEST_F(SalvageTest, ATornChunkStillTellsWhatWasDurable) {
  for (uint32_t seq = 1; seq <= 3; ++seq) Put(seq, seq == 3 ? 2 : 0);
  disk_.Poke(kName, OffsetOf(3) + 4096, Bytes(512));
  Erase(1);
  const SalvageReport report = Scan();
  EXPECT_EQ(SeqsOf(report), (Seqs{2}));
  EXPECT_EQ(report.lost_acknowledged, std::vector<ChunkSeq>{{1}});
}

TEST_F(SalvageTest, AMisplacedChunkIsNone) {
  const MadeChunk chunk = Put(1, 0);
  Erase(1);
  disk_.Poke(kName, OffsetOf(5), chunk.bytes);
  EXPECT_TRUE(Scan().rows.empty());
}

TEST_F(SalvageTest, AnEarlierLifeOfTheFileIsNotSeen) {
  const format::SegmentHeader now = header_;
  header_ = Life(kSegmentBytes, 4096, /*uid=*/9);
  Put(1, 0);
  Put(2, 1);
  header_ = now;
  chain_ = 0;
  EXPECT_TRUE(Scan().rows.empty());
  Put(1, 0);
  EXPECT_EQ(SeqsOf(Scan()), (Seqs{1}));
}

TEST_F(SalvageTest, AnotherEpochIsNotSeen) {
  Put(1, 0);
  header_.epoch = {2};
  EXPECT_TRUE(Scan().rows.empty());
}

TEST_F(SalvageTest, ASeqThatIsThereTwiceIsReportedAndServedOnce) {
  Put(1, 0);
  chain_ = 0;
  PlaceWish again{1, 0, 0, OffsetOf(4)};
  ChunkWish other;
  other.first_unit = {99};
  disk_.Poke(kName, OffsetOf(4), MakeChunk(header_, again, other).bytes);
  const SalvageReport report = Scan();
  EXPECT_EQ(SeqsOf(report), (Seqs{1}));
  EXPECT_TRUE(report.damaged());
}

TEST_F(SalvageTest, NeighboursWhoseChainDisagreesAreReported) {
  Put(1, 0);
  chain_ ^= 1;
  Put(2, 0);
  const SalvageReport report = Scan();
  EXPECT_EQ(SeqsOf(report), (Seqs{1, 2}));
  EXPECT_EQ(report.broken_links, 1U);
}

TEST_F(SalvageTest, ADeviceThatRefusesToReadIsDamageNotAnError) {
  Put(1, 0);
  FaultRule rule;
  rule.call = SeamCall::kRead;
  rule.fault = Fault::Error(EIO);
  rule.times = kForEver;
  disk_.faults().Add(rule);
  const SalvageReport report = Scan();
  EXPECT_TRUE(report.damaged());
  EXPECT_GT(report.unreadable_blocks, 0U);
}

TEST_F(SalvageTest, AFileThatWasCutIsRefused) {
  disk_.PutFile("short", Bytes(kSegmentBytes / 2));
  const std::unique_ptr<File> file = *disk_.Open("short", OpenMode::kReadOnly);
  const Result<SalvageReport> report = Salvage(*file, header_, {});
  EXPECT_EQ(report.status().code(), Code::kDataLoss);
}

}  // namespace
}  // namespace reel

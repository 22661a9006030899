// Block 0 and the superblock: what is refused, and with which error.
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "engine/base/bytes.h"
#include "engine/base/digest.h"
#include "tests/format/samples.h"

namespace reel::format {
namespace {

// A block holding `record` as it is, sane or not, with a fitting checksum.
template <Wire T>
Bytes BlockOf(const T& record) {
  Bytes block(kBlockBytes);
  Store(record, block.data());
  StoreLe(block.data() + kRecordCrcOffset, Crc32c(ByteSpan(block).first(kRecordCrcOffset)));
  return block;
}

Code CodeOf(const SegmentHeader& header) {
  return DecodeSegmentHeader(BlockOf(header)).status().code();
}
Code CodeOf(const Superblock& superblock) {
  return DecodeSuperblock(BlockOf(superblock)).status().code();
}

template <class T>
struct Refusal {
  const char* why;
  std::function<void(T*)> edit;
};

TEST(SegmentHeader, FreeOneNeedsNoGeometry) {
  SegmentHeader header;
  header.granule_bytes = kBlockBytes;
  EXPECT_EQ(CodeOf(header), Code::kOk);
  EXPECT_EQ(CodeOf(SampleSegmentHeader()), Code::kOk);
}

TEST(SegmentHeader, ImpossibleValuesAreRefused) {
  const Refusal<SegmentHeader> refusals[] = {
      {"state 0", [](SegmentHeader* h) { h->state = static_cast<LifeState>(0); }},
      {"state 3", [](SegmentHeader* h) { h->state = static_cast<LifeState>(3); }},
      {"granule 0", [](SegmentHeader* h) { h->granule_bytes = 0; }},
      {"granule of half a block", [](SegmentHeader* h) { h->granule_bytes = 2048; }},
      {"granule of one and a half", [](SegmentHeader* h) { h->granule_bytes = 6144; }},
      {"granule too large", [](SegmentHeader* h) { h->granule_bytes = 32U << 20; }},
      {"nil UID", [](SegmentHeader* h) { h->uid = {}; }},
      {"serial 0", [](SegmentHeader* h) { h->serial = {0}; }},
      {"last serial", [](SegmentHeader* h) { h->serial = {std::numeric_limits<uint64_t>::max()}; }},
      {"segment too large", [](SegmentHeader* h) { h->segment_bytes = kMaxSegmentBytes + 1; }},
      {"footer in block 0", [](SegmentHeader* h) { h->footer_offset_bytes = kBlockBytes; }},
      {"footer behind the end",
       [](SegmentHeader* h) { h->footer_offset_bytes = h->segment_bytes; }},
      {"footer between blocks", [](SegmentHeader* h) { h->footer_offset_bytes -= 512; }},
  };
  for (const auto& [why, edit] : refusals) {
    SegmentHeader header = SampleSegmentHeader();
    edit(&header);
    EXPECT_EQ(CodeOf(header), Code::kDataLoss) << why;
  }
}

TEST(SegmentHeader, OthersAreToldApart) {
  SegmentHeader header = SampleSegmentHeader();
  header.version = 2;
  header.state = static_cast<LifeState>(200);  // what else a later version says is not looked at
  EXPECT_EQ(CodeOf(header), Code::kFailedPrecondition);
  header.version = 0;
  EXPECT_EQ(CodeOf(header), Code::kFailedPrecondition);
  header.magic = kSuperblockMagic;
  EXPECT_EQ(CodeOf(header), Code::kNotFound);
  EXPECT_EQ(DecodeSegmentHeader(Bytes(kBlockBytes)).status().code(), Code::kNotFound);
  EXPECT_EQ(DecodeSegmentHeader(Bytes(kRecordBytes - 1)).status().code(), Code::kNotFound);
  Bytes damaged = BlockOf(SampleSegmentHeader());
  damaged[4] ^= std::byte{2};  // a version, but not one that was written
  EXPECT_EQ(DecodeSegmentHeader(damaged).status().code(), Code::kDataLoss);
}

TEST(SegmentHeader, LongerRecordOfALaterVersionIsRefusedNotDamaged) {
  Bytes block = BlockOf(SampleSegmentHeader());
  StoreLe(block.data() + 4, uint16_t{2});
  block[sizeof(SegmentHeader)] = std::byte{77};
  StoreLe(block.data() + kRecordCrcOffset, Crc32c(ByteSpan(block).first(kRecordCrcOffset)));
  EXPECT_EQ(DecodeSegmentHeader(block).status().code(), Code::kFailedPrecondition);
}

TEST(Superblock, ImpossibleValuesAreRefused) {
  const Refusal<Superblock> refusals[] = {
      {"placement 0", [](Superblock* s) { s->placement = static_cast<Placement>(0); }},
      {"placement 3", [](Superblock* s) { s->placement = static_cast<Placement>(3); }},
      {"granule 0", [](Superblock* s) { s->granule_bytes = 0; }},
      {"segments of 0", [](Superblock* s) { s->segment_bytes = 0; }},
      {"segments of no power of two", [](Superblock* s) { s->segment_bytes = 3U << 20; }},
      {"segments below a block", [](Superblock* s) { s->segment_bytes = 2048; }},
      {"segments too large", [](Superblock* s) { s->segment_bytes = 2 * kMaxSegmentBytes; }},
      {"no files", [](Superblock* s) { s->segment_count_max = 0; }},
      {"too many files", [](Superblock* s) { s->segment_count_max = kMaxSegmentFiles + 1; }},
      {"nil volume", [](Superblock* s) { s->volume = {}; }},
  };
  for (const auto& [why, edit] : refusals) {
    Superblock superblock = SampleSuperblock();
    edit(&superblock);
    EXPECT_EQ(CodeOf(superblock), Code::kDataLoss) << why;
  }
}

TEST(Superblock, OthersAreToldApart) {
  Superblock superblock = SampleSuperblock();
  EXPECT_EQ(CodeOf(superblock), Code::kOk);
  superblock.version = 7;
  EXPECT_EQ(CodeOf(superblock), Code::kFailedPrecondition);
  superblock.magic = kSegmentMagic;
  EXPECT_EQ(CodeOf(superblock), Code::kNotFound);
  EXPECT_EQ(DecodeSuperblock(Bytes(kSuperblockSlotBytes)).status().code(), Code::kNotFound);
  EXPECT_EQ(DecodeSuperblock(Bytes{}).status().code(), Code::kNotFound);
}

TEST(BlocksDeathTest, WhatCouldNotBeReadBackIsNotWritten) {
  Bytes block(kBlockBytes);
  const std::span<std::byte, kBlockBytes> span(block);
  SegmentHeader header = SampleSegmentHeader();
  header.serial = {0};
  EXPECT_DEATH(EncodeSegmentHeader(header, span), "could not be read back");
  Superblock superblock = SampleSuperblock();
  superblock.segment_count_max = 0;
  EXPECT_DEATH(EncodeSuperblock(superblock, span), "could not be read back");
}

}  // namespace
}  // namespace reel::format

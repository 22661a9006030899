// What DecodeChunkHead, VerifiedUnit and VerifyChunk refuse, each from one edit of a chunk whose
// header CRC is made to fit again: the bytes a faulty or hostile writer could leave.
#include "engine/format/chunk.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "engine/base/bytes.h"
#include "engine/base/digest.h"
#include "tests/format/samples.h"

namespace reel::format {
namespace {

Code CodeOf(const Bytes& chunk, const SegmentUid& uid = SampleUid(),
            uint64_t offset_bytes = kSampleOffset) {
  const Result<ChunkHead> head = DecodeChunkHead(chunk, uid, offset_bytes);
  return head.ok() ? VerifyChunk(*head, chunk).code() : head.status().code();
}

struct Edited {
  ChunkPlace place;
  ContentHead content;
};

// The sample chunk with its fixed fields edited and resealed.
Bytes Edit(const std::function<void(Edited*)>& edit) {
  Bytes chunk = SampleChunk();
  Edited fields{Load<ChunkPlace>(chunk),
                Load<ContentHead>(ByteSpan(chunk).subspan(kContentOffset))};
  edit(&fields);
  Store(fields.place, chunk.data());
  Store(fields.content, chunk.data() + kContentOffset);
  const uint32_t sealable = std::min<uint32_t>(fields.place.head_bytes, kBlockBytes);
  if (sealable >= kTableOffset) SealHead(chunk.data(), sealable, fields.place.segment_uid);
  return chunk;
}

TEST(Chunk, SampleIsWhole) {
  EXPECT_EQ(CodeOf(SampleChunk()), Code::kOk);
  EXPECT_EQ(CodeOf(Edit([](Edited*) {})), Code::kOk);
}

TEST(Chunk, ZeroBytesAreNoChunk) {
  const Bytes zeros(64U << 10);
  EXPECT_EQ(CodeOf(zeros), Code::kNotFound);
  EXPECT_EQ(CodeOf(zeros, SegmentUid{}, 0), Code::kNotFound);
  EXPECT_EQ(PeekHeadBytes(zeros, SegmentUid{}), 0U);
}

TEST(Chunk, BytesOfAnotherLifeAreNoChunk) {
  const Bytes chunk = SampleChunk();
  EXPECT_EQ(CodeOf(chunk, OtherUid()), Code::kNotFound);
  EXPECT_EQ(PeekHeadBytes(chunk, OtherUid()), 0U);
  // Even with the UID of this life copied over the old one: the checksum began from the other seed.
  Bytes relabelled = chunk;
  std::memcpy(relabelled.data() + offsetof(ChunkPlace, segment_uid), OtherUid().bytes.data(), 16);
  EXPECT_EQ(CodeOf(relabelled, OtherUid()), Code::kDataLoss);
}

TEST(Chunk, UnknownVersionsAreRefused) {
  for (const uint16_t version : std::initializer_list<uint16_t>{0, 2, 0x0101, 0xFFFF}) {
    EXPECT_EQ(CodeOf(Edit([&](Edited* e) { e->place.version = version; })),
              Code::kFailedPrecondition)
        << version;
  }
  // A later version may lay out what follows the place anew: nothing of it is looked at.
  EXPECT_EQ(CodeOf(Edit([](Edited* e) {
              e->place.version = 2;
              e->content.unit_count = 0;
              e->place.content_bytes = 0;
            })),
            Code::kFailedPrecondition);
}

TEST(Chunk, MisplacedChunkIsDamage) {
  EXPECT_EQ(CodeOf(SampleChunk(), SampleUid(), kSampleOffset + kBlockBytes), Code::kDataLoss);
}

TEST(Chunk, CutOffChunkSaysSo) {
  const Bytes chunk = SampleChunk();
  const auto head_bytes = Load<ChunkPlace>(chunk).head_bytes;
  for (const size_t size : {size_t{0}, size_t{95}, size_t{kTableOffset - 1}, size_t{kTableOffset},
                            size_t{head_bytes - 1}}) {
    EXPECT_EQ(
        DecodeChunkHead(ByteSpan(chunk).first(size), SampleUid(), kSampleOffset).status().code(),
        Code::kOutOfRange)
        << size;
  }
  const Result<ChunkHead> head =
      DecodeChunkHead(ByteSpan(chunk).first(head_bytes), SampleUid(), kSampleOffset);
  ASSERT_TRUE(head.ok());
  EXPECT_EQ(VerifyChunk(*head, ByteSpan(chunk).first(chunk.size() - 1)).code(), Code::kOutOfRange);
}

TEST(Chunk, PeekTellsHowManyBytesTheHeadNeeds) {
  const Bytes chunk = SampleChunk();
  EXPECT_EQ(PeekHeadBytes(ByteSpan(chunk).first(kTableOffset), SampleUid()),
            Load<ChunkPlace>(chunk).head_bytes);
  EXPECT_EQ(PeekHeadBytes(ByteSpan(chunk).first(kTableOffset - 1), SampleUid()), 0U);
}

struct Refusal {
  const char* why;
  std::function<void(Edited*)> edit;
};

TEST(Chunk, ImpossibleValuesUnderAValidChecksumAreRefused) {
  constexpr auto kMax32 = std::numeric_limits<uint32_t>::max();
  constexpr auto kMax64 = std::numeric_limits<uint64_t>::max();
  const Refusal refusals[] = {
      {"head below the fixed part", [](Edited* e) { e->place.head_bytes = kTableOffset - 1; }},
      {"head beyond its bound",
       [](Edited* e) { e->place.head_bytes = HeadBytes(kMaxChunkUnits, kMaxConfigBytes) + 1; }},
      {"head length wraps", [](Edited* e) { e->place.head_bytes = kMax32; }},
      {"head is not what units and config make", [](Edited* e) { ++e->place.head_bytes; }},
      {"no unit", [](Edited* e) { e->content.unit_count = 0; }},
      {"too many units", [](Edited* e) { e->content.unit_count = kMaxChunkUnits + 1; }},
      {"config beyond its bound", [](Edited* e) { e->content.config_bytes = kMaxConfigBytes + 1; }},
      {"config length wraps", [](Edited* e) { e->content.config_bytes = kMax32 - 40; }},
      {"config without its flag", [](Edited* e) { e->content.flags = kContentClean; }},
      {"payload inside the head", [](Edited* e) { e->content.payload_offset_bytes = 160; }},
      {"payload offset wraps", [](Edited* e) { e->content.payload_offset_bytes = kMax32; }},
      {"payload shorter than its units", [](Edited* e) { --e->content.payload_bytes; }},
      {"content shorter than payload", [](Edited* e) { --e->place.content_bytes; }},
      {"units do not fill the payload",
       [](Edited* e) { --e->content.payload_bytes, --e->place.content_bytes; }},
      {"chunk shorter than content", [](Edited* e) { e->place.chunk_bytes = 0; }},
      {"chunk of half a block", [](Edited* e) { e->place.chunk_bytes += kBlockBytes / 2; }},
      {"chunk beyond its bound",
       [](Edited* e) {
         e->place.chunk_bytes = kMaxChunkBytes + kBlockBytes;
         e->place.extent_bytes = kMax32;
       }},
      {"chunk before its extent",
       [](Edited* e) { e->place.extent_base_bytes = kSampleOffset + 1; }},
      {"chunk behind its extent", [](Edited* e) { e->place.extent_bytes = kBlockBytes - 1; }},
      {"extent ends within the chunk",
       [](Edited* e) {
         e->place.extent_base_bytes = 0;
         e->place.extent_bytes = kSampleOffset + kBlockBytes - 1;
       }},
      {"seq 0", [](Edited* e) { e->place.seq = {0}, e->place.durable_seq = {0}; }},
      {"seq beyond its bound", [](Edited* e) { e->place.seq = {kMaxChunksPerSegment + 1}; }},
      {"durable before it was written", [](Edited* e) { e->place.durable_seq = e->place.seq; }},
      {"durable of the far future", [](Edited* e) { e->place.durable_seq = {kMax32}; }},
      {"first of a segment with a predecessor",
       [](Edited* e) { e->place.seq = {1}, e->place.durable_seq = {0}; }},
      {"unit numbers wrap", [](Edited* e) { e->content.first_unit = {kMax64 - 1}; }},
  };
  for (const auto& [why, edit] : refusals) EXPECT_EQ(CodeOf(Edit(edit)), Code::kDataLoss) << why;
}

TEST(Chunk, OffsetsNoSegmentHasAreRefused) {
  for (const uint64_t offset :
       {uint64_t{100}, kMaxSegmentBytes, std::numeric_limits<uint64_t>::max() - kBlockBytes + 1}) {
    const Bytes chunk = Edit([&](Edited* e) {
      e->place.offset_bytes = offset;
      e->place.extent_base_bytes = offset;
    });
    EXPECT_EQ(CodeOf(chunk, SampleUid(), offset), Code::kDataLoss) << offset;
  }
}

ChunkPlace FirstPlace() {
  ChunkPlace place;
  place.segment_uid = SampleUid();
  place.seq = {1};
  return place;
}

// A whole chunk of `units` units of one size and a config: nothing in it is wrong but what is too
// much.
Code CodeOfChunk(size_t units, size_t unit_bytes, size_t config_bytes) {
  ContentHead content;
  content.flags = config_bytes == 0 ? 0 : kContentConfig;
  return CodeOf(BuildChunk(FirstPlace(), content, std::vector<UnitEntry>(units),
                           std::vector<Bytes>(units, Bytes(unit_bytes, std::byte{7})),
                           Bytes(config_bytes, std::byte{9}), 0),
                SampleUid(), 0);
}

TEST(Chunk, WholeChunksWithinAndBeyondTheLimits) {
  EXPECT_EQ(CodeOfChunk(1, 1, 0), Code::kOk);
  EXPECT_EQ(CodeOfChunk(0, 0, 0), Code::kDataLoss);
  EXPECT_EQ(CodeOfChunk(2, 0, 0), Code::kDataLoss);
  EXPECT_EQ(CodeOfChunk(kMaxChunkUnits, 3, kMaxConfigBytes), Code::kOk);
  EXPECT_EQ(CodeOfChunk(kMaxChunkUnits + 1, 3, 0), Code::kDataLoss);
  EXPECT_EQ(CodeOfChunk(1, 3, kMaxConfigBytes + 1), Code::kDataLoss);
  EXPECT_EQ(CodeOfChunk(1, kMaxUnitBytes, 0), Code::kOk);
  EXPECT_EQ(CodeOfChunk(1, kMaxUnitBytes + 1, 0), Code::kDataLoss);
  constexpr size_t kHalf = (kMaxChunkBytes - kTableOffset - 2 * sizeof(UnitEntry)) / 2;
  EXPECT_EQ(CodeOfChunk(2, kHalf, 0), Code::kOk);
  EXPECT_EQ(CodeOfChunk(2, kHalf + 1, 0), Code::kDataLoss);
}

TEST(Chunk, UnitSizesThatWrapAreRefused) {
  Bytes chunk = SampleChunk();
  StoreLe(chunk.data() + kTableOffset + offsetof(UnitEntry, size_bytes), 0xFFFFFFF9U);
  // Their sum in 32 bits is the payload's length.
  StoreLe(chunk.data() + kTableOffset + sizeof(UnitEntry) + offsetof(UnitEntry, size_bytes), 23U);
  Reseal(&chunk);
  EXPECT_EQ(CodeOf(chunk), Code::kDataLoss);
}

TEST(Chunk, BytesInTheGapAreDamage) {
  Bytes chunk = SampleChunk();
  chunk[Load<ChunkPlace>(chunk).head_bytes] = std::byte{1};
  EXPECT_EQ(CodeOf(chunk), Code::kDataLoss);
}

TEST(Chunk, PeekTakesTheLargestHead) {
  ContentHead content;
  content.flags = kContentConfig;
  const Bytes chunk = BuildChunk(FirstPlace(), content, std::vector<UnitEntry>(kMaxChunkUnits),
                                 std::vector<Bytes>(kMaxChunkUnits, Bytes(1, std::byte{7})),
                                 Bytes(kMaxConfigBytes, std::byte{9}), 0);
  EXPECT_EQ(PeekHeadBytes(chunk, SampleUid()), HeadBytes(kMaxChunkUnits, kMaxConfigBytes));
}

TEST(Chunk, LeadHoldsHeadAndFirstUnit) {
  const Bytes chunk = SampleChunk();
  const ChunkHead head = DecodeChunkHead(chunk, SampleUid(), kSampleOffset).value();
  const ByteSpan lead = ByteSpan(chunk).first(head.lead_bytes());
  EXPECT_TRUE(VerifiedUnit(head, lead, 0).ok());
  EXPECT_EQ(VerifiedUnit(head, lead.first(lead.size() - 1), 0).status().code(), Code::kOutOfRange);
  EXPECT_EQ(VerifiedUnit(head, lead, 1).status().code(), Code::kOutOfRange);
}

TEST(Chunk, DamagedUnitIsNamed) {
  Bytes chunk = SampleChunk();
  const ChunkHead head = DecodeChunkHead(chunk, SampleUid(), kSampleOffset).value();
  chunk[head.lead_bytes()] ^= std::byte{1};
  EXPECT_TRUE(VerifiedUnit(head, chunk, 0).ok());
  const Status status = VerifiedUnit(head, chunk, 1).status();
  EXPECT_EQ(status.code(), Code::kDataLoss);
  EXPECT_NE(status.message().find("unit 51"), std::string::npos) << status.message();
}

TEST(Chunk, EncryptedUnitsAreNotHandedOut) {
  const Bytes chunk = Edit([](Edited* e) { e->content.key_id = 4; });
  EXPECT_EQ(CodeOf(chunk), Code::kOk);
  const ChunkHead head = DecodeChunkHead(chunk, SampleUid(), kSampleOffset).value();
  EXPECT_EQ(VerifiedUnit(head, chunk, 0).status().code(), Code::kFailedPrecondition);
}

constexpr uint64_t kElsewhere = uint64_t{5} * kBlockBytes;

TEST(Chunk, ContentIdIsThatOfTheContentWhereverItStands) {
  const Bytes chunk = SampleChunk();
  const ChunkHead head = DecodeChunkHead(chunk, SampleUid(), kSampleOffset).value();
  const Bytes moved = Edit([](Edited* e) {
    e->place.segment_uid = OtherUid();
    e->place.offset_bytes = e->place.extent_base_bytes = kElsewhere;
    e->place.seq = {900};
    e->place.epoch = {8};
  });
  const ChunkHead moved_head = DecodeChunkHead(moved, OtherUid(), kElsewhere).value();
  EXPECT_EQ(ContentIdOf(head, chunk), ContentIdOf(moved_head, moved));
  const auto digest = Sha256(ByteSpan(chunk).subspan(kContentOffset, head.place.content_bytes));
  EXPECT_EQ(ContentIdOf(head, chunk).bytes, digest);
}

}  // namespace
}  // namespace reel::format

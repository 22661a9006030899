// The footer: round trips, bytes per row, refusals, and its Merkle root against a second
// implementation.
#include "engine/format/footer.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <functional>
#include <limits>
#include <random>

#include "engine/base/bytes.h"
#include "engine/base/digest.h"
#include "tests/format/samples.h"

namespace reel::format {
namespace {

Bytes FooterOf(const std::vector<ChunkRow>& rows) {
  DirectoryEncoder directory;
  std::vector<ContentId> ids(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    directory.Append(rows[i]);
    ids[i].bytes.fill(static_cast<uint8_t>(i));
  }
  FooterHead head;
  head.uid = SampleUid();
  Bytes footer = directory.Encode(head, ids);
  EXPECT_EQ(footer.size(), directory.footer_bytes());
  return footer;
}

// `footer` with its head edited and both checksums made to fit again.
Bytes EditHead(Bytes footer, const std::function<void(FooterHead*)>& edit) {
  auto head = Load<FooterHead>(footer);
  const ByteSpan directory = ByteSpan(footer).subspan(sizeof head);
  head.directory_crc32c = Crc32c(directory, SeedOf(head.uid));
  edit(&head);
  Store(head, footer.data());
  StoreLe(footer.data() + offsetof(FooterHead, crc32c),
          Crc32c(ByteSpan(footer).first(offsetof(FooterHead, crc32c)), SeedOf(head.uid)));
  return footer;
}

Code CodeOf(ByteSpan footer, const SegmentUid& uid = SampleUid()) {
  return DecodeFooter(footer, uid).status().code();
}

TEST(Footer, RoundTrips) {
  const Bytes bytes = FooterOf(SampleRows());
  const Result<Footer> footer = DecodeFooter(bytes, SampleUid());
  ASSERT_TRUE(footer.ok()) << footer.status().ToString();
  EXPECT_EQ(footer->rows, SampleRows());
}

TEST(Footer, RoundTripsRowsOfAnyValues) {
  std::mt19937_64 random(20260101);  // NOLINT(cert-msc51-cpp): the same each time
  std::vector<ChunkRow> rows;
  uint32_t seq = 0;
  for (int i = 0; i < 2000; ++i) {
    ChunkRow row;
    row.stream = SampleId<StreamId>(static_cast<uint8_t>(random() % 5));
    row.run = SampleId<RunId>(static_cast<uint8_t>(random() % 3));
    row.seq = {seq += 1 + static_cast<uint32_t>(random() % 1000)};
    row.offset_bytes = random() % (kMaxSegmentBytes / kBlockBytes) * kBlockBytes;
    row.chunk_bytes =
        static_cast<uint32_t>(1 + random() % (kMaxChunkBytes / kBlockBytes)) * kBlockBytes;
    row.lead_bytes = kTableOffset + static_cast<uint32_t>(random() % (kBlockBytes - kTableOffset));
    row.first_unit = {random() >> (random() % 64) >> 1};
    row.unit_count = 1 + static_cast<uint32_t>(random() % kMaxChunkUnits);
    row.wall_begin = {static_cast<int64_t>(random())};
    row.wall_end = {static_cast<int64_t>(random())};
    row.flags = static_cast<uint16_t>(random());
    rows.push_back(row);
  }
  const Result<Footer> footer = DecodeFooter(FooterOf(rows), SampleUid());
  ASSERT_TRUE(footer.ok()) << footer.status().ToString();
  EXPECT_EQ(footer->rows, rows);
}

TEST(Footer, EmptyOneIsReadWithItsHead) {
  const Bytes bytes = FooterOf({});
  ASSERT_EQ(CodeOf(bytes), Code::kOk);
  const FooterHead head = DecodeFooterHead(bytes, SampleUid()).value();
  EXPECT_GT(head.begin, head.end);
}

// One row of each of 1000 streams of 25 pictures a second per quarter of a second, in turn. Six or
// seven units a chunk, a clean point every two seconds; capture times wander by `jitter_ns`.
uint64_t BytesPerRow(int64_t jitter_ns) {
  std::mt19937_64 random(7);  // NOLINT(cert-msc51-cpp): the same each time
  constexpr int64_t kPictureNs = 40'000'000;
  constexpr size_t kStreams = 1000;
  constexpr uint32_t kRounds = 16;
  const auto wander = [&] {
    return jitter_ns == 0
               ? 0
               : static_cast<int64_t>(random() % static_cast<uint64_t>(2 * jitter_ns)) - jitter_ns;
  };
  DirectoryEncoder directory;
  uint64_t offset = uint64_t{2} * kBlockBytes;
  uint64_t first_round_bytes = 0;
  std::vector<uint64_t> units(kStreams);
  for (uint32_t round = 0; round < kRounds; ++round) {
    for (size_t i = 0; i < kStreams; ++i) {
      ChunkRow row;
      row.stream.bytes[0] = static_cast<uint8_t>(i);
      row.stream.bytes[1] = static_cast<uint8_t>(i >> 8);
      row.run = SampleId<RunId>(1);
      row.seq = {directory.count() + 1};
      row.offset_bytes = offset;
      const bool clean = round % 8 == 0;
      row.lead_bytes = clean ? 250'000 + static_cast<uint32_t>(random() % 5000)
                             : 15'000 + static_cast<uint32_t>(random() % 5000);
      row.chunk_bytes = static_cast<uint32_t>(
          RoundUp((clean ? 340'000 : 110'000) + random() % 20'000, kBlockBytes));
      offset += row.chunk_bytes;
      row.first_unit = {units[i]};
      row.unit_count = 6 + round % 2;
      const auto first = static_cast<int64_t>(units[i]);
      units[i] += row.unit_count;
      const auto last = static_cast<int64_t>(units[i]) - 1;
      row.wall_begin = {1'795'382'160'000'000'000 + first * kPictureNs + wander()};
      row.wall_end = {1'795'382'160'000'000'000 + last * kPictureNs + wander()};
      row.flags = clean ? kContentClean | kContentConfig : 0;
      directory.Append(row);
    }
    if (round == 0) first_round_bytes = directory.footer_bytes();
  }
  // What a run costs once, its UUIDs and its first time, is the first round's.
  return (directory.footer_bytes() - first_round_bytes) / ((kRounds - 1) * kStreams) -
         sizeof(ContentId);
}

TEST(Footer, RowOfASteadyStreamTakesSixteenBytes) {
  EXPECT_LE(BytesPerRow(0), 16U);
  EXPECT_LE(BytesPerRow(1'000'000), 18U);
}

TEST(Footer, NoRowTakesMoreThanItsBound) {
  DirectoryEncoder directory;
  ChunkRow row;
  row.lead_bytes = kMaxChunkBytes;
  row.chunk_bytes = kMaxChunkBytes;
  row.flags = 0xFFFF;
  row.unit_count = kMaxChunkUnits;
  for (uint32_t i = 0; i < 600; ++i) {
    const uint64_t before = directory.footer_bytes();
    row.run.bytes[0] = static_cast<uint8_t>(i);
    row.run.bytes[1] = static_cast<uint8_t>(i >> 8);
    row.seq = {i * 20'000 + 1};
    row.offset_bytes = i % 2 == 0 ? 0 : kMaxSegmentBytes - kBlockBytes;
    row.first_unit = {i % 2 == 0 ? 0 : std::numeric_limits<uint64_t>::max() / 2};
    row.wall_begin = i % 2 == 0 ? kWallMin : kWallMax;
    row.wall_end = {i % 3 == 0 ? 0 : kWallMax.ns / 2};
    directory.Append(row);
    EXPECT_LE(directory.footer_bytes() - before, DirectoryEncoder::kRowBytesMax);
  }
}

TEST(Footer, OthersAreToldApart) {
  const Bytes footer = SampleFooter();
  EXPECT_EQ(CodeOf(footer, OtherUid()), Code::kNotFound);
  EXPECT_EQ(CodeOf(Bytes(footer.size())), Code::kNotFound);
  EXPECT_EQ(CodeOf(Bytes(footer.size()), SegmentUid{}), Code::kNotFound);
  EXPECT_EQ(CodeOf(EditHead(footer, [](FooterHead* h) { h->version = 2; })),
            Code::kFailedPrecondition);
  EXPECT_EQ(CodeOf(ByteSpan(footer).first(sizeof(FooterHead) - 1)), Code::kOutOfRange);
  EXPECT_EQ(CodeOf(ByteSpan(footer).first(footer.size() - 1)), Code::kOutOfRange);
  Bytes relabelled = footer;
  std::memcpy(relabelled.data() + offsetof(FooterHead, uid), OtherUid().bytes.data(), 16);
  EXPECT_EQ(CodeOf(relabelled, OtherUid()), Code::kDataLoss);
}

TEST(Footer, HeadThatDoesNotFitItsRowsIsRefused) {
  const Bytes footer = SampleFooter();
  ASSERT_EQ(CodeOf(EditHead(footer, [](FooterHead*) {})), Code::kOk);
  const std::function<void(FooterHead*)> edits[] = {
      [](FooterHead* h) { --h->chunk_count; },
      [](FooterHead* h) { ++h->chunk_count; },
      [](FooterHead* h) { h->chunk_count = std::numeric_limits<uint32_t>::max(); },
      [](FooterHead* h) { h->chunk_count = kMaxChunksPerSegment; },
      [](FooterHead* h) { h->highest_seq = {4}; },
      [](FooterHead* h) { ++h->begin.ns; },
      [](FooterHead* h) { ++h->end.ns; },
      [](FooterHead* h) { h->stored_bytes += 4096; },
      [](FooterHead* h) { h->content_root[31] ^= 1; },
      [](FooterHead* h) { --h->directory_bytes; },
  };
  for (const auto& edit : edits) EXPECT_EQ(CodeOf(EditHead(footer, edit)), Code::kDataLoss);
  Bytes longer = footer;  // by a byte between the rows and the content ids
  longer.insert(longer.end() - ptrdiff_t{3 * sizeof(ContentId)}, std::byte{0});
  EXPECT_EQ(CodeOf(EditHead(longer, [](FooterHead* h) { ++h->directory_bytes; })), Code::kDataLoss);
}

// Rows of one run from plain values, as a hostile writer could make them.
struct RawRow {
  uint64_t run = 0;
  uint64_t seq = 1;
  int64_t blocks_on = 2;
  uint64_t blocks = 1;
  uint64_t lead_bytes = kTableOffset + 1;
  int64_t units_on = 0;
  uint64_t unit_count = 1;
  uint64_t flags = 0;
};

Code CodeOf(const std::vector<RawRow>& rows) {
  Bytes directory;
  ByteWriter writer(&directory);
  FooterHead head;
  head.uid = SampleUid();
  for (const RawRow& row : rows) {
    writer.PutVarint(row.run);
    if (head.chunk_count++ == 0) {
      writer.PutUuid(SampleId<StreamId>(1));
      writer.PutUuid(SampleId<RunId>(1));
    }
    writer.PutVarint(row.seq);
    writer.PutSignedVarint(row.blocks_on);
    writer.PutVarint(row.blocks);
    writer.PutVarint(row.lead_bytes);
    writer.PutSignedVarint(row.units_on);
    writer.PutVarint(row.unit_count);
    writer.PutSignedVarint(0);
    writer.PutSignedVarint(0);
    writer.PutVarint(row.flags);
    head.highest_seq.value += static_cast<uint32_t>(row.seq);
    head.stored_bytes += static_cast<uint32_t>(row.blocks * kBlockBytes);
  }
  directory.resize(directory.size() + rows.size() * sizeof(ContentId));
  head.directory_bytes = static_cast<uint32_t>(directory.size());
  head.content_root = MerkleRoot(std::vector<ContentId>(rows.size()));
  Bytes footer(sizeof head);
  Store(head, footer.data());
  footer.insert(footer.end(), directory.begin(), directory.end());
  return CodeOf(EditHead(footer, [](FooterHead*) {}));
}

TEST(Footer, ImpossibleRowsAreRefused) {
  constexpr auto kMax64 = std::numeric_limits<uint64_t>::max();
  constexpr auto kMin = std::numeric_limits<int64_t>::min();
  ASSERT_EQ(CodeOf({RawRow{}, RawRow{}}), Code::kOk);
  const struct {
    const char* why = nullptr;
    RawRow row;
  } refusals[] = {
      {"run 1 before run 0", {.run = 1}},
      {"run of any number", {.run = kMax64}},
      {"seq 0", {.seq = 0}},
      {"seq beyond its bound", {.seq = kMaxChunksPerSegment + 1}},
      {"seq beyond 32 bits", {.seq = (uint64_t{1} << 32) + 1}},
      {"offset before the file", {.blocks_on = -1}},
      {"offset behind any file", {.blocks_on = int64_t{kMaxSegmentBytes / kBlockBytes}}},
      {"offset that wraps", {.blocks_on = kMin}},
      {"no block", {.blocks = 0}},
      {"chunk too large", {.blocks = kMaxChunkBytes / kBlockBytes + 1}},
      {"chunk that wraps", {.blocks = (uint64_t{1} << 52) + 1}},
      {"lead below a head", {.lead_bytes = kTableOffset - 1}},
      {"lead beyond the chunk", {.lead_bytes = kBlockBytes + 1}},
      {"lead beyond 32 bits", {.lead_bytes = (uint64_t{1} << 32) + 300}},
      {"unit numbers that wrap", {.units_on = -1}},
      {"no unit", {.unit_count = 0}},
      {"too many units", {.unit_count = kMaxChunkUnits + 1}},
      {"flags beyond 16 bits", {.flags = 0x10000}},
  };
  for (const auto& [why, row] : refusals) EXPECT_EQ(CodeOf({row}), Code::kDataLoss) << why;
  EXPECT_EQ(CodeOf({RawRow{}, {.seq = 0}}), Code::kDataLoss) << "seq given twice";
}

TEST(FooterDeathTest, RowsThatCouldNotBeReadBackAreNotWritten) {
  std::vector<ChunkRow> rows = SampleRows();
  rows[1].seq = rows[0].seq;
  EXPECT_DEATH(FooterOf(rows), "could not be read back");
  rows = SampleRows();
  rows[1].offset_bytes += 512;
  EXPECT_DEATH(FooterOf(rows), "could not be read back");
}

// RFC 6962, 2.1 once more, as its section 2.1 splits: full trees of falling powers of two, joined
// from the right. One leaf is added at a time, as carrying in a binary counter.
using Digest32 = std::array<uint8_t, 32>;

Digest32 DigestOf(uint8_t prefix, std::initializer_list<Digest32> parts) {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  EVP_DigestInit_ex(context, EVP_sha256(), nullptr);
  EVP_DigestUpdate(context, &prefix, 1);
  for (const Digest32& part : parts) EVP_DigestUpdate(context, part.data(), part.size());
  Digest32 out;
  EVP_DigestFinal_ex(context, out.data(), nullptr);
  EVP_MD_CTX_free(context);
  return out;
}

Digest32 RootByCarrying(const std::vector<ContentId>& leaves) {
  std::vector<Digest32> trees;
  for (size_t count = 1; count <= leaves.size(); ++count) {
    trees.push_back(DigestOf(0, {leaves[count - 1].bytes}));
    for (size_t carry = count; carry % 2 == 0; carry /= 2) {
      const Digest32 right = trees.back();
      trees.pop_back();
      trees.back() = DigestOf(1, {trees.back(), right});
    }
  }
  while (trees.size() > 1) {
    const Digest32 right = trees.back();
    trees.pop_back();
    trees.back() = DigestOf(1, {trees.back(), right});
  }
  return trees.front();
}

TEST(MerkleRoot, AgreesWithASecondImplementation) {
  std::vector<ContentId> leaves;
  for (int count = 1; count <= 130; ++count) {
    leaves.emplace_back().bytes.fill(static_cast<uint8_t>(count * 3));
    EXPECT_EQ(MerkleRoot(leaves), RootByCarrying(leaves)) << count;
  }
}

TEST(MerkleRoot, OfNothingIsTheDigestOfNothing) {
  // FIPS 180-4: SHA-256 of the empty string; RFC 6962 2.1: MTH({}).
  EXPECT_EQ(ToString(ContentId{MerkleRoot({})}),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

}  // namespace
}  // namespace reel::format

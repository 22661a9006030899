// docs/FORMAT.md says what the code does: its tables are compared field by field with the
// structures, its limits with the constants, its example with the bytes that are written.
#include <gtest/gtest.h>

#include <charconv>
#include <map>
#include <sstream>

#include "engine/base/bytes.h"
#include "tests/format/golden.h"
#include "tests/format/samples.h"

namespace reel::format {
namespace {

const std::string& Document() {
  static const std::string text = ReadText(std::string(REEL_SOURCE_DIR) + "/docs/FORMAT.md");
  return text;
}

std::vector<std::string> Cells(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream stream(line);
  std::string cell;
  std::getline(stream, cell, '|');
  while (std::getline(stream, cell, '|')) {
    const size_t begin = cell.find_first_not_of(' ');
    const size_t end = cell.find_last_not_of(' ');
    cells.push_back(begin == std::string::npos ? "" : cell.substr(begin, end - begin + 1));
  }
  return cells;
}

// Rows, without the heading, of the first table behind the line `marker`.
std::vector<std::vector<std::string>> Table(const std::string& marker) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines(Document());
  std::string line;
  while (std::getline(lines, line) && line != marker) {
  }
  while (std::getline(lines, line) && line.rfind("|---", 0) != 0) {
  }
  while (std::getline(lines, line) && line.rfind('|', 0) == 0) rows.push_back(Cells(line));
  return rows;
}

uint64_t Number(const std::string& text) {
  uint64_t value = ~uint64_t{0};
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

struct Field {
  std::string name;
  size_t offset_bytes;
  size_t size_bytes;
};
#define REEL_FIELD(type, field) \
  Field { #field, offsetof(type, field), sizeof(type::field) }

void ExpectDocumented(const std::string& name, size_t size_bytes,
                      const std::vector<Field>& fields) {
  const auto rows = Table("### " + name);
  ASSERT_EQ(rows.size(), fields.size()) << name;
  size_t end = 0;
  for (size_t i = 0; i < fields.size(); ++i) {
    ASSERT_EQ(rows[i].size(), 4U) << name;
    EXPECT_EQ(rows[i][2], fields[i].name) << name;
    EXPECT_EQ(Number(rows[i][0]), fields[i].offset_bytes) << name << "." << fields[i].name;
    EXPECT_EQ(Number(rows[i][1]), fields[i].size_bytes) << name << "." << fields[i].name;
    EXPECT_EQ(fields[i].offset_bytes, end) << name << ": a field is missing here";
    end = fields[i].offset_bytes + fields[i].size_bytes;
  }
  EXPECT_EQ(end, size_bytes) << name;
}

TEST(Document, ChunkTables) {
  ExpectDocumented("ChunkPlace", sizeof(ChunkPlace),
                   {REEL_FIELD(ChunkPlace, magic), REEL_FIELD(ChunkPlace, version),
                    REEL_FIELD(ChunkPlace, reserved0), REEL_FIELD(ChunkPlace, segment_uid),
                    REEL_FIELD(ChunkPlace, epoch), REEL_FIELD(ChunkPlace, seq),
                    REEL_FIELD(ChunkPlace, durable_seq), REEL_FIELD(ChunkPlace, chain),
                    REEL_FIELD(ChunkPlace, offset_bytes), REEL_FIELD(ChunkPlace, extent_base_bytes),
                    REEL_FIELD(ChunkPlace, extent_bytes), REEL_FIELD(ChunkPlace, chunk_bytes),
                    REEL_FIELD(ChunkPlace, content_bytes), REEL_FIELD(ChunkPlace, head_bytes),
                    REEL_FIELD(ChunkPlace, retention_class), REEL_FIELD(ChunkPlace, reserved1),
                    REEL_FIELD(ChunkPlace, reserved2), REEL_FIELD(ChunkPlace, header_crc32c)});
  ExpectDocumented(
      "ContentHead", sizeof(ContentHead),
      {REEL_FIELD(ContentHead, stream), REEL_FIELD(ContentHead, run),
       REEL_FIELD(ContentHead, first_unit), REEL_FIELD(ContentHead, origin_uid),
       REEL_FIELD(ContentHead, origin_epoch), REEL_FIELD(ContentHead, origin_seq),
       REEL_FIELD(ContentHead, wall_begin), REEL_FIELD(ContentHead, wall_end),
       REEL_FIELD(ContentHead, mono_begin), REEL_FIELD(ContentHead, boot_id),
       REEL_FIELD(ContentHead, wall_uncertainty_us), REEL_FIELD(ContentHead, unit_count),
       REEL_FIELD(ContentHead, flags), REEL_FIELD(ContentHead, config_bytes),
       REEL_FIELD(ContentHead, payload_offset_bytes), REEL_FIELD(ContentHead, payload_bytes),
       REEL_FIELD(ContentHead, key_id), REEL_FIELD(ContentHead, config_hash),
       REEL_FIELD(ContentHead, reserved)});
  ExpectDocumented("UnitEntry", sizeof(UnitEntry),
                   {REEL_FIELD(UnitEntry, track), REEL_FIELD(UnitEntry, flags),
                    REEL_FIELD(UnitEntry, reserved), REEL_FIELD(UnitEntry, size_bytes),
                    REEL_FIELD(UnitEntry, crc32c), REEL_FIELD(UnitEntry, wall_delta_us),
                    REEL_FIELD(UnitEntry, pts), REEL_FIELD(UnitEntry, dts)});
}

TEST(Document, FooterAndBlockTables) {
  ExpectDocumented("FooterHead", sizeof(FooterHead),
                   {REEL_FIELD(FooterHead, magic), REEL_FIELD(FooterHead, version),
                    REEL_FIELD(FooterHead, retention_class), REEL_FIELD(FooterHead, uid),
                    REEL_FIELD(FooterHead, serial), REEL_FIELD(FooterHead, epoch),
                    REEL_FIELD(FooterHead, chunk_count), REEL_FIELD(FooterHead, highest_seq),
                    REEL_FIELD(FooterHead, directory_bytes),
                    REEL_FIELD(FooterHead, directory_crc32c), REEL_FIELD(FooterHead, reserved0),
                    REEL_FIELD(FooterHead, begin), REEL_FIELD(FooterHead, end),
                    REEL_FIELD(FooterHead, stored_bytes), REEL_FIELD(FooterHead, content_root),
                    REEL_FIELD(FooterHead, reserved1), REEL_FIELD(FooterHead, crc32c)});
  ExpectDocumented(
      "SegmentHeader", sizeof(SegmentHeader),
      {REEL_FIELD(SegmentHeader, magic), REEL_FIELD(SegmentHeader, version),
       REEL_FIELD(SegmentHeader, state), REEL_FIELD(SegmentHeader, reserved0),
       REEL_FIELD(SegmentHeader, generation), REEL_FIELD(SegmentHeader, uid),
       REEL_FIELD(SegmentHeader, serial), REEL_FIELD(SegmentHeader, volume),
       REEL_FIELD(SegmentHeader, segment_bytes), REEL_FIELD(SegmentHeader, footer_offset_bytes),
       REEL_FIELD(SegmentHeader, granule_bytes), REEL_FIELD(SegmentHeader, file_number),
       REEL_FIELD(SegmentHeader, epoch), REEL_FIELD(SegmentHeader, retention_class),
       REEL_FIELD(SegmentHeader, reserved1), REEL_FIELD(SegmentHeader, opened)});
  ExpectDocumented(
      "Superblock", sizeof(Superblock),
      {REEL_FIELD(Superblock, magic), REEL_FIELD(Superblock, version),
       REEL_FIELD(Superblock, placement), REEL_FIELD(Superblock, reserved0),
       REEL_FIELD(Superblock, sequence), REEL_FIELD(Superblock, volume),
       REEL_FIELD(Superblock, owner), REEL_FIELD(Superblock, owner_incarnation),
       REEL_FIELD(Superblock, segment_bytes), REEL_FIELD(Superblock, segment_count_max),
       REEL_FIELD(Superblock, granule_bytes), REEL_FIELD(Superblock, epoch),
       REEL_FIELD(Superblock, reserved1), REEL_FIELD(Superblock, created)});
}

TEST(Document, Limits) {
  const std::map<std::string, uint64_t> expected{
      {"kBlockBytes", kBlockBytes},
      {"kRecordBytes", kRecordBytes},
      {"kMaxGranuleBytes", kMaxGranuleBytes},
      {"kMaxSegmentBytes", kMaxSegmentBytes},
      {"kMaxChunksPerSegment", kMaxChunksPerSegment},
      {"kMaxSegmentFiles", kMaxSegmentFiles},
      {"kMaxChunkBytes", kMaxChunkBytes},
      {"kMaxChunkUnits", kMaxChunkUnits},
      {"kMaxUnitBytes", kMaxUnitBytes},
      {"kMaxConfigBytes", kMaxConfigBytes},
      {"kMaxTracks", kMaxTracks},
      {"kMaxTrackConfigBytes", kMaxTrackConfigBytes},
      {"kMaxVolumes", kMaxVolumes},
      {"kMaxPathBytes", kMaxPathBytes},
      {"kMaxNameBytes", kMaxNameBytes},
      {"kSuperblockSlots", kSuperblockSlots},
      {"kNodeSlots", kNodeSlots},
      {"kNodeSlotBytes", kNodeSlotBytes},
  };
  std::map<std::string, uint64_t> documented;
  for (const auto& row : Table("## Limits")) documented[row[0]] = Number(row[1]);
  EXPECT_EQ(documented, expected);
}

TEST(Document, Magics) {
  for (const auto& [name, magic] :
       std::map<std::string, uint32_t>{{"ChunkPlace", kChunkMagic},
                                       {"FooterHead", kFooterMagic},
                                       {"SegmentHeader", kSegmentMagic},
                                       {"Superblock", kSuperblockMagic}}) {
    const std::string text(AsText(std::as_bytes(std::span(&magic, 1))));
    EXPECT_EQ(Table("### " + name)[0][3], "`" + text + "`");
  }
  EXPECT_EQ(kNodeMagic, Magic("RNOD"));
}

TEST(Document, ExampleIsTheChunkThatIsWritten) {
  const std::string fence = "```hex\n";
  const std::string_view text = Document();
  const size_t begin = text.find(fence);
  ASSERT_NE(begin, std::string_view::npos);
  Bytes bytes = ParseHexDump(text.substr(begin + fence.size()));
  bytes.resize(kBlockBytes);
  EXPECT_EQ(HexDump(bytes), HexDump(SampleChunk()));
}

TEST(Document, LedgerTypesAreThoseWritten) {
  const auto rows = Table("## Ledger records");
  const auto records = SampleLedgerRecords();
  ASSERT_EQ(rows.size(), records.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i][1], records[i].name);
    EXPECT_EQ(Number(rows[i][0]),
              std::to_integer<uint64_t>(EncodeLedgerRecord(records[i].record)[0]));
  }
}

}  // namespace
}  // namespace reel::format

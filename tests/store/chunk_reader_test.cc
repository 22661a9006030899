#include "engine/store/chunk_reader.h"

#include <cerrno>

#include "tests/store/read_fixture.h"

namespace reel {
namespace {

using testing::HasSubstr;
using Step = ChunkReader::Step;

class ChunkReaderTest : public ReadTest {
 protected:
  ChunkReaderTest() : ReadTest(64U << 20) {}

  // One piece of `chunks` chunks of five units.
  Piece StorePiece(size_t chunks, size_t unit_bytes = 900) {
    for (size_t i = 0; i < chunks; ++i) {
      rows_.push_back(Store({.first = 5 * i,
                             .begin = At(10 + 0.2 * static_cast<double>(i)),
                             .clean = i == 0,
                             .unit_bytes = unit_bytes}));
    }
    const auto gops = index_.Gops(kStream, kWallMin, Direction::kForward, 1).value();
    EXPECT_EQ(gops[0].pieces.size(), 1U);
    return gops[0].pieces[0];
  }

  void Open(const Piece& piece, char run = 'A', StreamId stream = kStream,
            uint32_t first_read_bytes = kReadAheadBytes) {
    reader_.Open(volume().pool().Lease(piece.serial).value(),
                 {stream, RunNamed(run), piece, {At(10), At(11)}}, first_read_bytes);
  }

  // "0-4 ok", "5-9 damaged", "10 bad" for what comes, one after another.
  std::string All() {
    std::string all;
    for (Step step = reader_.Next(); step != Step::kEnd; step = reader_.Next()) {
      if (step == Step::kDamage) {
        const Damage& damage = reader_.damage();
        EXPECT_EQ(damage.status.code(), Code::kDataLoss);
        all += std::to_string(damage.first_unit.value) + "-" +
               std::to_string(damage.end_unit.value - 1) + " damaged ";
        continue;
      }
      const uint64_t first = reader_.head().content.first_unit.value;
      for (size_t i = 0; i < reader_.head().units.size(); ++i) {
        const Result<ByteSpan> bytes = reader_.UnitBytes(i);
        if (!bytes.ok()) all += std::to_string(first + i) + " bad ";
      }
      all +=
          std::to_string(first) + "-" + std::to_string(reader_.head().end_unit().value - 1) + " ";
    }
    return all;
  }

  std::vector<format::ChunkRow> rows_;
  ChunkReader reader_;
};

TEST_F(ChunkReaderTest, AWholeGopIsOneDeviceRead) {
  const Piece piece = StorePiece(10, 80'000);
  ASSERT_GT(piece.length_bytes, 3U << 20);
  ASSERT_LE(piece.length_bytes, kReadAheadBytes);
  const uint64_t before = volume().reads();
  Open(piece);
  EXPECT_EQ(All(), "0-4 5-9 10-14 15-19 20-24 25-29 30-34 35-39 40-44 45-49 ");
  EXPECT_EQ(volume().reads() - before, 1U);
}

TEST_F(ChunkReaderTest, TheFirstPictureIsOneDeviceReadOfItsLead) {
  const Piece piece = StorePiece(4, 80'000);
  const uint64_t before = volume().reads();
  Open(piece, 'A', kStream, rows_[0].lead_bytes);
  ASSERT_EQ(reader_.Next(), Step::kChunk);
  const Result<ByteSpan> bytes = reader_.UnitBytes(0);
  ASSERT_TRUE(bytes.ok());
  EXPECT_EQ(Bytes(bytes->begin(), bytes->end()), UnitContent('A', 0, 80'000));
  EXPECT_EQ(volume().reads() - before, 1U);
}

TEST_F(ChunkReaderTest, APieceOfManyWindowsComesWhole) {
  const Piece piece = StorePiece(12, 400'000);
  ASSERT_GT(piece.length_bytes, 4 * kReadAheadBytes);
  Open(piece);
  for (uint64_t first = 0; first < 60; first += 5) {
    ASSERT_EQ(reader_.Next(), Step::kChunk);
    for (size_t i = 0; i < 5; ++i) {
      const Result<ByteSpan> bytes = reader_.UnitBytes(i);
      ASSERT_TRUE(bytes.ok());
      ASSERT_EQ(Bytes(bytes->begin(), bytes->end()), UnitContent('A', first + i, 400'000));
    }
  }
  EXPECT_EQ(reader_.Next(), Step::kEnd);
}

// The file may have been opened anew meanwhile.
TEST_F(ChunkReaderTest, GoesOnInAnotherOpeningOfTheFile) {
  const Piece piece = StorePiece(12, 400'000);
  const format::SegmentHeader header = volume().segment().header();
  const auto opened = [&] {
    return SegmentLease(*volume().disk().Open(volume().file_name(), OpenMode::kReadOnly), header,
                        std::make_shared<int>());
  };
  reader_.Open(opened(), {kStream, RunNamed('A'), piece, {At(10), At(11)}});
  EXPECT_TRUE(reader_.is_ready());
  ASSERT_EQ(reader_.Next(), Step::kChunk);
  ASSERT_TRUE(reader_.UnitBytes(4).ok());
  reader_.Pause();
  EXPECT_FALSE(reader_.is_ready());
  reader_.Resume(opened());
  EXPECT_TRUE(reader_.is_ready());
  EXPECT_EQ(All(), "5-9 10-14 15-19 20-24 25-29 30-34 35-39 40-44 45-49 50-54 55-59 ");
}

TEST_F(ChunkReaderTest, ADamagedHeadCostsItsChunkAlone) {
  const Piece piece = StorePiece(4, 30'000);
  Corrupt(rows_[1], 300);
  Open(piece);
  EXPECT_EQ(All(), "0-4 5-9 damaged 10-14 15-19 ");
}

TEST_F(ChunkReaderTest, DamageSaysWhatAndWhere) {
  const Piece piece = StorePiece(3);
  Corrupt(rows_[1], 0);
  Open(piece);
  ASSERT_EQ(reader_.Next(), Step::kChunk);
  ASSERT_EQ(reader_.Next(), Step::kDamage);
  const std::string message = reader_.damage().status.message();
  for (const std::string& part :
       {ToString(kStream), ToString(RunNamed('A')), std::string("units 5..9"),
        FormatWall(At(10.16)), FormatWall(At(10.4)), std::string("volume 1"),
        "segment " + std::to_string(piece.serial.value)}) {
    EXPECT_THAT(message, HasSubstr(part));
  }
}

TEST_F(ChunkReaderTest, ADamagedUnitCostsItselfAlone) {
  const Piece piece = StorePiece(2, 30'000);
  Corrupt(rows_[0], rows_[0].lead_bytes + 40'000);  // in the third unit
  Open(piece);
  EXPECT_EQ(All(), "2 bad 0-4 5-9 ");
}

TEST_F(ChunkReaderTest, DamageAtBothEndsIsNamed) {
  const Piece piece = StorePiece(3);
  Corrupt(rows_[0], 0);
  Corrupt(rows_[2], 0);
  Open(piece);
  EXPECT_EQ(All(), "0-4 damaged 5-9 10-14 damaged ");
}

TEST_F(ChunkReaderTest, ContentOfAnotherRunOrStreamIsDamage) {
  const Piece piece = StorePiece(2);
  Open(piece, 'B');
  EXPECT_EQ(All(), "0-9 damaged ");
  EXPECT_THAT(reader_.damage().status.message(), HasSubstr("belongs to"));
  Open(piece, 'A', StreamId{{7}});
  EXPECT_EQ(All(), "0-9 damaged ");
}

TEST_F(ChunkReaderTest, OtherUnitsThanTheIndexNamesAreDamage) {
  Piece piece = StorePiece(2);
  piece.first_unit = {100};
  Open(piece);
  EXPECT_EQ(All(), "100-109 damaged ");
}

TEST_F(ChunkReaderTest, AnIndexThatPointsOutsideIsDamage) {
  const Piece piece = StorePiece(1);
  for (const uint64_t offset : {uint64_t{0}, uint64_t{1} << 40, piece.offset_bytes + 1}) {
    Piece wrong = piece;
    wrong.offset_bytes = offset;
    Open(wrong);
    EXPECT_EQ(All(), "0-4 damaged ") << offset;
  }
  Piece wrong = piece;
  wrong.length_bytes = 0xFFFFF000U;
  Open(wrong);
  EXPECT_EQ(All(), "0-4 damaged ");
}

TEST_F(ChunkReaderTest, ADeviceThatFailsIsNotAskedForEver) {
  const Piece piece = StorePiece(60, 30'000);
  const uint64_t before = volume().reads();
  volume().disk().faults().Add({SeamCall::kRead, Fault::Error(EIO), 1, kForEver, ""});
  Open(piece);
  ASSERT_EQ(reader_.Next(), Step::kDamage);
  EXPECT_NE(reader_.damage().status.code(), Code::kOk);
  EXPECT_EQ(reader_.damage().end_unit, UnitNumber{300});
  EXPECT_EQ(reader_.Next(), Step::kEnd);
  EXPECT_LE(volume().reads() - before, 2U * (ChunkReader::kMaxFailedReads + 1));
}

TEST_F(ChunkReaderTest, OneReadThatFailsDoesNotHideTheRest) {
  const Piece piece = StorePiece(3);
  volume().disk().faults().Add({SeamCall::kRead, Fault::Error(EIO), 1, 2, ""});
  Open(piece);
  ASSERT_EQ(reader_.Next(), Step::kDamage);  // the first block, alone
  EXPECT_EQ(reader_.damage().end_unit, UnitNumber{5});
  EXPECT_EQ(All(), "5-9 10-14 ");
}

TEST_F(ChunkReaderTest, GoesOnFromAMark) {
  const Piece piece = StorePiece(3);
  Open(piece);
  ASSERT_EQ(reader_.Next(), Step::kChunk);
  const ChunkReader::Mark mark = reader_.mark();
  Open(piece);
  reader_.SkipTo(mark);
  EXPECT_EQ(All(), "5-9 10-14 ");
}

}  // namespace
}  // namespace reel

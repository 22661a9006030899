// The contract of the Disk seam (reel/disk.h), run on every form of it.
#include <sys/mman.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <set>
#include <thread>

#include "engine/io/disk_factory.h"
#include "engine/testing/fault_disk.h"
#include "engine/testing/sim_disk.h"
#include "tests/io/aligned_buffer.h"
#include "tests/io/temp_directory.h"

namespace reel {
namespace {

constexpr uint64_t kBlock = 4096;
constexpr Duration kLong = std::chrono::seconds(30);  // longer than any test; never waited out

struct DiskForm {
  std::string name;
  std::unique_ptr<Disk> (*make)(const std::string& directory);
};
void PrintTo(const DiskForm& form, std::ostream* out) { *out << form.name; }

std::unique_ptr<Disk> MakeSim(const std::string&) { return std::make_unique<SimDisk>(); }

std::unique_ptr<Disk> MakeReal(const std::string& directory, DiskEngine engine) {
  DiskOptions options;
  options.engine = engine;
  auto disk = OpenDisk(directory, options);
  return disk.ok() ? std::move(*disk) : nullptr;
}
std::unique_ptr<Disk> MakePwrite(const std::string& directory) {
  return MakeReal(directory, DiskEngine::kPwrite);
}
std::unique_ptr<Disk> MakeUring(const std::string& directory) {
  return MakeReal(directory, DiskEngine::kUring);
}
std::unique_ptr<Disk> MakeWrapped(const std::string& directory) {
  return std::make_unique<FaultDisk>(MakePwrite(directory));
}

class DiskContract : public testing::TestWithParam<DiskForm> {
 public:
  void SetUp() override {
    disk_ = GetParam().make(directory_.path());
    if (disk_ == nullptr) GTEST_SKIP() << GetParam().name << " is refused on this machine";
  }

  std::unique_ptr<File> NewFile(uint64_t blocks) {
    return disk_->Create("file", blocks * kBlock).value();
  }

  TempDirectory directory_;
  std::unique_ptr<Disk> disk_;
};

TEST_P(DiskContract, ProbeSaysWhatItIs) {
  const DiskFacts facts = disk_->Probe().value();
  EXPECT_FALSE(facts.engine.empty());
  EXPECT_GE(facts.align_bytes, 512U);
  EXPECT_EQ(facts.granule_bytes % facts.align_bytes, 0U);
  EXPECT_GT(facts.capacity_bytes, 0U);
  EXPECT_LE(facts.free_bytes, facts.capacity_bytes);
}

TEST_P(DiskContract, CreatedFilesReadAsZerosAndAreListedSorted) {
  for (const char* name : {"b", "c", "a"}) {
    ASSERT_TRUE(disk_->Create(name, 4 * kBlock).ok());
  }
  EXPECT_THAT(disk_->List().value(), testing::ElementsAre("a", "b", "c"));
  const auto file = disk_->Open("b", OpenMode::kReadOnly).value();
  EXPECT_EQ(file->size_bytes(), 4 * kBlock);
  AlignedBuffer data(4 * kBlock, 1);
  EXPECT_EQ(file->Read(0, data.span()).value(), 4 * kBlock);
  EXPECT_EQ(data.copy(), Bytes(4 * kBlock));
}

TEST_P(DiskContract, RemovedFilesAreGone) {
  ASSERT_TRUE(disk_->Create("a", kBlock).ok());
  EXPECT_TRUE(disk_->Remove("a").ok());
  EXPECT_TRUE(disk_->List().value().empty());
  EXPECT_EQ(disk_->Open("a", OpenMode::kReadOnly).status().code(), Code::kNotFound);
  EXPECT_EQ(disk_->Remove("a").code(), Code::kNotFound);
}

TEST_P(DiskContract, ErrorsNameTheFile) {
  ASSERT_TRUE(disk_->Create("twice", kBlock).ok());
  const Status twice = disk_->Create("twice", kBlock).status();
  EXPECT_EQ(twice.code(), Code::kAlreadyExists);
  EXPECT_THAT(twice.message(), testing::HasSubstr("twice"));
  const Status missing = disk_->Open("missing", OpenMode::kReadWrite).status();
  EXPECT_EQ(missing.system_errno(), ENOENT);
  EXPECT_THAT(missing.message(), testing::HasSubstr("missing"));
}

TEST_P(DiskContract, TooLargeAFileIsRefusedAndLeavesNothing) {
  const Status status = disk_->Create("huge", uint64_t{1} << 50).status();
  EXPECT_EQ(status.code(), Code::kResourceExhausted) << status.ToString();
  EXPECT_THAT(status.message(), testing::HasSubstr("huge"));
  EXPECT_TRUE(disk_->List().value().empty());
}

TEST_P(DiskContract, PathsAreNotNames) {
  for (const char* name : {"", ".", "..", "a/b", "/etc/passwd", "../x"}) {
    EXPECT_EQ(disk_->Create(name, kBlock).status().code(), Code::kInvalidArgument) << name;
    EXPECT_EQ(disk_->Open(name, OpenMode::kReadOnly).status().code(), Code::kInvalidArgument);
    EXPECT_EQ(disk_->Remove(name).code(), Code::kInvalidArgument) << name;
    EXPECT_EQ(disk_->Lock(name).status().code(), Code::kInvalidArgument) << name;
  }
}

TEST_P(DiskContract, WrittenBytesReadBackHereAndAfterOpeningAgain) {
  const auto file = NewFile(8);
  AlignedBuffer written(2 * kBlock, 7);
  EXPECT_EQ(file->Write(3 * kBlock, written.span()).value(), 2 * kBlock);
  EXPECT_TRUE(file->Sync().ok());
  const auto again = disk_->Open("file", OpenMode::kReadOnly).value();
  for (File* reader : {file.get(), again.get()}) {
    AlignedBuffer read(8 * kBlock);
    EXPECT_EQ(reader->Read(0, read.span()).value(), 8 * kBlock);
    Bytes expected(8 * kBlock);
    std::ranges::copy(written.copy(), expected.begin() + 3 * kBlock);
    EXPECT_EQ(read.copy(), expected);
  }
}

TEST_P(DiskContract, ReadsAreShortAtTheEnd) {
  const auto file = NewFile(2);
  AlignedBuffer data(4 * kBlock);
  EXPECT_EQ(file->Read(kBlock, data.span()).value(), kBlock);
  EXPECT_EQ(file->Read(2 * kBlock, data.span()).value(), 0U);
  EXPECT_EQ(file->Read(9 * kBlock, data.span()).value(), 0U);
}

TEST_P(DiskContract, FilesNeverGrow) {
  const auto file = NewFile(2);
  AlignedBuffer data(2 * kBlock);
  EXPECT_EQ(file->Write(kBlock, data.span()).status().system_errno(), EFBIG);
  EXPECT_EQ(disk_->Open("file", OpenMode::kReadOnly).value()->size_bytes(), 2 * kBlock);
}

TEST_P(DiskContract, UnalignedTransfersAreRefused) {
  const auto file = NewFile(4);
  AlignedBuffer data(4 * kBlock);
  EXPECT_EQ(file->Write(1, data.span().first(kBlock)).status().system_errno(), EINVAL);
  EXPECT_EQ(file->Write(0, data.span().first(100)).status().system_errno(), EINVAL);
  EXPECT_EQ(file->Read(0, data.span().subspan(8, kBlock)).status().system_errno(), EINVAL);
  const auto queue = disk_->NewQueue(2).value();
  const auto part = data.span().first(kBlock);
  ASSERT_TRUE(queue->Submit(RequestOf(IoKind::kWrite, file.get(), 17, part, 5)));
  const auto done = ReapAll(*queue);
  ASSERT_EQ(done.size(), 1U);
  EXPECT_EQ(done[0].tag, 5U);
  EXPECT_EQ(done[0].result, -EINVAL);
}

TEST_P(DiskContract, ReadOnlyFilesTakeNoWrites) {
  ASSERT_TRUE(disk_->Create("file", kBlock).ok());
  const auto file = disk_->Open("file", OpenMode::kReadOnly).value();
  AlignedBuffer data(kBlock, 1);
  EXPECT_EQ(file->Write(0, data.span()).status().system_errno(), EBADF);
  EXPECT_EQ(file->Read(0, data.span()).value(), kBlock);
  EXPECT_EQ(data.copy(), Bytes(kBlock));
}

TEST_P(DiskContract, QueuesCarryManyRequestsAtOnce) {
  constexpr uint64_t kRequests = 32;
  const auto file = NewFile(kRequests);
  const auto queue = disk_->NewQueue(kRequests).value();
  EXPECT_EQ(queue->depth(), kRequests);
  AlignedBuffer written(kRequests * kBlock, 3);
  AlignedBuffer read(kRequests * kBlock);
  for (const IoKind kind : {IoKind::kWrite, IoKind::kRead}) {
    AlignedBuffer& buffer = kind == IoKind::kWrite ? written : read;
    for (uint64_t i = 0; i < kRequests; ++i) {
      const auto part = buffer.span().subspan(i * kBlock, kBlock);
      ASSERT_TRUE(queue->Submit(RequestOf(kind, file.get(), i * kBlock, part, 100 + i)));
    }
    EXPECT_EQ(queue->in_flight(), kRequests);
    std::set<uint64_t> tags;
    for (const IoCompletion& done : ReapAll(*queue)) {
      EXPECT_EQ(done.result, static_cast<int32_t>(kBlock));
      tags.insert(done.tag);
    }
    EXPECT_EQ(tags.size(), kRequests);
    EXPECT_EQ(*tags.begin(), 100U);
    EXPECT_EQ(queue->in_flight(), 0U);
  }
  EXPECT_EQ(read.copy(), written.copy());
}

TEST_P(DiskContract, SyncsCompleteWithZero) {
  const auto file = NewFile(1);
  const auto queue = disk_->NewQueue(1).value();
  ASSERT_TRUE(queue->Submit(SyncOf(file.get(), 9)));
  const auto done = ReapAll(*queue);
  ASSERT_EQ(done.size(), 1U);
  EXPECT_EQ(done[0].tag, 9U);
  EXPECT_EQ(done[0].result, 0);
}

TEST_P(DiskContract, AFullQueueRefusesWithNothingDone) {
  const auto file = NewFile(4);
  const auto queue = disk_->NewQueue(2).value();
  AlignedBuffer data(kBlock, 1);
  for (uint64_t i = 0; i < 2; ++i) {
    ASSERT_TRUE(queue->Submit(RequestOf(IoKind::kWrite, file.get(), i * kBlock, data.span(), i)));
  }
  EXPECT_FALSE(queue->Submit(RequestOf(IoKind::kWrite, file.get(), 3 * kBlock, data.span(), 3)));
  EXPECT_EQ(queue->in_flight(), 2U);
  EXPECT_EQ(ReapAll(*queue).size(), 2U);
  AlignedBuffer read(kBlock, 2);
  EXPECT_EQ(file->Read(3 * kBlock, read.span()).value(), kBlock);
  EXPECT_EQ(read.copy(), Bytes(kBlock));
  EXPECT_TRUE(queue->Submit(RequestOf(IoKind::kWrite, file.get(), 0, data.span(), 4)));
  EXPECT_EQ(ReapAll(*queue).size(), 1U);
}

TEST_P(DiskContract, ReapTakesNoMoreThanThereIsRoomFor) {
  const auto file = NewFile(4);
  const auto queue = disk_->NewQueue(4).value();
  AlignedBuffer data(kBlock, 1);
  for (uint64_t i = 0; i < 4; ++i) {
    ASSERT_TRUE(queue->Submit(RequestOf(IoKind::kWrite, file.get(), i * kBlock, data.span(), i)));
  }
  IoCompletion one[1];
  for (uint32_t left = 4; left > 0; --left) {
    ASSERT_EQ(queue->in_flight(), left);
    ASSERT_EQ(queue->Reap(one, kLong), 1U);
  }
}

TEST_P(DiskContract, ErrorsComeInTheCompletion) {
  const auto file = NewFile(2);
  const auto reader = disk_->Open("file", OpenMode::kReadOnly).value();
  const auto queue = disk_->NewQueue(4).value();
  AlignedBuffer data(4 * kBlock);
  const auto block = data.span().first(kBlock);
  ASSERT_TRUE(queue->Submit(RequestOf(IoKind::kWrite, reader.get(), 0, block, EBADF)));
  ASSERT_TRUE(queue->Submit(RequestOf(IoKind::kWrite, file.get(), 2 * kBlock, block, EFBIG)));
  const auto failed = ReapAll(*queue);
  ASSERT_EQ(failed.size(), 2U);
  for (const IoCompletion& done : failed) EXPECT_EQ(done.result, -static_cast<int32_t>(done.tag));
  ASSERT_TRUE(queue->Submit(RequestOf(IoKind::kRead, file.get(), kBlock, data.span(), 1)));
  const auto shorter = ReapAll(*queue);
  ASSERT_EQ(shorter.size(), 1U);
  EXPECT_EQ(shorter[0].result, static_cast<int32_t>(kBlock)) << "short at the end of the file";
}

TEST_P(DiskContract, MemoryInAndAroundTheRegisteredRegionCarriesTheSameBytes) {
  constexpr uint64_t kCut = 16 << 20;  // where the io_uring queue begins another buffer
  constexpr uint64_t kRegion = kCut + 16 * kBlock;
  const auto file = NewFile(16);
  const auto queue = disk_->NewQueue(8).value();
  AlignedBuffer memory(kRegion + 8 * kBlock);
  const Status registered = queue->RegisterBuffers(memory.span().subspan(4 * kBlock, kRegion));
  // Refusal costs speed only, and the rest of the test must pass all the same.
  EXPECT_TRUE(registered.ok() || registered.code() == Code::kResourceExhausted);
  // Before, across the beginning, inside, across the cut, across the end, behind.
  const uint64_t places[] = {
      0, 3, 8, 3 + kCut / kBlock, 3 + kRegion / kBlock, 6 + kRegion / kBlock};
  for (const uint64_t place : places) {
    const auto written = memory.span().subspan(place * kBlock, 2 * kBlock);
    Rng(place + 1).Fill(written);
    const Bytes expected(written.begin(), written.end());
    ASSERT_TRUE(queue->Submit(RequestOf(IoKind::kWrite, file.get(), 0, written, 1)));
    ASSERT_EQ(ReapAll(*queue)[0].result, static_cast<int32_t>(2 * kBlock)) << place;
    std::ranges::fill(written, std::byte{0});
    ASSERT_TRUE(queue->Submit(RequestOf(IoKind::kRead, file.get(), 0, written, 2)));
    ASSERT_EQ(ReapAll(*queue)[0].result, static_cast<int32_t>(2 * kBlock)) << place;
    EXPECT_EQ(Bytes(written.begin(), written.end()), expected) << place;
  }
}

// The kernel clears every page it pins: for a large pool that takes seconds in which nothing is
// recorded.
TEST_P(DiskContract, MostOfTheRegisteredRegionIsNotTouchedBeforeItIsUsed) {
  constexpr size_t kRegion = size_t{64} << 20;
  constexpr size_t kPage = 4096;
  void* const address =
      mmap(nullptr, kRegion, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(address, MAP_FAILED);
  {
    const auto queue = disk_->NewQueue(8).value();
    const Status registered = queue->RegisterBuffers({static_cast<std::byte*>(address), kRegion});
    EXPECT_TRUE(registered.ok() || registered.code() == Code::kResourceExhausted);
    std::vector<unsigned char> resident(kRegion / kPage);
    ASSERT_EQ(mincore(address, kRegion, resident.data()), 0);
    EXPECT_LE(static_cast<size_t>(std::ranges::count(resident, 1)), kRegion / kPage / 4);
  }
  munmap(address, kRegion);
}

TEST_P(DiskContract, WakeEndsTheCurrentOrTheNextReap) {
  const auto queue = disk_->NewQueue(1).value();
  IoCompletion out[1];
  queue->Wake();
  EXPECT_EQ(queue->Reap(out, kLong), 0U);
  std::thread waker([&queue] { queue->Wake(); });
  EXPECT_EQ(queue->Reap(out, kLong), 0U);
  waker.join();
}

TEST_P(DiskContract, AWakeIsForgottenOnceReapHasReturned) {
  const auto file = NewFile(1024);
  const auto queue = disk_->NewQueue(1).value();
  AlignedBuffer data(1024 * kBlock, 1);
  for (int i = 0; i < 8; ++i) {
    IoCompletion out[1];
    queue->Wake();
    ASSERT_EQ(queue->Reap(out, kLong), 0U);
    ASSERT_TRUE(queue->Submit(RequestOf(IoKind::kWrite, file.get(), 0, data.span(), 1)));
    EXPECT_EQ(queue->Reap(out, kLong), 1U) << "waits for the write";
    ReapAll(*queue);
  }
}

TEST_P(DiskContract, OneHolderOfALock) {
  EXPECT_FALSE(disk_->IsLocked("lock"));
  EXPECT_TRUE(disk_->List().value().empty()) << "asking leaves no file behind";
  auto lock = disk_->Lock("lock").value();
  EXPECT_TRUE(disk_->IsLocked("lock"));
  const Status second = disk_->Lock("lock").status();
  EXPECT_EQ(second.code(), Code::kFailedPrecondition);
  EXPECT_THAT(second.message(), testing::ContainsRegex("lock.* process [0-9]+"));
  lock.reset();
  EXPECT_FALSE(disk_->IsLocked("lock"));
  EXPECT_TRUE(disk_->Lock("lock").ok());
}

TEST_P(DiskContract, AQueueHoldsAtLeastOneRequest) {
  EXPECT_EQ(disk_->NewQueue(0).status().code(), Code::kInvalidArgument);
}

INSTANTIATE_TEST_SUITE_P(All, DiskContract,
                         testing::Values(DiskForm{"Sim", MakeSim}, DiskForm{"Pwrite", MakePwrite},
                                         DiskForm{"Uring", MakeUring},
                                         DiskForm{"Wrapped", MakeWrapped}),
                         [](const auto& form) { return form.param.name; });

}  // namespace
}  // namespace reel

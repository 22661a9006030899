// Decoding hostile bytes: what the confined process can no longer do, and what its parent makes of
// one that dies, hangs, floods or lies.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <random>

#include "engine/av/frame_decoder.h"
#include "engine/av/picture_decoder.h"
#include "engine/base/bytes.h"

namespace reel {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// How a process ends that confines itself and then does `act`.
template <class Act>
int EndOf(const SandboxLimits& limits, Act act) {
  const pid_t pid = fork();
  if (pid == 0) {
    if (!EnterSandbox(limits).ok()) std::_Exit(99);
    act();
    std::_Exit(7);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  return status;
}
bool WasStopped(int status, int signal) {
  return WIFSIGNALED(status) && WTERMSIG(status) == signal;
}
bool Finished(int status) { return WIFEXITED(status) && WEXITSTATUS(status) == 7; }

TEST(Sandbox, ComputingIsAllowed) {
  EXPECT_TRUE(Finished(EndOf({}, [] {
    std::vector<Bytes> blocks(50, Bytes(100'000));
    if (blocks[49].size() != 100'000) std::_Exit(1);
  })));
}

TEST(Sandbox, FilesSocketsAndProcessesAreNot) {
  EXPECT_TRUE(WasStopped(EndOf({}, [] { (void)open("/etc/passwd", O_RDONLY); }), SIGSYS));
  EXPECT_TRUE(WasStopped(EndOf({}, [] { (void)socket(AF_INET, SOCK_STREAM, 0); }), SIGSYS));
  EXPECT_TRUE(WasStopped(EndOf({}, [] { (void)fork(); }), SIGSYS));
  EXPECT_TRUE(WasStopped(EndOf({}, [] { (void)unlink("/tmp/none"); }), SIGSYS));
  EXPECT_TRUE(WasStopped(EndOf({}, [] { (void)kill(getppid(), 0); }), SIGSYS));
  EXPECT_TRUE(WasStopped(EndOf({},
                               [] {
                                 char* none[] = {nullptr};
                                 (void)execve("/bin/true", none, none);
                               }),
                         SIGSYS));
}

TEST(Sandbox, MemoryAndProcessorTimeAreBounded) {
#if !defined(__SANITIZE_ADDRESS__)
  SandboxLimits small;
  small.memory_bytes = 1U << 30;
  EXPECT_TRUE(Finished(EndOf(small, [] {
    void* block = std::malloc(size_t{2} << 30);
    if (block != nullptr) std::_Exit(1);
  })));
#endif
  SandboxLimits brief;
  brief.cpu_seconds = 1;
  const int status = EndOf(brief, [] {
    for (std::atomic<uint64_t> i = 0;;) ++i;
  });
  EXPECT_TRUE(WasStopped(status, SIGXCPU) || WasStopped(status, SIGKILL)) << status;
}

// A job of one unit, which the children here never look at.
class FakeChild : public testing::Test {
 protected:
  Status Ask(const std::vector<std::string>& command, Duration wall_time = seconds(60)) {
    PictureJob job;
    job.units.push_back({0, unit_});
    return PictureDecoder({command, wall_time}).Decode(job).status();
  }
  void TearDown() override {
    EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD) << "a child is left";
  }

  Bytes unit_ = Bytes(100, std::byte{1});
};

TEST_F(FakeChild, ThatIsNotThere) {
  EXPECT_EQ(Ask({"/nowhere/decoder"}).code(), Code::kUnavailable);
}

TEST_F(FakeChild, ThatSaysNothing) { EXPECT_EQ(Ask({"/bin/true"}).code(), Code::kDataLoss); }

TEST_F(FakeChild, ThatSaysWhatIsNoAnswer) {
  EXPECT_EQ(Ask({"/bin/cat"}).code(), Code::kInternal) << "its own job";
  EXPECT_EQ(Ask({"/bin/echo", "RANS"}).code(), Code::kInternal);
}

TEST_F(FakeChild, ThatNeverEnds) {
  EXPECT_EQ(Ask({"/bin/sleep", "1000"}, milliseconds(50)).code(), Code::kDeadlineExceeded);
}

TEST_F(FakeChild, ThatTakesNothingOfALargeJob) {
  unit_.resize(kMaxUnitBytes);
  EXPECT_EQ(Ask({"/bin/sleep", "1000"}, milliseconds(50)).code(), Code::kDeadlineExceeded);
  EXPECT_EQ(Ask({"/bin/true"}).code(), Code::kDataLoss) << "gone before it took it";
}

TEST_F(FakeChild, ThatNeverStopsTalking) {
  EXPECT_EQ(Ask({"/bin/cat", "/dev/zero"}).code(), Code::kInternal);
}

TEST_F(FakeChild, ThatIsStoppedByASignal) {
  const auto dies_of = [&](const std::string& signal) {
    return Ask({"/bin/sh", "-c", "kill -" + signal + " $$"}).code();
  };
  EXPECT_EQ(dies_of("SEGV"), Code::kDataLoss);
  EXPECT_EQ(dies_of("SYS"), Code::kDataLoss);
  EXPECT_EQ(dies_of("XCPU"), Code::kDeadlineExceeded);
  EXPECT_EQ(dies_of("KILL"), Code::kResourceExhausted);
}

TEST(PictureJobTest, ComesBackAsItWas) {
  const Bytes sets(40, std::byte{7});
  const Bytes unit(1000, std::byte{8});
  PictureJob job;
  job.codec = Codec::kH265;
  job.parameter_sets = sets;
  job.width = 320;
  job.units = {{1, unit}, {0, sets}};
  const Result<Bytes> encoded = EncodeJob(job);
  ASSERT_TRUE(encoded.ok());
  const Result<PictureJob> read = DecodeJob(*encoded);
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(read->codec, job.codec);
  EXPECT_EQ(read->width, 320U);
  ASSERT_EQ(read->units.size(), 2U);
  EXPECT_EQ(read->units[0].rank, 1U);
  EXPECT_EQ(Bytes(read->units[0].bytes.begin(), read->units[0].bytes.end()), unit);
  for (size_t size = 0; size < encoded->size(); ++size) {
    EXPECT_FALSE(DecodeJob(ByteSpan(*encoded).first(size)).ok()) << size;
  }
}

TEST(PictureJobTest, BoundsAreKept) {
  PictureJob job;
  EXPECT_EQ(EncodeJob(job).status().code(), Code::kInvalidArgument) << "no units";
  const Bytes large(kMaxUnitBytes + 1);
  job.units.push_back({0, large});
  EXPECT_EQ(EncodeJob(job).status().code(), Code::kInvalidArgument);
  job.units[0].bytes = ByteSpan(large).first(10);
  for (const uint32_t width : {1U, 321U, kMaxImageSide + 2}) {
    job.width = width;
    EXPECT_EQ(EncodeJob(job).status().code(), Code::kInvalidArgument) << width;
  }
}

TEST(PictureAnswerTest, NothingIsBelievedThatDoesNotAddUp) {
  PictureAnswer answer{3, true, GreyImage(16, 8, 77)};
  const Bytes good = EncodeAnswer(answer);
  const Result<PictureAnswer> read = DecodeAnswer(good, 4);
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(read->image.planes, answer.image.planes);
  EXPECT_TRUE(read->concealed);
  EXPECT_EQ(DecodeAnswer(good, 3).status().code(), Code::kInternal) << "a rank of no unit";
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(DecodeAnswer(ByteSpan(good).first(size), 4).ok()) << size;
  }
  // Any byte of the head but those of the rank changed: refused, or still a picture of that size.
  std::mt19937 random(3);  // NOLINT(cert-msc51-cpp): the same each time
  for (size_t i = 0; i < sizeof(AnswerHead); ++i) {
    Bytes bad = good;
    bad[i] ^= static_cast<std::byte>(1U << random() % 8);
    const Result<PictureAnswer> got = DecodeAnswer(bad, 4);
    EXPECT_TRUE(!got.ok() || got->image.planes.size() == answer.image.planes.size()) << i;
  }
}

TEST(PictureAnswerTest, ErrorsComeThroughInPlainCharacters) {
  const Bytes bytes = EncodeAnswer(FailedPrecondition("no\npicture\x1B[2J"));
  const Status status = DecodeAnswer(bytes, 1).status();
  EXPECT_EQ(status.code(), Code::kFailedPrecondition);
  EXPECT_EQ(status.message(), "no?picture?[2J");
}

TEST(ImageTest, TilesStandWhereTheyArePut) {
  Image sheet = GreyImage(8, 4, 10);
  PutTile(GreyImage(4, 2, 200), 4, 2, &sheet);
  const auto luma = [&](uint32_t x, uint32_t y) {
    return std::to_integer<int>(sheet.planes[y * 8 + x]);
  };
  EXPECT_EQ(luma(3, 2), 10);
  EXPECT_EQ(luma(4, 1), 10);
  EXPECT_EQ(luma(4, 2), 200);
  EXPECT_EQ(luma(7, 3), 200);
  const Result<Bytes> jpeg = EncodeJpeg(sheet, 90);
  ASSERT_TRUE(jpeg.ok()) << jpeg.status().ToString();
  EXPECT_EQ((*jpeg)[0], std::byte{0xFF});
  EXPECT_EQ((*jpeg)[1], std::byte{0xD8});
}

}  // namespace
}  // namespace reel

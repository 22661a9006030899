// Media that comes through a pipe: unit for unit what the file gives.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <thread>

#include "engine/av/source.h"
#include "engine/base/bytes.h"
#include "engine/io/unique_fd.h"
#include "tests/av/av_testing.h"

namespace reel::av_testing {
namespace {

using ::testing::HasSubstr;

bool Never() { return false; }

// A pipe into which a thread writes the bytes, in uneven pieces.
class Feed {
 public:
  explicit Feed(Bytes bytes) : bytes_(std::move(bytes)) {
    std::array<int, 2> ends{};
    EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
    out_ = UniqueFd(ends[0]);
    in_ = UniqueFd(ends[1]);
    std::signal(SIGPIPE, SIG_IGN);  // a reader that has had enough
    writer_ = std::thread([this] { Write(); });
  }
  ~Feed() {
    out_ = UniqueFd();  // a writer that waits for room gets EPIPE
    writer_.join();
  }
  int fd() const { return out_.get(); }

 private:
  void Write() {
    for (size_t at = 0; at < bytes_.size();) {
      const size_t piece = std::min<size_t>(bytes_.size() - at, 1 + at % 7001);
      const ssize_t put = write(in_.get(), bytes_.data() + at, piece);
      if (put <= 0) break;
      at += static_cast<size_t>(put);
    }
    in_ = UniqueFd();
  }

  Bytes bytes_;
  UniqueFd out_;
  UniqueFd in_;
  std::thread writer_;
};

// Every unit of a source as one line.
std::vector<std::string> UnitsOf(MediaSource& source) {
  std::vector<std::string> units;
  for (;;) {
    const Result<std::optional<SourceUnit>> unit = source.Next();
    EXPECT_TRUE(unit.ok()) << unit.status().ToString();
    if (!unit.ok() || !*unit) return units;
    units.push_back(std::to_string((*unit)->track.value) + " " + std::to_string((*unit)->flags) +
                    " " + std::to_string((*unit)->pts) + " " + std::to_string((*unit)->dts) + " " +
                    std::to_string((*unit)->offset.count()) + " " +
                    std::string(AsText((*unit)->bytes)));
  }
}

// `path` through a pipe gives what the file gives.
void ExpectAlike(const std::string& path) {
  SCOPED_TRACE(path);
  const auto file = OpenMediaFile(path);
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  const Feed feed(ReadFile(path));
  const auto pipe = OpenMediaPipe(feed.fd(), "standard input", Never);
  ASSERT_TRUE(pipe.ok()) << pipe.status().ToString();
  const std::vector<std::string> units = UnitsOf(**file);
  EXPECT_FALSE(units.empty());
  EXPECT_TRUE(UnitsOf(**pipe) == units);
  EXPECT_EQ((*pipe)->tracks(), (*file)->tracks());
}

TEST(PipeTest, RawVideoIsWhatTheFileGives) {
  for (const char* name : {"made-open-gop.h264", "made-open-gop.h265", "made-slices-aud.h264"})
    ExpectAlike(FootagePath(name));
}

TEST(PipeTest, ContainersAreWhatTheirFilesGive) {
  if (!HasFfmpeg()) GTEST_SKIP() << "no ffmpeg";
  const TempFolder folder;
  const std::string from = FootagePath("axis-test_h264.mp4");
  const std::map<std::string, std::vector<std::string>> containers = {
      {"a.ts", {}},
      {"a.mkv", {}},
      {"fragmented.mp4", {"-movflags", "frag_keyframe+empty_moov"}},
      {"front.mp4", {"-movflags", "faststart"}}};
  for (const auto& [name, options] : containers) {
    std::vector<std::string> arguments = {"-i", from, "-c", "copy"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    arguments.push_back(folder.Path(name));
    ASSERT_TRUE(Ffmpeg(arguments).ok());
    ExpectAlike(folder.Path(name));
  }
}

TEST(PipeTest, WhatNeedsAFileSaysSo) {
  const Feed feed(ReadFile(FootagePath("axis-test_h264.mp4")));  // its index is at the end
  const auto refused = OpenMediaPipe(feed.fd(), "standard input", Never);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.status().message(), HasSubstr("standard input: an MP4 whose index"));
  EXPECT_THAT(refused.status().message(), HasSubstr("save it to a file first"));
}

TEST(PipeTest, NothingAndNoMediaAreRefused) {
  const Feed nothing({});
  const auto empty = OpenMediaPipe(nothing.fd(), "standard input", Never);
  EXPECT_THAT(empty.status().message(), HasSubstr("standard input: empty"));
  const Feed text(Bytes(5000, std::byte{'x'}));
  const auto refused = OpenMediaPipe(text.fd(), "standard input", Never);
  EXPECT_THAT(refused.status().message(), HasSubstr("not a media file"));
}

// Nothing comes, and whoever waits for it is told to stop.
TEST(PipeTest, StopsWhereNothingComes) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  const UniqueFd out(ends[0]);
  const UniqueFd in(ends[1]);
  int asked = 0;
  const auto stopped = OpenMediaPipe(out.get(), "standard input", [&asked] { return ++asked > 2; });
  EXPECT_EQ(stopped.status().code(), Code::kCancelled);
}

}  // namespace
}  // namespace reel::av_testing

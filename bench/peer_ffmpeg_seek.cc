#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "bench/child.h"
#include "bench/pacer.h"
#include "bench/seek_peers.h"
#include "bench/verify.h"
#include "engine/base/bytes.h"

namespace reel::bench {
namespace {

constexpr uint64_t kMinutes = 8;
constexpr size_t kPrefixBytes = 4;
constexpr char kStartCode[] = {0, 0, 0, 1};
// The parameter sets of the trace say so, whatever pace the pictures came at.
constexpr uint64_t kPicturesPerSecond = 10;

class FfmpegSeekPeer final : public SeekPeer {
 public:
  FfmpegSeekPeer(std::string directory, const Trace& trace)
      : directory_(std::move(directory)), trace_(trace) {}

  Status Make() {
    std::filesystem::create_directories(directory_);
    const std::string source = directory_ + "/camera.h264";
    REEL_RETURN_IF_ERROR(WriteSource(source));
    std::string minutes;  // by the numbers of their first pictures
    for (uint64_t minute = 1; minute < kMinutes; ++minute) {
      const uint64_t picture = minute * kGopsPerMinute * trace_.shape().gop_units;
      minutes += (minutes.empty() ? "" : ",") + std::to_string(picture);
    }
    REEL_ASSIGN_OR_RETURN(
        const auto copy,
        Start({"-f", "h264", "-i", source, "-c", "copy", "-f", "segment", "-segment_frames",
               minutes, "-reset_timestamps", "1", directory_ + "/%03d.mp4"}));
    REEL_RETURN_IF_ERROR(copy->Wait().status());
    std::filesystem::remove(source);
    return OkStatus();
  }

  Status Seek(Rng* rng, Histogram* latency) override {
    const uint64_t gop = rng->Below(kMinutes * kGopsPerMinute);
    char name[32];
    (void)snprintf(name, sizeof name, "/%03d.mp4", static_cast<int>(gop / kGopsPerMinute));
    const std::string file = directory_ + name;
    REEL_RETURN_IF_ERROR(DropPages(file));
    const uint64_t gop_units = trace_.shape().gop_units;
    // In the middle of it.
    const uint64_t picture = gop % kGopsPerMinute * gop_units + gop_units / 2;
    const std::string at =
        std::to_string(static_cast<double>(picture) / static_cast<double>(kPicturesPerSecond));
    const MonoTime begin = MonoNow();
    REEL_ASSIGN_OR_RETURN(const auto child, Start({"-ss", at, "-i", file, "-c", "copy", "-frames:v",
                                                   "1", "-f", "h264", "pipe:1"}));
    const std::string out = child->ReadAll();
    REEL_RETURN_IF_ERROR(child->Wait().status());
    latency->Record(MonoNow() - begin);
    // Behind the parameter sets, which ffmpeg puts in front of it.
    const std::string_view nal =
        AsText(trace_.Unit(0, gop * gop_units, {}).bytes.subspan(kPrefixBytes));
    return out.ends_with(nal) ? OkStatus() : DataLoss("ffmpeg gave another picture");
  }

 private:
  static Result<std::unique_ptr<Child>> Start(const std::vector<std::string>& arguments) {
    // That synthetic pictures cannot be decoded is nothing to a copy.
    std::vector<std::string> command = {"ffmpeg", "-nostdin", "-loglevel", "quiet", "-y"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return Child::Start(command);
  }

  Status WriteSource(const std::string& path) const {
    std::ofstream out(path, std::ios::binary);
    const uint64_t gop_units = trace_.shape().gop_units;
    const auto put = [&](ByteSpan nal) {
      out.write(kStartCode, sizeof kStartCode);
      out.write(AsText(nal).data(), static_cast<std::streamsize>(nal.size()));
    };
    const Bytes sets = Trace::Tracks().front().config;
    for (uint64_t number = 0; number < kMinutes * kGopsPerMinute * gop_units; ++number) {
      for (ByteSpan left = sets; number % gop_units == 0 && !left.empty();) {
        const size_t length = NalBytes(left);
        put(left.subspan(kPrefixBytes, length));
        left = left.subspan(kPrefixBytes + length);
      }
      put(trace_.Unit(0, number, {}).bytes.subspan(kPrefixBytes));
    }
    out.close();
    return out ? OkStatus() : Internal("cannot write " + path);
  }

  static size_t NalBytes(ByteSpan prefixed) {
    size_t length = 0;
    for (size_t i = 0; i < kPrefixBytes; ++i)
      length = length << 8 | std::to_integer<size_t>(prefixed[i]);
    return length;
  }

  static Status DropPages(const std::string& path) {
    const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.valid()) return Status::FromErrno(errno, "open " + path);
    (void)fdatasync(fd.get());
    (void)posix_fadvise(fd.get(), 0, 0, POSIX_FADV_DONTNEED);
    return OkStatus();
  }

  const std::string directory_;
  const Trace& trace_;
};

}  // namespace

Result<std::unique_ptr<SeekPeer>> NewFfmpegSeekPeer(const std::string& directory,
                                                    const Trace& trace) {
  auto peer = std::make_unique<FfmpegSeekPeer>(directory, trace);
  REEL_RETURN_IF_ERROR(peer->Make());
  return std::unique_ptr<SeekPeer>(std::move(peer));
}

}  // namespace reel::bench

#include "tools/export_frames.h"

#include <algorithm>
#include <map>

#include "engine/base/bytes.h"
#include "engine/base/digest.h"

namespace reel {
namespace {

constexpr size_t kBlockBytes = 256U << 10;

struct FlagName {
  UnitFlag flag;
  const char* name;
};
constexpr FlagName kFlagNames[] = {{kUnitClean, "clean"},
                                   {kUnitOpenGop, "open-gop"},
                                   {kUnitIntraRefresh, "intra-refresh"},
                                   {kUnitNoPicture, "no-picture"},
                                   {kUnitLossBefore, "loss-before"}};

Json HeadJson(const VirtualMp4& file, const std::string& name, const Sha256Digest& digest) {
  const ExportInfo& info = file.info();
  Json head{{"format", "reel-frames"}, {"version", 1},         {"file", name},
            {"sha256", HexOf(digest)}, {"stream", info.name},  {"id", ToString(info.stream)},
            {"tracks", Json::array()}, {"runs", Json::array()}};
  for (const TrackInfo& track : info.tracks) {
    head["tracks"].push_back(
        {{"track", track.id.value}, {"what", TrackText(track)}, {"timescale", track.timescale}});
  }
  for (const RunId& run : info.runs) head["runs"].push_back(ToString(run));
  return head;
}

// Blocks of lines.
class Lines {
 public:
  explicit Lines(const ByteSink& sink) : sink_(sink) {}

  Status Put(const Json& line) {
    text_ += line.dump(-1, ' ', false, Json::error_handler_t::replace);
    text_ += '\n';
    return text_.size() < kBlockBytes ? OkStatus() : Flush();
  }
  Status Flush() {
    Status status = sink_(AsBytes(text_));
    text_.clear();
    return status;
  }

 private:
  const ByteSink& sink_;
  std::string text_;
};

Json FrameJson(const ExportFrame& frame, uint64_t number, size_t run) {
  Json json{{"frame", number},
            {"track", frame.track.value},
            {"run", run},
            {"unit", frame.unit.value},
            {"pts", frame.pts},
            {"dts", frame.dts},
            {"utc", FormatWall(frame.time, 9)},
            {"uncertainty_us", frame.uncertainty_us},
            {"bytes", frame.size_bytes},
            {"flags", Json::array()},
            {"shown", frame.shown}};
  for (const FlagName& flag : kFlagNames) {
    if ((frame.flags & flag.flag) != 0) json["flags"].push_back(flag.name);
  }
  return json;
}

}  // namespace

Status PutFrames(const VirtualMp4& file, const std::string& name, const Sha256Digest& digest,
                 const ByteSink& sink, const Interrupt& interrupt) {
  const ExportInfo& info = file.info();
  Lines lines(sink);
  REEL_RETURN_IF_ERROR(lines.Put(HeadJson(file, name, digest)));
  std::map<TrackId, uint64_t> numbers;
  size_t next_gap = 0;
  for (size_t i = 0; i < file.frame_count(); ++i) {
    if (interrupt.requested()) {
      return Status(Code::kCancelled, "export stopped by a signal; nothing of it was kept");
    }
    const ExportFrame frame = file.frame(i);
    while (next_gap < info.gaps.size() && info.gaps[next_gap].end <= frame.time) {
      REEL_RETURN_IF_ERROR(lines.Put({{"gap", GapJson(info.gaps[next_gap++])}}));
    }
    const auto run = std::find(info.runs.begin(), info.runs.end(), frame.run);
    REEL_RETURN_IF_ERROR(lines.Put(
        FrameJson(frame, numbers[frame.track]++, static_cast<size_t>(run - info.runs.begin()))));
  }
  while (next_gap < info.gaps.size()) {
    REEL_RETURN_IF_ERROR(lines.Put({{"gap", GapJson(info.gaps[next_gap++])}}));
  }
  for (const std::string& damage : info.damage) {
    REEL_RETURN_IF_ERROR(lines.Put({{"damage", damage}}));
  }
  return lines.Flush();
}

}  // namespace reel

// What the tests of engine/av share: footage, temporary folders, whole files read through the
// source, and FFmpeg as the second opinion.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "engine/av/source.h"
#include "reel/status.h"
#include "reel/types.h"
#include "reel/unit.h"
#include "tests/av/test_node.h"

namespace reel::av_testing {

// Wall time of the first unit in every export.
inline constexpr WallTime kStart{1'763'845'200'000'000'000};  // 2025-11-22T21:00:00Z

// Footage in the repository and, where it is there, the larger collection beside it (or in the
// folder that REEL_FOOTAGE names).
std::string FootagePath(const std::string& name);  // empty if it is not there
std::vector<std::string> FootageNames();           // media files, sorted
std::vector<std::string> AllNames();               // and everything else of the larger collection
bool HasSharedFootage();

class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  std::string Path(const std::string& name) const { return (path_ / name).string(); }
  std::vector<std::string> Files() const;

 private:
  std::filesystem::path path_;
};

Bytes ReadFile(const std::string& path);
void WriteFile(const std::string& path, ByteSpan bytes);

struct ReadUnit {
  SourceUnit unit;  // its bytes are `bytes`
  Bytes bytes;
};
struct ReadMedia {
  std::vector<TrackInfo> first_tracks;
  std::vector<TrackInfo> last_tracks;
  std::vector<ReadUnit> units;
  std::vector<Status> left_out;
  std::vector<std::string> notes;
  Status end;

  size_t Count(uint8_t flag) const;  // of video units
  std::vector<const ReadUnit*> OfTrack(uint8_t track) const;
};
Result<ReadMedia> ReadAll(const std::string& path, const SourceOptions& options = {});

// NAL units, found the slow and plain way.
std::vector<Bytes> PlainNals(ByteSpan annex_b);
std::vector<Bytes> PlainNals(ByteSpan unit, size_t length_bytes);
std::vector<Bytes> NalsOfTrack(const ReadMedia& media, uint8_t track);

// By the name of the file.
bool IsMp4(const std::string& name);
bool IsTs(const std::string& name);
bool IsMkv(const std::string& name);
// The NAL units of the first video track as the file has them, extracted by libavformat or the
// plain way: nothing of engine/av has a hand in it. `packet_count` stays as it is for raw video.
std::vector<Bytes> NalsOfOriginal(const std::string& path, Codec codec, size_t* packet_count);

// Records the file as one run that begins at kStart.
Status Record(const std::string& from, TestNode* node);
// Records `from` and exports it to `to`.
Status Export(const std::string& from, const std::string& to, const ExportOptions& options = {});

// Whether the ffmpeg program is here.
bool HasFfmpeg();
// Runs ffmpeg with these arguments, as a shell takes them; what it printed to stdout.
Result<std::string> Ffmpeg(const std::vector<std::string>& arguments);
// Longer footage is decoded up to here; what is behind is compared as bytes.
inline constexpr size_t kMaxHashedFrames = 2000;
// One hash per decoded frame of the first track of the kind ("v" or "a").
std::vector<std::string> DecodedHashes(const std::string& path, const std::string& kind,
                                       const std::string& input_options);
// What ffprobe and ffmpeg complain of when they read and decode the video; "" if of nothing. Bursts
// of pictures microseconds apart, which real cameras deliver, are none of the file's doing.
std::string Complaints(const std::string& path);
std::string Quoted(const std::string& path);

}  // namespace reel::av_testing

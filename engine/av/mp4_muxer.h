// The MP4 file itself: libavformat's muxer writing to a temporary name.
//
// Thread rule: one thread at a time. Errors: those of Mp4Writer (mp4_writer.h).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/av/av_handle.h"
#include "reel/status.h"
#include "reel/time.h"
#include "reel/unit.h"

namespace reel {

struct Mp4Stream {
  TrackInfo info;
  Bytes decoder_config;  // avcC, hvcC, AudioSpecificConfig or Opus ID header
};

struct Mp4Sample {
  size_t stream = 0;
  int64_t pts = 0;  // in the track's timescale
  int64_t dts = 0;
  int64_t duration = 0;
  bool is_key = false;
  ByteSpan bytes;
};

// Removes the temporary file unless Finish() has given it its name.
class Mp4Muxer {
 public:
  explicit Mp4Muxer(std::string path);
  ~Mp4Muxer();
  Mp4Muxer(const Mp4Muxer&) = delete;
  Mp4Muxer& operator=(const Mp4Muxer&) = delete;

  Status Open();
  // `edit_lists` shift time so that what is before 0 is not shown.
  Status Begin(const std::vector<Mp4Stream>& streams, WallTime start, bool edit_lists);
  Status Write(const Mp4Sample& sample);
  // `in_band` says of each stream whether its parameter sets change in its samples.
  Status Finish(const std::vector<bool>& in_band);

 private:
  struct OutputDeleter {
    void operator()(AVFormatContext* context) const;
  };

  Status AddStream(const Mp4Stream& stream);
  Status Error(int av_error) const;
  Status NameSampleEntries(const std::vector<bool>& in_band) const;
  Status Publish();

  std::string path_;
  std::string partial_path_;
  bool exists_ = false;  // the temporary file
  std::unique_ptr<AVFormatContext, OutputDeleter> context_;
  AvPtr<AVPacket> packet_;
  std::vector<TrackInfo> streams_;
  std::vector<bool> has_samples_;
};

}  // namespace reel

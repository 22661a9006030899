// CameraTrial: what a camera sends, measured and judged: would it make a good recording?
//
// Thread rule: one thread at a time; Judge when nothing comes any more.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tools/camera_visit.h"

namespace reel {

struct TrialReport {
  std::vector<TrackInfo> tracks;
  Duration length{0};  // from the first unit to the last
  uint64_t bytes = 0;
  uint64_t pictures = 0;
  double bits_per_second = 0;
  double frames_per_second = 0;
  std::optional<Duration> key_distance;      // of key pictures, on average; nullopt: under two came
  std::optional<Duration> key_distance_max;  // an unfinished one counts with what it has
  Duration longest_silence{0};               // between two units that count
  Duration late{0};                          // at worst, against the earliest units
  // Findings in words, the worst first; what would keep it from being recorded or shown is grave.
  std::vector<std::string> findings;
  bool fit = false;  // nothing grave
};

class CameraTrial final : public VisitSink {
 public:
  void OnTracks(const std::vector<TrackInfo>& tracks) override;
  void OnUnit(const server::ReceivedUnit& unit, MonoTime mono, WallTime wall) override;

  TrialReport Judge(const CameraVisit& visit) const;

 private:
  std::vector<TrackInfo> tracks_;
  std::vector<server::ArrivalClock> clocks_;  // by track
  bool has_video_ = false;
  uint64_t bytes_ = 0;
  uint64_t pictures_ = 0;
  uint64_t keys_ = 0;
  std::optional<MonoTime> first_;
  std::optional<MonoTime> last_;
  std::optional<MonoTime> first_picture_;
  std::optional<MonoTime> last_picture_;  // or unit, where there are no pictures
  std::optional<MonoTime> first_key_;
  std::optional<MonoTime> last_key_;
  Duration longest_gop_{0};
  Duration longest_silence_{0};
  Duration late_{0};
};

}  // namespace reel

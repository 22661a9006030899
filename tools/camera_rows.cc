#include "tools/camera_rows.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "tools/terminal.h"
#include "tools/time_args.h"

namespace reel {
namespace {

using server::ListedSource;
using server::SourceState;

// Of a segment, the rest is padding and what says where things are (docs/OPERATIONS.md, Sizing).
constexpr double kFootageOfSegment = 0.95;

const char* StateName(SourceState state) {
  switch (state) {
    case SourceState::kOff:
      return "off";
    case SourceState::kConnecting:
      return "connecting";
    case SourceState::kRecording:
      return "recording";
    case SourceState::kWaiting:
      return "waiting";
  }
  return "unknown";
}

bool IsShown(const SourceTable& table, const ListedSource& source) {
  return !table.only_troubled || !source.trouble.empty();
}

const VolumeInfo* VolumeOf(const SourceTable& table, const ListedSource& source) {
  for (const VolumeInfo& volume : table.volumes) {
    if (volume.number == source.volume) return &volume;
  }
  return nullptr;
}

std::optional<Duration> UntilRecyclingOf(const SourceTable& table, const ListedSource& source) {
  const VolumeInfo* volume = VolumeOf(table, source);
  return volume == nullptr ? std::nullopt : UntilRecycling(*volume, table.sources);
}

Json SourceJson(const SourceTable& table, const ListedSource& source) {
  Json json{{"camera", source.camera},
            {"stream", source.stream},
            {"state", StateName(source.state)},
            {"bits_per_second", source.bits_per_second},
            {"frames_per_second", source.frames_per_second},
            {"units", source.units},
            {"bytes", source.bytes},
            {"packets_lost", source.packets_lost},
            {"reconnects", source.reconnects},
            {"clock_offset_ns", source.clock_offset.count()},
            {"flush_age_ns", std::max(source.flush_age, Duration{0}).count()},
            {"gaps_last_day", source.gaps_last_day},
            {"gap_last_day_ns", source.gap_last_day.count()}};
  for (const char* name : {"flush_age_ns", "gap_last_day_ns"}) {
    json[name] = json[name].get<uint64_t>();
  }
  if (source.volume.value != 0) json["volume"] = source.volume.value;
  if (const auto left = UntilRecyclingOf(table, source)) {
    json["until_recycling_ns"] = static_cast<uint64_t>(left->count());
  }
  if (!source.trouble.empty()) json["trouble"] = source.trouble;
  if (source.recording_since) json["recording_since"] = FormatWall(*source.recording_since, 9);
  if (source.last_unit) json["last_unit"] = FormatWall(*source.last_unit, 9);
  if (source.last_clean_point) json["last_clean_point"] = FormatWall(*source.last_clean_point, 9);
  return json;
}

// "950 ms", "12 s", "3 min", "5.2 h", "12.4 d".
std::string Short(Duration duration) {
  const double seconds = std::chrono::duration<double>(std::max(duration, Duration{0})).count();
  constexpr double kMinute = 60;
  constexpr double kHour = 3600;
  constexpr double kDay = 86'400;
  std::array<char, 24> text{};
  if (seconds < 1) {
    std::snprintf(text.data(), text.size(), "%.0f ms", seconds * 1000);
  } else if (seconds < 2 * kMinute) {
    std::snprintf(text.data(), text.size(), "%.0f s", seconds);
  } else if (seconds < 2 * kHour) {
    std::snprintf(text.data(), text.size(), "%.0f min", seconds / kMinute);
  } else if (seconds < 2 * kDay) {
    std::snprintf(text.data(), text.size(), "%.1f h", seconds / kHour);
  } else {
    std::snprintf(text.data(), text.size(), "%.1f d", seconds / kDay);
  }
  return text.data();
}

std::string Ago(const std::optional<WallTime>& then, WallTime now) {
  return then ? Short(now - *then) : "never";
}

std::string Left(const std::optional<Duration>& left) {
  if (!left) return "-";
  return *left == Duration{0} ? "full" : Short(*left);
}

std::string Gaps(const ListedSource& source) {
  if (source.gaps_last_day == 0) return "-";
  return std::to_string(source.gaps_last_day) + ", " + Short(source.gap_last_day);
}

// At most `columns` characters of UTF-8.
std::string Cut(const std::string& text, size_t columns) {
  size_t characters = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool begins = (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80;
    if (begins && ++characters > columns) return text.substr(0, i);
  }
  return text;
}

constexpr const char* kRow = "%-24s %-10s %9s %6s %8s %8s %14s %8s  ";

template <class... Texts>
std::string Row(const std::string& stream, const Texts&... texts) {
  std::array<char, 400> line{};
  std::snprintf(line.data(), line.size(), kRow, stream.c_str(), texts...);
  return line.data();
}

std::string SourceLine(const SourceTable& table, const ListedSource& source, WallTime now,
                       size_t columns) {
  std::array<char, 24> rate{};
  std::array<char, 24> frames{};
  std::snprintf(rate.data(), rate.size(), "%.2f M", source.bits_per_second / 1e6);
  std::snprintf(frames.data(), frames.size(), "%.1f", source.frames_per_second);
  const std::string line =
      Row(OneLine(source.stream), StateName(source.state), rate.data(), frames.data(),
          Ago(source.last_clean_point, now).c_str(), Short(source.flush_age).c_str(),
          Gaps(source).c_str(), Left(UntilRecyclingOf(table, source)).c_str());
  std::string whole = Cut(line + OneLine(source.trouble), columns);
  if (whole.size() <= line.size()) return whole;
  return line + Painted(Colour::kRed, whole.substr(line.size()));
}

std::string SumLine(const SourceTable& table) {
  double bits = 0;
  int64_t recording = 0;
  int64_t troubled = 0;
  for (const ListedSource& source : table.sources) {
    bits += source.bits_per_second;
    recording += source.state == SourceState::kRecording ? 1 : 0;
    troubled += source.trouble.empty() ? 0 : 1;
  }
  std::array<char, 120> sum{};
  std::snprintf(sum.data(), sum.size(), "%lld of %zu recording, %lld in trouble, %.1f Mbit/s",
                static_cast<long long>(recording), table.sources.size(),
                static_cast<long long>(troubled), bits / 1e6);
  return sum.data();
}

}  // namespace

std::optional<Duration> UntilRecycling(const VolumeInfo& volume,
                                       const std::vector<ListedSource>& sources) {
  if (volume.segments_in_use >= volume.segments_max) return Duration{0};
  double bytes_per_second = 0;
  for (const ListedSource& source : sources) {
    const bool counts = source.volume == volume.number && source.state == SourceState::kRecording;
    if (counts) bytes_per_second += source.bits_per_second / 8;
  }
  if (bytes_per_second <= 0) return std::nullopt;
  const double free = static_cast<double>(volume.segments_max - volume.segments_in_use) *
                      static_cast<double>(volume.segment_bytes) * kFootageOfSegment;
  constexpr double kMost = 100.0 * 365 * 86'400;  // years, in seconds: more is no forecast
  const double seconds = std::min(free / bytes_per_second, kMost);
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

Json TableJson(const SourceTable& table) {
  Json rows = Json::array();
  for (const ListedSource& source : table.sources) {
    if (IsShown(table, source)) rows.push_back(SourceJson(table, source));
  }
  return rows;
}

std::vector<std::string> TableLines(const SourceTable& table, WallTime now, size_t columns,
                                    size_t most_lines) {
  std::vector<const ListedSource*> order;
  for (const ListedSource& source : table.sources) {
    if (IsShown(table, source)) order.push_back(&source);
  }
  std::stable_partition(order.begin(), order.end(),
                        [](const ListedSource* source) { return !source->trouble.empty(); });
  std::vector<std::string> lines;
  lines.push_back(Painted(Colour::kBold, Cut(Row("stream", "state", "bit/s", "fps", "key", "flush",
                                                 "gaps in 24 h", "left"),
                                             columns)));
  constexpr size_t kAround = 3;  // names, what does not fit, the sum
  const size_t room = most_lines > kAround ? most_lines - kAround : 1;
  const size_t shown = order.size() <= room + 1 ? order.size() : room;
  for (size_t i = 0; i < shown; ++i) lines.push_back(SourceLine(table, *order[i], now, columns));
  if (shown < order.size()) {
    lines.push_back("and " + std::to_string(order.size() - shown) + " more");
  }
  lines.push_back(Painted(Colour::kBold, Cut(SumLine(table), columns)));
  return lines;
}

}  // namespace reel

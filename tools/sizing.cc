#include "tools/sizing.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace reel {
namespace {

// Bytes that a chunk costs beside its units: its head, half of a 4 KiB block of padding, and its
// part of the footer. Measured: 2.5 KiB.
constexpr double kChunkBytes = 2560;
constexpr double kUnitBytes = 32;  // of a unit in a chunk's table (docs/FORMAT.md)
// A chunk is written each flush interval, where that is little up to four times as rarely.
constexpr double kFlushSeconds = 0.25;
constexpr double kFlushSecondsMax = 1.0;
constexpr double kWorthwhileBytes = 32 << 10;
// Header blocks, the footer's room, and what does not fit at a segment's end.
constexpr double kSegmentShare = 0.97;
constexpr double kFileSystemShare = 0.98;
// Measured: 26 with days of footage, 34 with hours, the write-ahead log included.
constexpr double kIndexBytesPerGop = 34;
// The command with its libraries, the write buffers of all streams, RocksDB with its cache.
constexpr double kBaseBytes = 128 << 20;
constexpr double kBufferBytes = 256 << 20;
constexpr double kIndexCacheBytes = 96 << 20;
constexpr double kStreamBytes = 256 << 10;

double StoredRate(const CameraGroup& group, const SizingRequest& request) {
  const double bytes = group.bits_per_second / 8;
  const double interval =
      std::clamp(kWorthwhileBytes / std::max(bytes, 1.0), kFlushSeconds, kFlushSecondsMax);
  // One more begins at each clean point.
  const double gop_seconds = std::chrono::duration<double>(request.gop).count();
  const double chunks = 1 / interval + 1 / gop_seconds;
  return bytes + chunks * kChunkBytes + request.pictures_per_second * kUnitBytes;
}

uint64_t Ceiling(double value) { return static_cast<uint64_t>(std::ceil(value)); }

bool TakeNumber(std::string_view* text, double* number) {
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), *number);
  if (error != std::errc{}) return false;
  text->remove_prefix(static_cast<size_t>(end - text->data()));
  return true;
}

}  // namespace

Sizing SizeOf(const SizingRequest& request) {
  constexpr double kSecondsPerDay = 86'400;
  Sizing sizing;
  for (const CameraGroup& group : request.cameras) {
    const auto count = static_cast<double>(group.count);
    sizing.streams += group.count;
    sizing.media_bytes_per_second += count * group.bits_per_second / 8;
    sizing.stored_bytes_per_second += count * StoredRate(group, request);
  }
  const double seconds = request.days * kSecondsPerDay;
  const auto streams = static_cast<double>(sizing.streams);
  const double room = kSegmentShare * kFileSystemShare;
  sizing.needed_bytes = sizing.stored_bytes_per_second * seconds / room;
  sizing.gops = streams * seconds / std::chrono::duration<double>(request.gop).count();
  sizing.index_bytes = sizing.gops * kIndexBytesPerGop;
  sizing.memory_bytes = kBaseBytes + kBufferBytes + kIndexCacheBytes + streams * kStreamBytes;
  if (request.disk_bytes == 0) return sizing;
  const auto disk = static_cast<double>(request.disk_bytes);
  sizing.disks_for_room = Ceiling(sizing.needed_bytes / disk);
  if (request.disk_bytes_per_second > 0) {
    sizing.disks_for_rate = Ceiling(sizing.stored_bytes_per_second /
                                    static_cast<double>(request.disk_bytes_per_second));
  }
  sizing.disks = std::max(sizing.disks_for_room, sizing.disks_for_rate);
  sizing.days_of_disks = static_cast<double>(sizing.disks) * disk * room /
                         sizing.stored_bytes_per_second / kSecondsPerDay;
  return sizing;
}

Result<CameraGroup> ParseCameras(std::string_view text) {
  constexpr std::string_view kUnits = "KMG";
  constexpr double kCountMax = 1e6;
  std::string_view rest = text;
  double count = 0;
  double bits = 0;
  const bool counted = TakeNumber(&rest, &count) && rest.substr(0, 1) == "x";
  if (counted) rest.remove_prefix(1);
  const bool rated = counted && TakeNumber(&rest, &bits);
  const size_t unit = rest.empty() ? 0 : kUnits.find(rest[0]) + 1;
  const bool ended = rest.empty() || (rest.size() == 1 && unit != 0);
  const bool sane = count >= 1 && count <= kCountMax && count == std::floor(count) && bits > 0;
  if (!rated || !ended || !sane || !std::isfinite(bits)) {
    return InvalidArgument("'" + std::string(text) +
                           "' are no cameras: write COUNTxRATE in bits a second, as in 200x4M");
  }
  return CameraGroup{static_cast<uint64_t>(count), bits * std::pow(1000.0, unit)};
}

}  // namespace reel

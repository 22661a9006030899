#include "tools/volume_report.h"

#include <algorithm>

#include "engine/io/disk_factory.h"
#include "tools/local_time.h"
#include "tools/terminal.h"
#include "tools/time_args.h"

namespace reel {
namespace {

// A share of the file system is kept for its own needs.
constexpr double kNearFull = 0.98;

bool IsAway(const VolumeInfo& info) { return info.state.rfind("away", 0) == 0; }

uint64_t BytesOf(const VolumeInfo& info, uint64_t segments) {
  return segments * info.segment_bytes;
}

void AddDisk(VolumeReport* report) {
  const Result<std::unique_ptr<Disk>> disk = OpenDisk(report->info.path);
  if (!disk.ok()) return;
  const Result<DiskFacts> facts = (*disk)->Probe();
  if (!facts.ok()) {
    report->problems.push_back(facts.status().message());
    return;
  }
  report->engine = facts->engine;
  report->engine_note = facts->note;
  report->capacity_bytes = facts->capacity_bytes;
  report->free_bytes = facts->free_bytes;
  const Result<std::vector<std::string>> names = (*disk)->List();
  if (!names.ok()) return;
  report->segments_made = static_cast<uint32_t>(
      std::count_if(names->begin(), names->end(),
                    [](const std::string& name) { return name.rfind("segment-", 0) == 0; }));
}

void AddFootage(const std::vector<SegmentRow>& rows, WallTime now, VolumeReport* report) {
  for (const SegmentRow& row : rows) {
    const bool holds = row.state == SegmentState::kSealed || row.state == SegmentState::kOpen;
    if (row.state == SegmentState::kDamaged) {
      report->problems.push_back("segment " + std::to_string(row.serial.value) + " is damaged");
    }
    if (!holds || row.retention_class == kLedgerClass || row.begin > row.end) continue;
    report->footage_bytes += row.payload_bytes;
    if (now - row.end < std::chrono::hours{24}) report->last_day_bytes += row.payload_bytes;
    WallRange range = report->footage.value_or(WallRange{kWallMax, kWallMin});
    range.begin = std::min(range.begin, row.begin);
    range.end = std::max(range.end, row.end);
    report->footage = range;
  }
}

void AddProblems(VolumeReport* report) {
  const VolumeInfo& info = report->info;
  if (IsAway(info)) return report->problems.push_back(info.state);
  const bool sound = info.state == "good" || info.state == "read-only";
  if (!sound) report->problems.push_back("its state is " + info.state);
  if (report->capacity_bytes == 0) return;
  const uint32_t to_make = info.segments_max - std::min(info.segments_max, report->segments_made);
  const uint64_t needed = BytesOf(info, to_make);
  if (needed > report->free_bytes) {
    report->problems.push_back("the file system lacks " + FormatSize(needed - report->free_bytes) +
                               " for the segments still to be made: make room or expect it to hold "
                               "that much less");
  }
}

std::string Percent(double share) { return std::to_string(static_cast<int>(share * 100)) + " %"; }

}  // namespace

double VolumeReport::used_share() const {
  if (info.segments_max == 0) return 0;
  return static_cast<double>(info.segments_in_use) / info.segments_max;
}

std::optional<Duration> VolumeReport::until_full() const {
  if (last_day_bytes == 0 || info.segments_max < info.segments_in_use) return std::nullopt;
  const auto left = static_cast<double>(BytesOf(info, info.segments_max - info.segments_in_use));
  const double days = left / static_cast<double>(last_day_bytes);
  constexpr double kDaysMax = 36'500;
  if (days > kDaysMax) return std::nullopt;
  return std::chrono::duration_cast<Duration>(
      std::chrono::duration<double, std::ratio<86'400>>(days));
}

Result<std::vector<VolumeReport>> ReportVolumes(Store& store, WallTime now, bool is_here) {
  std::vector<VolumeReport> reports;
  for (VolumeInfo& info : store.Volumes()) {
    VolumeReport report;
    report.info = std::move(info);
    if (is_here) AddDisk(&report);
    if (!is_here) report.engine = report.info.engine;
    if (is_here && !IsAway(report.info)) {
      REEL_ASSIGN_OR_RETURN(const std::vector<SegmentRow> rows, store.Segments(report.info.number));
      AddFootage(rows, now, &report);
    }
    AddProblems(&report);
    reports.push_back(std::move(report));
  }
  return reports;
}

Json VolumeJson(const VolumeReport& report) {
  const VolumeInfo& info = report.info;
  Json json{{"number", info.number.value},
            {"id", ToString(info.id)},
            {"path", info.path},
            {"state", info.state},
            {"placement", info.placement},
            {"segment_bytes", info.segment_bytes},
            {"segments", info.segments_max},
            {"segments_in_use", info.segments_in_use},
            {"segments_made", report.segments_made},
            {"full", report.used_share() >= kNearFull},
            {"footage_bytes", report.footage_bytes},
            {"last_day_bytes", report.last_day_bytes},
            {"capacity_bytes", report.capacity_bytes},
            {"free_bytes", report.free_bytes},
            {"engine", report.engine},
            {"engine_note", report.engine_note},
            {"problems", report.problems}};
  if (report.footage) json["footage"] = RangeJson(*report.footage);
  if (const auto left = report.until_full()) json["until_full_ns"] = left->count();
  return json;
}

void PrintVolume(const VolumeReport& report) {
  const VolumeInfo& info = report.info;
  const bool away = IsAway(info);
  PrintLine(
      Painted(Colour::kBold, "volume " + std::to_string(info.number.value) + "  " + info.path) +
      "  " + (away ? "away" : info.placement + ", " + report.engine));
  if (!away) {
    std::string fill = "    " + Count(info.segments_in_use, "segment") + " in use of " +
                       std::to_string(info.segments_max) + " of " + FormatSize(info.segment_bytes) +
                       ", " + Percent(report.used_share());
    if (report.used_share() >= kNearFull) {
      fill += ": full, the oldest makes room for the newest";
    } else if (const auto left = report.until_full()) {
      fill += ": full in " + FormatDuration(*left) + " at the rate of the last day";
    }
    PrintLine(fill);
    if (report.capacity_bytes > 0) {
      PrintLine("    footage " + FormatSize(report.footage_bytes) +
                (report.footage ? "  " + RangeText(*report.footage) : ""));
      PrintLine("    file system " + FormatSize(report.free_bytes) + " free of " +
                FormatSize(report.capacity_bytes));
    }
    if (!report.engine_note.empty()) PrintLine("    note: " + OneLine(report.engine_note));
  }
  for (const std::string& problem : report.problems) {
    PrintLine("    " + Painted(Colour::kRed, "problem: ") + OneLine(problem));
  }
}

}  // namespace reel

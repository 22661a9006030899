#include "tools/exporter.h"

#include <algorithm>
#include <memory>

#include "engine/av/mp4_writer.h"

namespace reel {
namespace {

// Where reading begins: the clean point that shows the range's first instant.
Result<WallTime> FindBegin(Store& store, const ExportRequest& request) {
  const std::string where =
      "no footage from " + FormatWall(request.range.begin) + " to " + FormatWall(request.range.end);
  const Result<SeekPoint> point =
      store.Seek(request.stream, request.range.begin, SeekRule::kAtOrBefore);
  if (point.status().code() == Code::kNotFound)
    return NotFound(where + "; 'reel timeline' shows what there is");
  if (!point.ok()) return point.status();
  if (point->begin < request.range.end) return point->begin;
  return NotFound(where + "; the next is at " + FormatWall(point->begin));
}

class Writing {
 public:
  Writing(Mp4Writer& writer, ExportReport* report) : writer_(writer), report_(*report) {}

  Status Take(const Item& item) {
    switch (item.kind) {
      case ItemKind::kRunBegin:
        if (report_.runs++ > 0) writer_.BeginRun();
        return OkStatus();
      case ItemKind::kTracks:
        return SetTracks(item.tracks);
      case ItemKind::kGap:
        report_.gaps.push_back(item.gap);
        return OkStatus();
      case ItemKind::kDamage:
        report_.damage.push_back(item.status.message());
        return OkStatus();
      case ItemKind::kUnit:
        return Write(item.unit);
      case ItemKind::kEnd:
        break;
    }
    return OkStatus();
  }

 private:
  Status SetTracks(const std::vector<TrackInfo>& tracks) {
    const Status status = writer_.SetTracks(tracks);
    if (status.code() != Code::kUnimplemented) return status;
    return FailedPrecondition("the stream changes its tracks after " +
                              FormatWall(report_.range.end) + " (" + status.message() +
                              "): export up to there and on from there");
  }

  Status Write(const Unit& unit) {
    const UnitView view{unit.track, unit.flags, unit.pts, unit.dts, unit.wall, unit.bytes};
    const Status status = writer_.Write(view);
    if (status.code() == Code::kInvalidArgument) {
      report_.notes.push_back("unit " + std::to_string(unit.number.value) +
                              " left out: " + status.message());
      return OkStatus();
    }
    REEL_RETURN_IF_ERROR(status);
    report_.range.begin = report_.units == 0 ? unit.wall : std::min(report_.range.begin, unit.wall);
    report_.range.end = report_.units == 0 ? unit.wall : std::max(report_.range.end, unit.wall);
    ++report_.units;
    report_.bytes += unit.bytes.size();
    return OkStatus();
  }

  Mp4Writer& writer_;
  ExportReport& report_;
};

// Gaps before the first and behind the last unit are not the file's.
void CutGaps(ExportReport* report) {
  std::vector<GapRow> inside;
  for (GapRow gap : report->gaps) {
    gap.begin = std::max(gap.begin, report->range.begin);
    gap.end = std::min(gap.end, report->range.end);
    if (gap.begin < gap.end) inside.push_back(gap);
  }
  report->gaps = std::move(inside);
}

}  // namespace

Result<ExportReport> Export(Store& store, const ExportRequest& request,
                            const Interrupt& interrupt) {
  REEL_ASSIGN_OR_RETURN(const WallTime begin, FindBegin(store, request));
  CursorOptions options;
  options.range = {begin, request.range.end};
  REEL_ASSIGN_OR_RETURN(const std::unique_ptr<Cursor> cursor, store.Read(request.stream, options));
  Mp4Options mp4;
  mp4.replace_existing = request.replace;
  REEL_ASSIGN_OR_RETURN(const std::unique_ptr<Mp4Writer> writer,
                        Mp4Writer::Create(request.path, mp4));
  ExportReport report;
  Writing writing(*writer, &report);
  for (;;) {
    if (interrupt.requested()) {
      return Status(Code::kCancelled,
                    "export stopped by a signal; " + request.path + " was not written");
    }
    REEL_ASSIGN_OR_RETURN(const Item item, cursor->Next());
    if (item.kind == ItemKind::kEnd) break;
    REEL_RETURN_IF_ERROR(writing.Take(item));
  }
  if (report.units == 0 && report.damage.empty()) {
    return NotFound("no footage could be read in " + FormatWall(begin) + " .. " +
                    FormatWall(request.range.end));
  }
  if (report.units == 0)
    return DataLoss("nothing in that range can be verified: " + report.damage.front());
  REEL_RETURN_IF_ERROR(writer->Finish());
  const std::vector<std::string>& notes = writer->notes();
  report.notes.insert(report.notes.end(), notes.begin(), notes.end());
  CutGaps(&report);
  return report;
}

}  // namespace reel

#include "tools/inspect_segment.h"

#include "engine/base/aligned.h"
#include "engine/io/transfer.h"
#include "engine/segment/salvage.h"
#include "engine/segment/segment_file.h"
#include "tools/time_args.h"

namespace reel {
namespace {

using format::ChunkRow;
using format::SegmentHeader;

struct OpenedSegment {
  std::unique_ptr<File> file;
  LifeReading life;
};

// The second copy stands at the granule the first one names.
Result<uint32_t> FindGranule(File& file, uint32_t otherwise) {
  AlignedBytes block(format::kBlockBytes);
  REEL_RETURN_IF_ERROR(ReadExactly(file, 0, block.span()));
  const Result<SegmentHeader> header = format::DecodeSegmentHeader(block.span());
  return header.ok() ? header->granule_bytes : otherwise;
}

Result<OpenedSegment> OpenSegmentFile(Disk& disk, const std::string& name, uint32_t granule_bytes) {
  OpenedSegment opened;
  REEL_ASSIGN_OR_RETURN(opened.file, disk.Open(name, OpenMode::kReadOnly));
  REEL_ASSIGN_OR_RETURN(const uint32_t granule, FindGranule(*opened.file, granule_bytes));
  REEL_ASSIGN_OR_RETURN(opened.life, ReadLife(*opened.file, granule));
  return opened;
}

void AddRange(WallTime begin, WallTime end, Json* json) {
  if (begin > end) return;  // no units
  (*json)["begin"] = FormatWall(begin);
  (*json)["end"] = FormatWall(end);
}

Json ChunkJson(const ChunkRow& row) {
  return {{"seq", row.seq.value},
          {"offset", row.offset_bytes},
          {"chunk_bytes", row.chunk_bytes},
          {"stream", ToString(row.stream)},
          {"run", ToString(row.run)},
          {"first_unit", row.first_unit.value},
          {"units", row.unit_count},
          {"begin", FormatWall(row.wall_begin)},
          {"clean", (row.flags & format::kContentClean) != 0}};
}

void AddChunks(const std::vector<ChunkRow>& rows, Json* json) {
  (*json)["chunk_list"] = Json::array();
  for (const ChunkRow& row : rows) (*json)["chunk_list"].push_back(ChunkJson(row));
}

void AddFooter(const format::Footer& footer, Json* json) {
  (*json)["sealed"] = true;
  (*json)["chunks"] = footer.head.chunk_count;
  (*json)["highest_seq"] = footer.head.highest_seq.value;
  (*json)["stored_bytes"] = footer.head.stored_bytes;
  AddRange(footer.head.begin, footer.head.end, json);
  (*json)["content_root"] = ToString(ContentId{footer.head.content_root});
}

void AddSalvage(const SalvageReport& report, Json* json) {
  (*json)["sealed"] = false;
  (*json)["chunks"] = report.rows.size();
  (*json)["known_durable_seq"] = report.durable_seq.value;
  WallTime begin = kWallMax;
  WallTime end = kWallMin;
  for (const ChunkRow& row : report.rows) {
    begin = std::min(begin, row.wall_begin);
    end = std::max(end, row.wall_end);
  }
  AddRange(begin, end, json);
  (*json)["holes_never_acknowledged"] = report.never_acknowledged_count;
  (*json)["lost_acknowledged"] = report.lost_acknowledged_count;
  (*json)["broken_links"] = report.broken_links;
  (*json)["unreadable_blocks"] = report.unreadable_blocks;
  (*json)["damaged"] = report.damaged();
}

std::string_view StateName(const LifeReading& life) {
  if (life.kind == LifeReading::Kind::kUnused) return "never used";
  if (life.kind == LifeReading::Kind::kDamaged)
    return "damaged: neither copy of its header can be read";
  return life.header.state == format::LifeState::kFree ? "free" : "in use";
}

bool HoldsFootage(const LifeReading& life) {
  return life.kind == LifeReading::Kind::kKnown && life.header.state == format::LifeState::kInUse;
}

void AddHeader(const SegmentHeader& header, Json* json) {
  (*json)["uid"] = ToString(header.uid);
  (*json)["serial"] = header.serial.value;
  (*json)["volume"] = ToString(header.volume);
  (*json)["epoch"] = header.epoch.value;
  (*json)["retention_class"] = header.retention_class.value;
  (*json)["opened"] = FormatWall(header.opened);
  (*json)["generation"] = header.generation;
  (*json)["segment_bytes"] = header.segment_bytes;
  (*json)["granule_bytes"] = header.granule_bytes;
  (*json)["footer_at"] = header.footer_offset_bytes;
}

}  // namespace

Result<Json> InspectSegment(Disk& disk, const std::string& name, uint32_t granule_bytes,
                            bool chunks) {
  REEL_ASSIGN_OR_RETURN(const OpenedSegment segment, OpenSegmentFile(disk, name, granule_bytes));
  const LifeReading& life = segment.life;
  if (life.kind == LifeReading::Kind::kDamaged) {
    return DataLoss(disk.description() + "/" + name +
                    ": neither copy of its header can be verified");
  }
  Json json{{"kind", "segment"}, {"file", name}, {"state", StateName(life)}};
  if (life.kind == LifeReading::Kind::kKnown) AddHeader(life.header, &json);
  if (!HoldsFootage(life)) return json;
  REEL_ASSIGN_OR_RETURN(const auto footer, ReadFooter(*segment.file, life.header));
  if (footer) {
    AddFooter(*footer, &json);
    if (chunks) AddChunks(footer->rows, &json);
    return json;
  }
  REEL_ASSIGN_OR_RETURN(const SalvageReport report,
                        Salvage(*segment.file, life.header, ChunkSeq{0}));
  AddSalvage(report, &json);
  if (chunks) AddChunks(report.rows, &json);
  return json;
}

Json SegmentSummary(Disk& disk, const std::string& name, uint32_t granule_bytes) {
  Json json{{"file", name}};
  const Result<OpenedSegment> segment = OpenSegmentFile(disk, name, granule_bytes);
  if (!segment.ok()) {
    json["problem"] = segment.status().message();
    return json;
  }
  json["state"] = StateName(segment->life);
  if (!HoldsFootage(segment->life)) return json;
  const SegmentHeader& header = segment->life.header;
  json["serial"] = header.serial.value;
  json["retention_class"] = header.retention_class.value;
  json["epoch"] = header.epoch.value;
  const Result<std::optional<format::Footer>> footer = ReadFooter(*segment->file, header);
  if (!footer.ok()) {
    json["problem"] = footer.status().message();
    return json;
  }
  json["sealed"] = footer->has_value();
  if (!*footer) return json;
  json["chunks"] = (*footer)->head.chunk_count;
  json["stored_bytes"] = (*footer)->head.stored_bytes;
  AddRange((*footer)->head.begin, (*footer)->head.end, &json);
  return json;
}

}  // namespace reel

// The C ABI: seeking, cursors, timelines.
#include "engine/embed/c_edge.h"

struct reel_cursor {
  reel::embed::Child child;
  std::unique_ptr<reel::Cursor> cursor;
  reel::Item item;  // the last one, which the caller looks at
  std::vector<reel_track> tracks;
};

struct reel_timeline {
  reel::embed::Child child;
  std::vector<reel_span> spans;
  std::vector<reel_gap> gaps;
  std::vector<reel_coverage> coverage;
};

namespace reel::embed {
namespace {

Result<CursorOptions> ToOptions(const reel_cursor_options& options) {
  CursorOptions cursor;
  if (options.begin_ns != 0 || options.end_ns != 0)
    cursor.range = {{options.begin_ns}, {options.end_ns}};
  REEL_ASSIGN_OR_RETURN(cursor.mode, Chosen("mode", options.mode, CursorMode::kReverse));
  cursor.follow = options.follow != 0;
  cursor.min_interval = Duration{options.min_interval_ns};
  return cursor;
}

void PutUnit(const Item& item, reel_item* out) {
  out->gop_begin = item.gop_begin ? 1 : 0;
  out->track = item.unit.track.value;
  out->flags = item.unit.flags;
  out->number = item.unit.number.value;
  out->pts = item.unit.pts;
  out->dts = item.unit.dts;
  out->wall_ns = item.unit.wall.ns;
  out->data = item.unit.bytes.data();
  out->data_bytes = item.unit.bytes.size();
}

reel_item FromItem(const reel_cursor& cursor) {
  const Item& item = cursor.item;
  reel_item out{};
  out.kind = static_cast<int32_t>(item.kind);
  out.durable = item.durable ? 1 : 0;
  out.run = FromId(item.run);
  if (item.kind == ItemKind::kUnit) PutUnit(item, &out);
  if (item.kind == ItemKind::kTracks) {
    out.tracks = cursor.tracks.data();
    out.track_count = cursor.tracks.size();
  }
  if (item.kind == ItemKind::kGap) out.gap = FromGap(item.gap);
  if (item.kind == ItemKind::kDamage) {
    out.code = static_cast<int32_t>(item.status.code());
    out.message = item.status.message().c_str();
  }
  return out;
}

void Fill(const Timeline& from, reel_timeline* to) {
  for (const Span& span : from.spans) {
    to->spans.push_back({span.range.begin.ns, span.range.end.ns, FromId(span.run),
                         static_cast<int32_t>(span.end_cause), 0});
  }
  for (const GapRow& gap : from.gaps) to->gaps.push_back(FromGap(gap));
  for (const CoverageRow& row : from.buckets)
    to->coverage.push_back({row.begin.ns, row.covered.count(), row.bytes, row.gops, 0});
}

template <class Element>
const Element* Array(const std::vector<Element>& elements, size_t* count) {
  *count = elements.size();
  return elements.data();
}

}  // namespace
}  // namespace reel::embed

using namespace reel::embed;  // NOLINT(google-build-using-namespace): the functions of C are theirs

extern "C" {

int32_t reel_seek(reel_node* node, const reel_id* stream, int64_t time_ns, int32_t rule,
                  reel_seek_point* point, reel_status* status) {
  return Run(status, [&]() -> reel::Status {
    REEL_RETURN_IF_ERROR(NotNull({{"node", node}, {"stream", stream}, {"point", point}}));
    REEL_RETURN_IF_ERROR(CheckStructBytes("reel_seek_point", point->struct_bytes));
    REEL_ASSIGN_OR_RETURN(const auto chosen, Chosen("rule", rule, reel::SeekRule::kBackward));
    REEL_ASSIGN_OR_RETURN(const reel::SeekPoint found,
                          node->store().Seek(ToId<reel::StreamId>(*stream), {time_ns}, chosen));
    reel_seek_point out{};
    out.run = FromId(found.run);
    out.begin_ns = found.begin.ns;
    out.unit = found.unit.value;
    out.pre_roll_ns = found.pre_roll.count();
    out.in_gap = found.in_gap ? 1 : 0;
    out.durable = found.durable ? 1 : 0;
    Put(out, point);
    return reel::OkStatus();
  });
}

int32_t reel_read(reel_node* node, const reel_id* stream, const reel_cursor_options* options,
                  reel_cursor** cursor, reel_status* status) {
  return Run(status, [&]() -> reel::Status {
    REEL_RETURN_IF_ERROR(NotNull({{"node", node}, {"stream", stream}, {"cursor", cursor}}));
    *cursor = nullptr;
    REEL_ASSIGN_OR_RETURN(const auto taken, Take("reel_cursor_options", options));
    REEL_ASSIGN_OR_RETURN(const reel::CursorOptions cursor_options, ToOptions(taken));
    std::unique_ptr<reel_cursor> opened(new reel_cursor{Child(node), nullptr, {}, {}});
    REEL_ASSIGN_OR_RETURN(opened->cursor,
                          node->store().Read(ToId<reel::StreamId>(*stream), cursor_options));
    *cursor = opened.release();
    return reel::OkStatus();
  });
}

int32_t reel_next(reel_cursor* cursor, int64_t wait_ns, reel_item* item, reel_status* status) {
  return Run(status, [&]() -> reel::Status {
    REEL_RETURN_IF_ERROR(NotNull({{"cursor", cursor}, {"item", item}}));
    REEL_RETURN_IF_ERROR(CheckStructBytes("reel_item", item->struct_bytes));
    REEL_ASSIGN_OR_RETURN(cursor->item, cursor->cursor->Next(Wait(wait_ns)));
    cursor->tracks = FromTracks(cursor->item.tracks);
    Put(FromItem(*cursor), item);
    return reel::OkStatus();
  });
}

void reel_free_cursor(reel_cursor* cursor) { delete cursor; }

int32_t reel_get_timeline(reel_node* node, const reel_id* stream, int64_t begin_ns, int64_t end_ns,
                          int32_t bucket, reel_timeline** timeline, reel_status* status) {
  return Run(status, [&]() -> reel::Status {
    REEL_RETURN_IF_ERROR(NotNull({{"node", node}, {"stream", stream}, {"timeline", timeline}}));
    *timeline = nullptr;
    REEL_ASSIGN_OR_RETURN(const auto chosen, Chosen("bucket", bucket, reel::Bucket::kDay));
    REEL_ASSIGN_OR_RETURN(
        const reel::Timeline found,
        node->store().GetTimeline(ToId<reel::StreamId>(*stream), {{begin_ns}, {end_ns}}, chosen));
    std::unique_ptr<reel_timeline> filled(new reel_timeline{Child(node), {}, {}, {}});
    Fill(found, filled.get());
    *timeline = filled.release();
    return reel::OkStatus();
  });
}

const reel_span* reel_timeline_spans(const reel_timeline* timeline, size_t* count) {
  return Array(timeline->spans, count);
}

const reel_gap* reel_timeline_gaps(const reel_timeline* timeline, size_t* count) {
  return Array(timeline->gaps, count);
}

const reel_coverage* reel_timeline_coverage(const reel_timeline* timeline, size_t* count) {
  return Array(timeline->coverage, count);
}

void reel_free_timeline(reel_timeline* timeline) { delete timeline; }

}  // extern "C"

#include "server/rpc/export_stream.h"

#include <algorithm>

#include "server/rpc/convert.h"

namespace reel::server {
namespace {

constexpr size_t kStepBytes = 256U << 10;
// Of a message: some 60 bytes a frame. A chunk's content id may have to be worked out.
constexpr size_t kStepFrames = 4096;
constexpr size_t kStepChunks = 64;
// A file is made of what is in the index, where what became durable a moment ago is not yet.
constexpr Duration kIndexWait = std::chrono::seconds(1);

void PutFrame(const ExportFrame& frame, const std::vector<RunId>& runs, v1::ExportFrame* to) {
  Unit unit;
  unit.number = frame.unit;
  unit.track = frame.track;
  unit.flags = frame.flags;
  unit.pts = frame.pts;
  unit.dts = frame.dts;
  unit.wall = frame.time;
  Put(unit, to->mutable_unit());
  const auto run = std::find(runs.begin(), runs.end(), frame.run);
  to->set_run(static_cast<uint32_t>(run - runs.begin()));
  to->set_hidden(!frame.shown);
  to->set_uncertainty_us(frame.uncertainty_us);
  to->set_size_bytes(frame.size_bytes);
}

void PutChunk(const ExportChunk& chunk, v1::ExportChunk* to) {
  to->set_segment(ToString(chunk.segment));
  to->set_run(ToString(chunk.run));
  to->set_first_unit(chunk.first_unit.value);
  to->set_units(chunk.unit_count);
  to->set_begin_ns(chunk.begin.ns);
  to->set_end_ns(chunk.end.ns);
}

}  // namespace

Status ExportStream::Open(const grpc::ByteBuffer& request) {
  REEL_RETURN_IF_ERROR(FromWire(request, kMaxRequestBytes, &request_));
  ExportOptions options;
  REEL_ASSIGN_OR_RETURN(options.range, BoundedRangeOf(request_.range(), kLongest));
  options.fragmented = request_.fragmented();
  options.split = request_.split();
  options.extra_gop = request_.extra_gop();
  options.content_ids = request_.describe() && request_.content_ids();
  options.damage = request_.leave_out_damage() ? DamagePolicy::kLeaveOut : DamagePolicy::kRefuse;
  Errand errand;
  errand.stream = request_.stream();
  errand.range = options.range;
  errand.weighty = true;
  errand.purpose = PurposeOf(request_.purpose());
  REEL_ASSIGN_OR_RETURN(const StreamInfo stream, visit().Enter(errand));
  (void)core().store.WaitIdle(kIndexWait);  // late at most by salvage, which does not matter here
  REEL_ASSIGN_OR_RETURN(files_, core().store.OpenExport(stream.id, options));
  if (request_.file() >= files_.size()) {
    return OutOfRange("the range has " + std::to_string(files_.size()) + " files");
  }
  file_ = infos_ = request_.file();
  if (request_.offset_bytes() > file().size_bytes()) {
    return OutOfRange("the file has " + std::to_string(file().size_bytes()) + " bytes");
  }
  offset_ = request_.offset_bytes();
  return OkStatus();
}

void ExportStream::SendInfo(size_t number) {
  const VirtualMp4& file = *files_[number];
  v1::ExportResponse response;
  v1::ExportInfo* const info = response.mutable_info();
  info->set_file(static_cast<uint32_t>(number));
  info->set_files(static_cast<uint32_t>(files_.size()));
  info->set_size_bytes(file.size_bytes());
  info->set_media_type(file.media_type());
  info->set_identity(file.identity());
  Put(file.info().given, info->mutable_given());
  for (const TrackInfo& track : file.info().tracks) Put(track, info->add_tracks());
  for (const RunId& run : file.info().runs) info->add_runs(ToString(run));
  for (const GapRow& gap : file.info().gaps) Put(gap, info->add_gaps());
  for (const std::string& damage : file.info().damage) info->add_damage(damage);
  for (const std::string& note : file.info().notes) info->add_notes(note);
  info->set_unit_bytes(file.info().unit_bytes);
  info->set_frames(file.frame_count());
  info->set_chunks(file.info().chunks.size());
  Send(response);
}

void ExportStream::SendFrames() {
  v1::ExportResponse response;
  const size_t end = std::min(frames_ + kStepFrames, file().frame_count());
  for (; frames_ < end; ++frames_) {
    PutFrame(file().frame(frames_), file().info().runs, response.add_frames());
  }
  Send(response);
}

Status ExportStream::SendChunks() {
  v1::ExportResponse response;
  const std::vector<ExportChunk>& chunks = file().info().chunks;
  const size_t end = std::min(chunks_ + kStepChunks, chunks.size());
  for (; chunks_ < end; ++chunks_) {
    v1::ExportChunk* const to = response.add_chunks();
    PutChunk(chunks[chunks_], to);
    if (!request_.content_ids()) continue;
    REEL_ASSIGN_OR_RETURN(const ContentId id, file().ContentIdOf(chunks_));
    to->set_content_id(id.bytes.data(), id.bytes.size());
  }
  Send(response);
  return OkStatus();
}

ByteStream::Turn ExportStream::Produce() {
  if (infos_ < files_.size()) {
    SendInfo(infos_++);
    return Turn::More();
  }
  if (offset_ < file().size_bytes()) {
    Bytes bytes(kStepBytes);
    const Result<size_t> read = file().Read(offset_, bytes);
    if (!read.ok()) return Turn::End(read.status());
    bytes.resize(*read);
    offset_ += *read;
    Send(v1::ExportResponse{}, std::move(bytes));
    return Turn::More();
  }
  if (request_.describe() && frames_ < file().frame_count()) {
    SendFrames();
    return Turn::More();
  }
  if (request_.describe() && chunks_ < file().info().chunks.size()) {
    const Status sent = SendChunks();
    return sent.ok() ? Turn::More() : Turn::End(sent);
  }
  if (++file_ == files_.size()) return Turn::End(OkStatus());
  offset_ = frames_ = chunks_ = 0;
  return Turn::More();
}

}  // namespace reel::server

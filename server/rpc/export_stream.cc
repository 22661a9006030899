#include "server/rpc/export_stream.h"

#include "server/rpc/convert.h"

namespace reel::server {
namespace {

constexpr size_t kStepBytes = 256U << 10;
// A file is made of what is in the index, where what became durable a moment ago is not yet.
constexpr Duration kIndexWait = std::chrono::seconds(1);

}  // namespace

Status ExportStream::Open(const grpc::ByteBuffer& request) {
  REEL_RETURN_IF_ERROR(FromWire(request, kMaxRequestBytes, &request_));
  ExportOptions options;
  REEL_ASSIGN_OR_RETURN(options.range, BoundedRangeOf(request_.range(), kLongest));
  options.fragmented = request_.fragmented();
  options.damage = request_.leave_out_damage() ? DamagePolicy::kLeaveOut : DamagePolicy::kRefuse;
  Errand errand;
  errand.stream = request_.stream();
  errand.range = options.range;
  errand.weighty = true;
  errand.purpose = PurposeOf(request_.purpose());
  REEL_ASSIGN_OR_RETURN(const StreamInfo stream, visit().Enter(errand));
  (void)core().store.WaitIdle(kIndexWait);  // late at most by salvage, which does not matter here
  REEL_ASSIGN_OR_RETURN(auto files, core().store.OpenExport(stream.id, options));
  file_ = std::move(files.front());
  if (request_.offset_bytes() > file_->size_bytes()) {
    return OutOfRange("the file has " + std::to_string(file_->size_bytes()) + " bytes");
  }
  offset_ = request_.offset_bytes();
  return OkStatus();
}

void ExportStream::SendInfo() {
  v1::ExportResponse response;
  v1::ExportInfo* const info = response.mutable_info();
  info->set_size_bytes(file_->size_bytes());
  info->set_media_type(file_->media_type());
  info->set_identity(file_->identity());
  Put(file_->info().given, info->mutable_given());
  for (const GapRow& gap : file_->info().gaps) Put(gap, info->add_gaps());
  for (const std::string& damage : file_->info().damage) info->add_damage(damage);
  for (const std::string& note : file_->info().notes) info->add_notes(note);
  Send(response);
}

ByteStream::Turn ExportStream::Produce() {
  if (!std::exchange(info_sent_, true)) SendInfo();
  Bytes bytes(kStepBytes);
  const Result<size_t> read = file_->Read(offset_, bytes);
  if (!read.ok()) return Turn::End(read.status());
  if (*read == 0) return Turn::End(OkStatus());
  bytes.resize(*read);
  offset_ += *read;
  Send(v1::ExportResponse{}, std::move(bytes));
  return Turn::More();
}

}  // namespace reel::server

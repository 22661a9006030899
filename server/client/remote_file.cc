#include "server/client/remote_file.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "engine/base/check.h"
#include "server/client/convert.h"
#include "server/client/pull.h"

namespace reel::server {
namespace {

class RemoteFile final : public VirtualMp4 {
 public:
  RemoteFile(v1::Playback::StubInterface* stub, v1::ExportRequest request, StreamInfo stream)
      : stub_(stub), request_(std::move(request)) {
    info_.stream = stream.id;
    info_.name = std::move(stream.name);
    info_.asked = {{request_.range().begin_ns()}, {request_.range().end_ns()}};
  }

  Status Open() {
    REEL_RETURN_IF_ERROR(Begin(0));
    REEL_RETURN_IF_ERROR(Fetch());
    if (!has_info_) return Internal("the server sent a file without saying what it is");
    return OkStatus();
  }

  uint64_t size_bytes() const override { return size_bytes_; }
  const std::string& media_type() const override { return media_type_; }
  const std::string& identity() const override { return identity_; }
  const ExportInfo& info() const override { return info_; }
  size_t frame_count() const override { return 0; }
  ExportFrame frame(size_t /*index*/) const override {
    REEL_CHECK(false, "a remote file has no frames");
  }

  Result<size_t> Read(uint64_t offset_bytes, MutableByteSpan into) override {
    if (offset_bytes >= size_bytes_) return size_t{0};
    if (offset_bytes != at_) REEL_RETURN_IF_ERROR(Begin(offset_bytes));
    size_t done = 0;
    while (done < into.size() && at_ < size_bytes_) {
      if (used_ == part_.size()) {
        REEL_RETURN_IF_ERROR(Fetch());
        continue;
      }
      const size_t now = std::min(into.size() - done, part_.size() - used_);
      std::memcpy(into.data() + done, part_.data() + used_, now);
      done += now;
      used_ += now;
      at_ += now;
    }
    return done;
  }

  Result<ContentId> ContentIdOf(size_t /*chunk*/) override {
    return Unimplemented("content ids are known on the node itself");
  }

 private:
  Status Begin(uint64_t offset_bytes) {
    request_.set_offset_bytes(offset_bytes);
    at_ = offset_bytes;
    part_.clear();
    used_ = 0;
    pull_ = std::make_unique<Pull<v1::ExportResponse>>(
        [&](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
          return stub_->PrepareAsyncExport(context, request_, queue);
        });
    return OkStatus();
  }

  Status Fetch() {
    REEL_ASSIGN_OR_RETURN(std::optional<v1::ExportResponse> message, pull_->Next());
    if (!message) return Unavailable("the server ended the file before its end");
    if (message->has_info()) REEL_RETURN_IF_ERROR(Take(message->info()));
    part_ = std::move(*message->mutable_data());
    used_ = 0;
    return OkStatus();
  }

  Status Take(const v1::ExportInfo& info) {
    // Footage may have gone since the transfer began: another file then.
    if (has_info_ && info.identity() != identity_)
      return FailedPrecondition("the file is not the same any more: begin again");
    if (has_info_) return OkStatus();
    has_info_ = true;
    size_bytes_ = info.size_bytes();
    info_.unit_bytes = size_bytes_;
    media_type_ = info.media_type();
    identity_ = info.identity();
    info_.given = {{info.given().begin_ns()}, {info.given().end_ns()}};
    for (const v1::Gap& gap : info.gaps()) info_.gaps.push_back(FromWire(gap, info_.stream));
    info_.damage.assign(info.damage().begin(), info.damage().end());
    info_.notes.assign(info.notes().begin(), info.notes().end());
    return OkStatus();
  }

  v1::Playback::StubInterface* const stub_;
  v1::ExportRequest request_;
  std::unique_ptr<Pull<v1::ExportResponse>> pull_;
  std::string part_;
  size_t used_ = 0;  // of part_
  uint64_t at_ = 0;  // where in the file that is
  bool has_info_ = false;
  uint64_t size_bytes_ = 0;
  std::string media_type_;
  std::string identity_;
  ExportInfo info_;
};

}  // namespace

Result<std::unique_ptr<VirtualMp4>> OpenRemoteFile(v1::Playback::StubInterface* stub,
                                                   const v1::ExportRequest& request,
                                                   const StreamInfo& stream) {
  auto file = std::make_unique<RemoteFile>(stub, request, stream);
  REEL_RETURN_IF_ERROR(file->Open());
  return std::unique_ptr<VirtualMp4>(std::move(file));
}

}  // namespace reel::server

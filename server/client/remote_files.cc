#include "server/client/remote_files.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "engine/base/check.h"
#include "server/client/convert.h"
#include "server/client/pull.h"

namespace reel::server {
namespace {

// As many as an export has at most (Mp4Layout).
constexpr uint64_t kMaxFrames = uint64_t{1} << 23;

// The call that brings the files, and how far it is.
class Transfer {
 public:
  Transfer(v1::Playback::StubInterface* stub, v1::ExportRequest request)
      : stub_(stub), request_(std::move(request)) {}

  // Leaves what the server says of each file in infos().
  Status Open() {
    Begin(0, 0);
    do {
      REEL_ASSIGN_OR_RETURN(v1::ExportResponse message, Next());
      if (!message.has_info() || message.info().file() != infos_.size() ||
          message.info().files() <= infos_.size() || message.info().frames() > kMaxFrames) {
        return Internal("the server sent files without saying what they are");
      }
      infos_.push_back(std::move(*message.mutable_info()));
    } while (infos_.size() < infos_.front().files());
    return OkStatus();
  }

  const v1::ExportInfo& info(uint32_t file) const { return infos_[file]; }
  uint32_t files() const { return static_cast<uint32_t>(infos_.size()); }

  // Where Fetch() goes on. Nothing to do where the call stands there already.
  void GoTo(uint32_t file, uint64_t offset_bytes) {
    if (file != file_ || offset_bytes != offset_) Begin(file, offset_bytes);
  }
  void Skip(size_t bytes) { offset_ += bytes; }
  // Behind its description.
  void EndFile() {
    ++file_;
    offset_ = 0;
  }

  // The next message that has more than an info.
  Result<v1::ExportResponse> Fetch() {
    while (true) {
      REEL_ASSIGN_OR_RETURN(v1::ExportResponse message, Next());
      if (!message.has_info()) return message;
      const uint32_t file = message.info().file();
      // Footage may have gone since the transfer began: other files then.
      if (file >= files() || message.info().identity() != infos_[file].identity()) {
        return FailedPrecondition("the footage has changed meanwhile: begin again");
      }
    }
  }

 private:
  void Begin(uint32_t file, uint64_t offset_bytes) {
    request_.set_file(file);
    request_.set_offset_bytes(offset_bytes);
    file_ = file;
    offset_ = offset_bytes;
    pull_ = std::make_unique<Pull<v1::ExportResponse>>(
        [&](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
          return stub_->PrepareAsyncExport(context, request_, queue);
        });
  }

  Result<v1::ExportResponse> Next() {
    REEL_ASSIGN_OR_RETURN(std::optional<v1::ExportResponse> message, pull_->Next());
    if (!message) return Unavailable("the server ended the file before its end");
    return *std::move(message);
  }

  v1::Playback::StubInterface* const stub_;
  v1::ExportRequest request_;
  std::unique_ptr<Pull<v1::ExportResponse>> pull_;
  std::vector<v1::ExportInfo> infos_;
  uint32_t file_ = 0;    // whose bytes or description come next
  uint64_t offset_ = 0;  // the next byte of it
};

class RemoteFile final : public VirtualMp4 {
 public:
  RemoteFile(std::shared_ptr<Transfer> transfer, uint32_t number)
      : transfer_(std::move(transfer)), number_(number) {}

  Status Open(const v1::ExportRequest& request, const StreamInfo& stream) {
    const v1::ExportInfo& from = transfer_->info(number_);
    info_.stream = stream.id;
    info_.name = stream.name;
    info_.asked = {{request.range().begin_ns()}, {request.range().end_ns()}};
    info_.given = {{from.given().begin_ns()}, {from.given().end_ns()}};
    info_.tracks = TracksFromWire(from.tracks());
    for (const std::string& run : from.runs()) {
      REEL_ASSIGN_OR_RETURN(info_.runs.emplace_back(), IdFromWire<RunId>(run));
    }
    for (const v1::Gap& gap : from.gaps()) info_.gaps.push_back(FromWire(gap, stream.id));
    info_.damage.assign(from.damage().begin(), from.damage().end());
    info_.notes.assign(from.notes().begin(), from.notes().end());
    info_.unit_bytes = from.unit_bytes();
    return OkStatus();
  }

  uint64_t size_bytes() const override { return transfer_->info(number_).size_bytes(); }
  const std::string& media_type() const override { return transfer_->info(number_).media_type(); }
  const std::string& identity() const override { return transfer_->info(number_).identity(); }
  const ExportInfo& info() const override { return info_; }
  size_t frame_count() const override { return frames_.size(); }
  ExportFrame frame(size_t index) const override {
    const Frame& from = frames_[index];
    return {from.track,
            info_.runs[from.run],
            from.unit,
            from.flags,
            from.shown,
            from.pts,
            from.dts,
            from.time,
            from.uncertainty_us,
            from.size_bytes};
  }

  Result<size_t> Read(uint64_t offset_bytes, MutableByteSpan into) override {
    if (offset_bytes >= size_bytes()) return size_t{0};
    if (offset_bytes != at_) {
      at_ = offset_bytes;
      part_.clear();
      used_ = 0;
    }
    size_t done = 0;
    while (done < into.size() && at_ < size_bytes()) {
      if (used_ == part_.size()) REEL_RETURN_IF_ERROR(FetchBytes());
      const size_t now = std::min(into.size() - done, part_.size() - used_);
      std::memcpy(into.data() + done, part_.data() + used_, now);
      done += now;
      used_ += now;
      at_ += now;
    }
    if (at_ == size_bytes()) REEL_RETURN_IF_ERROR(FetchDescription());
    return done;
  }

  Result<ContentId> ContentIdOf(size_t chunk) override {
    if (chunk < content_ids_.size()) return content_ids_[chunk];
    return FailedPrecondition("content ids are known behind the end of the file");
  }

 private:
  // An ExportFrame in less room.
  struct Frame {
    TrackId track;
    uint8_t flags = 0;
    bool shown = true;
    uint32_t run = 0;  // of info_.runs
    UnitNumber unit;
    int64_t pts = 0;
    int64_t dts = 0;
    WallTime time;
    uint32_t uncertainty_us = 0;
    uint32_t size_bytes = 0;
  };

  Status FetchBytes() {
    transfer_->GoTo(number_, at_);
    REEL_ASSIGN_OR_RETURN(v1::ExportResponse message, transfer_->Fetch());
    part_ = std::move(*message.mutable_data());
    used_ = 0;
    if (part_.empty() || part_.size() > size_bytes() - at_) {
      return Internal("the server sent another length of the file than it said");
    }
    transfer_->Skip(part_.size());
    return OkStatus();
  }

  Status FetchDescription() {
    const v1::ExportInfo& info = transfer_->info(number_);
    transfer_->GoTo(number_, at_);
    frames_.clear();
    info_.chunks.clear();
    content_ids_.clear();
    while (frames_.size() < info.frames() || info_.chunks.size() < info.chunks()) {
      REEL_ASSIGN_OR_RETURN(const v1::ExportResponse message, transfer_->Fetch());
      if (message.frames().empty() && message.chunks().empty()) {
        return Internal("the server does not say what stands in the file");
      }
      for (const v1::ExportFrame& frame : message.frames()) REEL_RETURN_IF_ERROR(Take(frame));
      for (const v1::ExportChunk& chunk : message.chunks()) REEL_RETURN_IF_ERROR(Take(chunk));
    }
    transfer_->EndFile();
    return OkStatus();
  }

  Status Take(const v1::ExportFrame& from) {
    if (frames_.size() == transfer_->info(number_).frames() || from.run() >= info_.runs.size()) {
      return Internal("the server sent a frame that is none of the file");
    }
    const Unit unit = FromWire(from.unit(), "");
    frames_.push_back({unit.track, unit.flags, !from.hidden(), from.run(), unit.number, unit.pts,
                       unit.dts, unit.wall, from.uncertainty_us(), from.size_bytes()});
    return OkStatus();
  }

  Status Take(const v1::ExportChunk& from) {
    ExportChunk chunk;
    REEL_ASSIGN_OR_RETURN(chunk.segment, IdFromWire<SegmentUid>(from.segment()));
    REEL_ASSIGN_OR_RETURN(chunk.run, IdFromWire<RunId>(from.run()));
    chunk.first_unit = {from.first_unit()};
    chunk.unit_count = from.units();
    chunk.begin = {from.begin_ns()};
    chunk.end = {from.end_ns()};
    if (info_.chunks.size() == transfer_->info(number_).chunks()) {
      return Internal("the server sent more chunks than the file has");
    }
    info_.chunks.push_back(chunk);
    if (from.content_id().empty()) return OkStatus();
    ContentId id;
    if (from.content_id().size() != id.bytes.size()) {
      return Internal("the server sent a content id of another length");
    }
    std::memcpy(id.bytes.data(), from.content_id().data(), id.bytes.size());
    content_ids_.push_back(id);
    return OkStatus();
  }

  const std::shared_ptr<Transfer> transfer_;
  const uint32_t number_;
  ExportInfo info_;
  std::vector<Frame> frames_;
  std::vector<ContentId> content_ids_;
  std::string part_;  // of the file, come and not yet read
  size_t used_ = 0;   // of part_
  uint64_t at_ = 0;   // where in the file that is
};

}  // namespace

Result<std::vector<std::unique_ptr<VirtualMp4>>> OpenRemoteFiles(v1::Playback::StubInterface* stub,
                                                                 const v1::ExportRequest& request,
                                                                 const StreamInfo& stream) {
  v1::ExportRequest described = request;
  described.set_describe(true);
  const auto transfer = std::make_shared<Transfer>(stub, described);
  REEL_RETURN_IF_ERROR(transfer->Open());
  std::vector<std::unique_ptr<VirtualMp4>> files;
  for (uint32_t number = 0; number < transfer->files(); ++number) {
    auto file = std::make_unique<RemoteFile>(transfer, number);
    REEL_RETURN_IF_ERROR(file->Open(request, stream));
    files.push_back(std::move(file));
  }
  return files;
}

}  // namespace reel::server

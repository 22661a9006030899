#include "server/client/remote_store.h"

#include <condition_variable>
#include <mutex>
#include <utility>

#include <reel/v1/admin.grpc.pb.h>
#include <reel/v1/playback.grpc.pb.h>
#include "engine/base/check.h"
#include "server/client/address.h"
#include "server/client/convert.h"
#include "server/client/remote_cursor.h"
#include "server/client/remote_files.h"

namespace reel::server {
namespace {

constexpr Duration kPoll = std::chrono::milliseconds(200);
// How far around a moment without footage its gap is looked for.
constexpr Duration kLookAround = std::chrono::hours(24 * 30);

Status NotHere(const char* what) {
  return Unimplemented(std::string(what) + " is done on the node itself: give --node there");
}

class RemoteStore final : public Store {
 public:
  RemoteStore(const std::shared_ptr<grpc::Channel>& channel, const Purpose& purpose)
      : admin_(v1::Admin::NewStub(channel)), playback_(v1::Playback::NewStub(channel)) {
    purpose_.set_purpose(purpose.purpose);
    purpose_.set_requester(purpose.requester);
    purpose_.set_performer(purpose.performer);
    purpose_.set_case_number(purpose.case_number);
  }

  Status Probe() { return List().status(); }

  // ---- Streams ----

  Result<StreamInfo> CreateStream(const std::string& name) override {
    v1::AddStreamRequest request;
    request.set_name(name);
    v1::StreamInfo reply;
    REEL_RETURN_IF_ERROR(Call(&v1::Admin::StubInterface::AddStream, request, &reply));
    return FromWire(reply);
  }
  Result<StreamInfo> CreateStreamAs(const std::string& /*name*/, StreamId /*id*/) override {
    return NotHere("re-homing a stream");
  }
  Result<StreamInfo> RenameStream(StreamId stream, const std::string& name) override {
    v1::RenameStreamRequest request;
    request.set_stream(ToString(stream));
    request.set_name(name);
    v1::StreamInfo reply;
    REEL_RETURN_IF_ERROR(Call(&v1::Admin::StubInterface::RenameStream, request, &reply));
    return FromWire(reply);
  }
  Result<StreamInfo> RetireStream(StreamId stream, bool retired) override {
    v1::RetireStreamRequest request;
    request.set_stream(ToString(stream));
    request.set_retired(retired);
    v1::StreamInfo reply;
    REEL_RETURN_IF_ERROR(Call(&v1::Admin::StubInterface::RetireStream, request, &reply));
    return FromWire(reply);
  }
  Result<StreamInfo> FindStream(const std::string& name_or_id) override {
    REEL_ASSIGN_OR_RETURN(const std::vector<StreamInfo> streams, List());
    for (const StreamInfo& stream : streams) {
      if (stream.name == name_or_id || ToString(stream.id) == name_or_id) return stream;
    }
    // The server's own words: it knows the near names, and which of them may be told.
    v1::SeekRequest request;
    request.set_stream(name_or_id);
    request.set_key_only(true);
    const Status status = FirstOf(request).status();
    return status.ok() ? NotFound("no stream '" + name_or_id + "'") : status;
  }
  std::vector<StreamInfo> Streams() override {
    Result<std::vector<StreamInfo>> streams = List();
    return streams.ok() ? *std::move(streams) : std::vector<StreamInfo>();
  }

  // ---- Writing: the Ingest service is for producers, which speak it themselves ----

  Result<std::unique_ptr<RunWriter>> BeginRun(StreamId /*stream*/,
                                              const RunOptions& /*options*/) override {
    return NotHere("recording");
  }
  Status RecordGap(const GapRow& /*gap*/) override { return NotHere("recording a gap"); }
  Status RecordImport(const ImportRow& /*import*/) override { return NotHere("importing"); }
  std::vector<ImportRow> Imports() override {
    std::vector<ImportRow> imports;
    v1::ListImportsResponse page;
    do {
      v1::ListImportsRequest request;
      request.set_skip(imports.size());
      page.Clear();
      if (!Call(&v1::Admin::StubInterface::ListImports, request, &page).ok()) return {};
      for (const v1::Import& import : page.imports()) {
        const Result<ImportRow> row = FromWire(import);
        if (!row.ok()) return {};
        imports.push_back(*row);
      }
    } while (page.more() && !page.imports().empty());
    return imports;
  }

  // ---- Reading ----

  Result<SeekPoint> Seek(StreamId stream, WallTime time, SeekRule rule) override {
    v1::SeekRequest request;
    request.set_stream(ToString(stream));
    request.set_time_ns(time.ns);
    request.set_rule(rule == SeekRule::kBackward ? v1::SEEK_RULE_BACKWARD
                                                 : v1::SEEK_RULE_AT_OR_BEFORE);
    request.set_key_only(true);
    REEL_ASSIGN_OR_RETURN(const v1::SeekResponse first, FirstOf(request));
    SeekPoint point;
    point.stream = stream;
    REEL_ASSIGN_OR_RETURN(point.run, IdFromWire<RunId>(first.point().run()));
    point.begin = {first.point().begin_ns()};
    point.unit = {first.unit().number()};
    point.pre_roll = Duration{first.point().pre_roll_ns()};
    point.in_gap = first.point().in_gap();
    point.durable = first.point().durable();
    return point;
  }

  std::vector<StreamMoment> SeekAll(const std::vector<StreamId>& streams, WallTime time,
                                    SeekRule rule) override {
    std::vector<StreamMoment> moments;
    for (const StreamId stream : streams) {
      StreamMoment moment{stream, Seek(stream, time, rule), std::nullopt};
      if (!moment.point.ok() || moment.point->in_gap) {
        const Result<std::optional<Absence>> why = WhyNothing(stream, time);
        if (why.ok()) moment.absence = *why;
      }
      moments.push_back(std::move(moment));
    }
    return moments;
  }

  Result<std::optional<Absence>> WhyNothing(StreamId stream, WallTime time) override {
    const WallRange around{time - kLookAround, time + kLookAround};
    REEL_ASSIGN_OR_RETURN(const reel::Timeline timeline, Ask(stream, around, v1::BUCKET_NONE));
    for (const GapRow& gap : timeline.gaps) {
      if (time < gap.begin || !(time < gap.end)) continue;
      GapRow whole = gap;  // cut at the ends of what was asked for: it goes on there
      if (whole.begin <= around.begin) whole.begin = kWallMin;
      if (whole.end >= around.end) whole.end = kWallMax;
      return std::optional(Absence{Absence::Kind::kGap, whole});
    }
    return std::optional<Absence>();
  }

  Result<std::unique_ptr<Cursor>> Read(StreamId stream, const CursorOptions& options) override {
    v1::ReadRequest request;
    request.set_stream(ToString(stream));
    if (options.range.begin != kWallMin)
      request.mutable_range()->set_begin_ns(options.range.begin.ns);
    if (options.range.end != kWallMax) request.mutable_range()->set_end_ns(options.range.end.ns);
    switch (options.mode) {
      case CursorMode::kForward:
        request.set_mode(v1::READ_MODE_FORWARD);
        break;
      case CursorMode::kCleanPoints:
        request.set_mode(v1::READ_MODE_CLEAN_POINTS);
        break;
      case CursorMode::kReverse:
        request.set_mode(v1::READ_MODE_REVERSE);
        break;
    }
    request.set_min_interval_ns(options.min_interval.count());
    request.set_follow(options.follow);
    *request.mutable_purpose() = purpose_;
    return std::unique_ptr<Cursor>(
        std::make_unique<RemoteCursor>(playback_.get(), request, stream));
  }

  Result<reel::Timeline> GetTimeline(StreamId stream, WallRange range, Bucket bucket) override {
    return Ask(stream, range, bucket == Bucket::kDay ? v1::BUCKET_DAY : v1::BUCKET_HOUR);
  }

  Result<std::vector<std::unique_ptr<VirtualMp4>>> OpenExport(
      StreamId stream, const ExportOptions& options) override {
    v1::ExportRequest request;
    request.set_stream(ToString(stream));
    request.mutable_range()->set_begin_ns(options.range.begin.ns);
    request.mutable_range()->set_end_ns(options.range.end.ns);
    request.set_fragmented(options.fragmented);
    request.set_leave_out_damage(options.damage == DamagePolicy::kLeaveOut);
    request.set_split(options.split);
    request.set_extra_gop(options.extra_gop);
    request.set_content_ids(options.content_ids);
    *request.mutable_purpose() = purpose_;
    REEL_ASSIGN_OR_RETURN(const StreamInfo info, FindStream(ToString(stream)));
    return OpenRemoteFiles(playback_.get(), request, info);
  }

  // ---- The node ----

  std::vector<VolumeInfo> Volumes() override {
    v1::ListVolumesResponse reply;
    std::vector<VolumeInfo> volumes;
    if (!Call(&v1::Admin::StubInterface::ListVolumes, v1::ListVolumesRequest(), &reply).ok())
      return volumes;
    for (const v1::VolumeInfo& volume : reply.volumes()) volumes.push_back(FromWire(volume));
    return volumes;
  }
  Result<std::vector<SegmentRow>> Segments(VolumeNo /*volume*/) override {
    return NotHere("looking into the catalogue");
  }
  StoreCounters counters() override {
    StoreCounters counters;
    v1::GetHealthResponse health;
    if (!Call(&v1::Admin::StubInterface::GetHealth, v1::GetHealthRequest(), &health).ok())
      return counters;
    counters.units_accepted = health.units_accepted();
    counters.bytes_accepted = health.bytes_accepted();
    counters.units_durable = health.units_durable();
    counters.bytes_durable = health.bytes_durable();
    counters.units_shed = health.units_shed();
    counters.segments_recycled = health.segments_recycled();
    counters.segments_salvaged = health.segments_salvaged();
    counters.acknowledged_chunks_lost = health.acknowledged_chunks_lost();
    counters.reads_refused_damaged = health.reads_refused_damaged();
    counters.buffer_bytes_in_use = health.buffer_bytes_in_use();
    return counters;
  }

  using Store::Verify;
  Result<VerifyReport> Verify(const VerifyOptions& options) override {
    if (!options.checked.empty()) return NotHere("checking a part of a node");
    v1::Operation operation;
    REEL_RETURN_IF_ERROR(
        Call(&v1::Admin::StubInterface::StartVerify, v1::StartVerifyRequest(), &operation));
    VerifyReport report;
    int told = 0;
    while (true) {
      for (; told < operation.problem_size(); ++told) options.problem(operation.problem(told));
      const uint64_t more = operation.bytes_done() - report.bytes;
      report = {operation.segments_done(), operation.chunks_done(), operation.bytes_done(),
                operation.problems(), false};
      if (operation.state() != v1::Operation::STATE_RUNNING) break;
      if (options.pace && !options.pace(more)) {
        v1::CancelOperationRequest cancel;
        cancel.set_id(operation.id());
        v1::Operation cancelled;
        REEL_RETURN_IF_ERROR(Call(&v1::Admin::StubInterface::CancelOperation, cancel, &cancelled));
      }
      REEL_RETURN_IF_ERROR(Poll(&operation));
    }
    if (operation.state() == v1::Operation::STATE_FAILED) return Unavailable(operation.error());
    report.stopped = operation.state() == v1::Operation::STATE_CANCELLED;
    return report;
  }

  void RebuildIndex() override {
    rebuild_.Clear();
    rebuild_status_ =
        Call(&v1::Admin::StubInterface::StartReindex, v1::StartReindexRequest(), &rebuild_);
  }
  Status WaitIdle(Duration wait) override {
    REEL_RETURN_IF_ERROR(rebuild_status_);
    const MonoTime until = SystemClock().MonoNow() + wait;
    while (rebuild_.state() == v1::Operation::STATE_RUNNING && rebuild_.id() != 0) {
      if (SystemClock().MonoNow() >= until)
        return {Code::kDeadlineExceeded, "the server still reads its segments"};
      REEL_RETURN_IF_ERROR(Poll(&rebuild_));
    }
    if (rebuild_.state() == v1::Operation::STATE_FAILED) return Unavailable(rebuild_.error());
    return OkStatus();
  }

  bool RunOnce(Duration /*wait*/) override { REEL_CHECK(false, "a remote store runs by itself"); }
  Status Close() override { return OkStatus(); }

 private:
  template <class Stub, class Request, class Reply>
  using Method = grpc::Status (Stub::*)(grpc::ClientContext*, const Request&, Reply*);

  template <class Request, class Reply>
  Status Call(Method<v1::Admin::StubInterface, Request, Reply> method, const Request& request,
              Reply* reply) {
    grpc::ClientContext context;
    context.set_deadline(DeadlineAfter(kCallTime));
    return FromWire((admin_.get()->*method)(&context, request, reply));
  }

  Status Poll(v1::Operation* operation) {
    {
      std::unique_lock lock(polling_);
      never_.wait_for(lock, kPoll);
    }
    v1::GetOperationRequest request;
    request.set_id(operation->id());
    return Call(&v1::Admin::StubInterface::GetOperation, request, operation);
  }

  Result<std::vector<StreamInfo>> List() {
    v1::ListStreamsResponse reply;
    REEL_RETURN_IF_ERROR(
        Call(&v1::Admin::StubInterface::ListStreams, v1::ListStreamsRequest(), &reply));
    std::vector<StreamInfo> streams;
    for (const v1::StreamInfo& stream : reply.streams()) {
      REEL_ASSIGN_OR_RETURN(StreamInfo info, FromWire(stream));
      streams.push_back(std::move(info));
    }
    return streams;
  }

  Result<v1::SeekResponse> FirstOf(v1::SeekRequest request) {
    *request.mutable_purpose() = purpose_;
    Pull<v1::SeekResponse> pull(
        [&](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
          return playback_->PrepareAsyncSeek(context, request, queue);
        },
        kCallTime);
    REEL_ASSIGN_OR_RETURN(std::optional<v1::SeekResponse> first, pull.Next());
    if (!first) return Internal("the server answered a seek with nothing");
    return *std::move(first);
  }

  Result<reel::Timeline> Ask(StreamId stream, WallRange range, v1::Bucket bucket) {
    v1::TimelineRequest request;
    request.add_streams(ToString(stream));
    request.mutable_range()->set_begin_ns(range.begin.ns);
    request.mutable_range()->set_end_ns(range.end.ns);
    request.set_bucket(bucket);
    reel::Timeline timeline;
    do {
      v1::TimelineResponse page;
      grpc::ClientContext context;
      context.set_deadline(DeadlineAfter(kCallTime));
      REEL_RETURN_IF_ERROR(FromWire(playback_->Timeline(&context, request, &page)));
      for (const v1::StreamTimeline& part : page.streams()) Add(part, stream, &timeline);
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    return timeline;
  }

  static void Add(const v1::StreamTimeline& part, StreamId stream, reel::Timeline* timeline) {
    for (const v1::Span& span : part.spans()) {
      reel::Span row{{{span.begin_ns()}, {span.end_ns()}}, {}, EndCause::kOpen};
      if (const auto run = ParseId<RunId>(span.run())) row.run = *run;
      timeline->spans.push_back(row);
    }
    for (const v1::Gap& gap : part.gaps()) {
      const GapRow row = FromWire(gap, stream);
      GapRow* const before = timeline->gaps.empty() ? nullptr : &timeline->gaps.back();
      // Cut where the page before ended.
      const bool goes_on = before != nullptr && row.begin.ns == part.range().begin_ns() &&
                           before->end == row.begin && before->cause == row.cause;
      if (goes_on) before->end = row.end;
      if (!goes_on) timeline->gaps.push_back(row);
    }
    for (const v1::Coverage& bucket : part.buckets()) {
      timeline->buckets.push_back(
          {{bucket.begin_ns()}, Duration{bucket.covered_ns()}, bucket.bytes(), bucket.gops()});
    }
  }

  const std::unique_ptr<v1::Admin::StubInterface> admin_;
  const std::unique_ptr<v1::Playback::StubInterface> playback_;
  v1::Purpose purpose_;
  std::mutex polling_;
  std::condition_variable never_;  // between two questions
  v1::Operation rebuild_;
  Status rebuild_status_;
};

}  // namespace

Result<std::unique_ptr<Store>> OpenRemoteStore(const ServerAddress& address,
                                               const Purpose& purpose) {
  REEL_ASSIGN_OR_RETURN(const std::shared_ptr<grpc::Channel> channel, Connect(address));
  auto store = std::make_unique<RemoteStore>(channel, purpose);
  const Status there = store->Probe();
  if (!there.ok()) return Unanswered(address, there);
  return std::unique_ptr<Store>(std::move(store));
}

}  // namespace reel::server

#include "server/rpc/append_session.h"

#include <algorithm>

#include "server/rpc/admission.h"
#include "server/rpc/wire.h"

namespace reel::server {
namespace {

constexpr std::string_view kCall = "reel.v1.Ingest/Append";

}  // namespace

AppendSession::AppendSession(const ServiceSide& side, grpc::CallbackServerContext* context)
    : core_(*side.core),
      rule_(RpcRuleOf(kCall)),
      who_(side.WhoIs(*context)),
      from_(side.From(*context)),
      visit_(core_, rule_, who_, from_) {
  ++core_.figures.streams_open;
}

AppendSession::Reactor* AppendSession::Start(const ServiceSide& side,
                                             grpc::CallbackServerContext* context) {
  const auto session = std::make_shared<AppendSession>(side, context);
  session->self_ = session;
  Status admitted = Admit(*side.core, session->rule_, *context, 0);
  std::unique_lock lock(session->mutex_);
  session->working_ = true;
  if (admitted.ok() &&
      !side.core->appends.Begin(session->who_.name, [session] { session->Work(); })) {
    admitted = ResourceExhausted("too many calls of yours are waiting");
  }
  if (!admitted.ok()) {
    session->finished_ = true;
    lock.unlock();
    session->Finish(ToGrpc(admitted));
    return session.get();
  }
  lock.unlock();
  session->Watch();
  return session.get();
}

// ---- What gRPC and the store tell ----

void AppendSession::OnReadDone(bool ok) {
  std::unique_lock lock(mutex_);
  reading_ = false;
  has_request_ = ok;
  half_closed_ = half_closed_ || !ok;
  Move(std::move(lock));
}

void AppendSession::OnWriteDone(bool ok) {
  std::unique_lock lock(mutex_);
  writing_ = false;
  cancelled_ = cancelled_ || !ok;
  Move(std::move(lock));
}

void AppendSession::OnCancel() {
  std::unique_lock lock(mutex_);
  cancelled_ = true;
  Move(std::move(lock));
}

void AppendSession::OnDone() {
  --core_.figures.streams_open;
  // Tasks may still hold it; the last one takes it along.
  const std::shared_ptr<AppendSession> self = std::move(self_);
}

void AppendSession::OnMarks(uint32_t number, uint64_t turn, const Watermarks& marks) {
  std::unique_lock lock(mutex_);
  const auto at = marks_.find(number);
  if (at == marks_.end() || at->second.turn() != turn) return;
  at->second.Raise(marks);
  Move(std::move(lock));
}

void AppendSession::Watch() {
  core_.timer.After(kWatchEvery, [self = shared_from_this()] {
    if (self->OnWatch()) self->Watch();
  });
}

// False: not needed any more.
bool AppendSession::OnWatch() {
  std::unique_lock lock(mutex_);
  if (finished_) return false;
  due_ = core_.stopping || drain_until_ ||
         core_.clock.MonoNow() - asked_ >= core_.options.reauthorize_every;
  Move(std::move(lock));
  return true;
}

// ---- What is to be done ----

bool AppendSession::MayRead() const {
  if (!opened_ || reading_ || has_request_ || half_closed_ || cancelled_ || ended_) return false;
  if (events_.size() >= kMaxEvents) return false;
  for (const auto& [number, marks] : marks_) {
    if (!marks.may_read()) return false;
  }
  return true;
}

bool AppendSession::HasWork() const {
  if (working_ || ended_) return false;
  return has_request_ || cancelled_ || due_ || (half_closed_ && (!drain_until_ || IsDrained()));
}

bool AppendSession::IsDrained() const {
  for (const auto& [number, marks] : marks_) {
    if (!marks.is_durable()) return false;
  }
  return true;
}

// Events first: a lane's RunBegun stands before its acknowledgements.
std::optional<v1::AppendResponse> AppendSession::TakeAnswer() {
  v1::AppendResponse answer;
  if (!events_.empty()) {
    answer = std::move(events_.front());
    events_.pop_front();
    return answer;
  }
  for (auto& [number, marks] : marks_) {
    if (!marks.TakeNews()) continue;
    answer.set_lane(number);
    answer.mutable_ack()->set_received_end(marks.now().accepted.value);
    answer.mutable_ack()->set_durable_end(marks.now().durable.value);
    return answer;
  }
  return std::nullopt;
}

void AppendSession::Move(std::unique_lock<std::mutex> lock) {
  for (bool read = true; read && !finished_;) {
    std::optional<v1::AppendResponse> answer;
    if (!writing_ && !cancelled_) answer = TakeAnswer();
    if (answer) answer_ = ToWire(*answer);
    writing_ = writing_ || answer;
    read = MayRead();
    reading_ = reading_ || read;
    starting_reads_ += read ? 1 : 0;
    const bool work = HasWork();
    working_ = working_ || work;
    const bool finish = ended_ && !writing_ && !working_ && starting_reads_ == 0;
    finished_ = finish;
    const grpc::Status status = finish ? ToGrpc(end_) : grpc::Status::OK;
    lock.unlock();
    if (answer) StartWrite(&answer_);
    if (read) StartRead(&request_);
    if (work) core_.appends.Continue(who_.name, [self = shared_from_this()] { self->Work(); });
    if (finish) Finish(status);
    if (!read) return;
    // The end may have had to wait for that.
    lock.lock();
    --starting_reads_;
  }
}

void AppendSession::Work() {
  WorkOnce();
  std::unique_lock lock(mutex_);
  working_ = false;
  Move(std::move(lock));
}

void AppendSession::WorkOnce() {
  std::unique_lock lock(mutex_);
  const bool cancelled = cancelled_;
  const bool opened = opened_;
  const bool has_request = has_request_;
  const bool half_closed = half_closed_;
  due_ = false;
  lock.unlock();
  if (cancelled) return EndSession(Status(Code::kCancelled, "the client has gone"));
  if (core_.stopping) return EndSession(Unavailable("the server stops"));
  if (!opened) {
    if (const Status status = Open(); !status.ok()) EndSession(status);
    return;
  }
  Reauthorize();
  if (has_request) {
    if (const Status taken = TakeRequest(); !taken.ok()) EndSession(taken);
    return;
  }
  if (half_closed) Drain();
}

Status AppendSession::TakeRequest() {
  v1::AppendRequest request;
  REEL_RETURN_IF_ERROR(FromWireWithData(request_, kMaxRequestBytes, &request));
  request_.Clear();
  Handle(request);
  const std::lock_guard lock(mutex_);
  has_request_ = false;
  return OkStatus();
}

Status AppendSession::Open() {
  REEL_RETURN_IF_ERROR(visit_.EnterNode());
  const std::lock_guard lock(mutex_);
  opened_ = true;
  asked_ = core_.clock.MonoNow();
  return OkStatus();
}

void AppendSession::Reauthorize() {
  const MonoTime now = core_.clock.MonoNow();
  {
    const std::lock_guard lock(mutex_);
    if (now - asked_ < core_.options.reauthorize_every) return;
    asked_ = now;
  }
  std::map<uint32_t, Status> withdrawn;
  for (auto& [number, lane] : lanes_) {
    // One that has ended only waits to be durable, and its client to be told so.
    if (lane.run->ended()) continue;
    if (Status status = lane.visit->Again(); !status.ok()) withdrawn.emplace(number, status);
  }
  for (const auto& [number, status] : withdrawn) FailLane(number, status);
}

void AppendSession::Handle(const v1::AppendRequest& request) {
  const uint32_t number = request.lane();
  const auto lane = lanes_.find(number);
  if (request.has_begin()) {
    if (lane != lanes_.end() && !lane->second.run->ended()) {
      return FailLane(number, FailedPrecondition("the lane has a run that has not ended"));
    }
    return Begin(number, request.begin());
  }
  if (lane == lanes_.end() || lane->second.run->ended()) {
    return FailLane(number, FailedPrecondition("the lane has no run"));
  }
  HandleRun(number, lane->second, request);
}

void AppendSession::Begin(uint32_t number, const v1::BeginRun& request) {
  if (number >= kMaxLanes) {
    return FailLane(number, InvalidArgument("a lane is 0.." + std::to_string(kMaxLanes - 1)));
  }
  CloseLane(number, OkStatus());
  Lane lane;
  lane.visit = std::make_unique<Visit>(core_, rule_, who_, from_);
  const uint64_t turn = lane.turn = ++turns_;
  const auto on_durable = [weak = weak_from_this(), number, turn](const Watermarks& marks) {
    if (const auto self = weak.lock()) self->OnMarks(number, turn, marks);
  };
  auto begun = AppendLane::Begin(*lane.visit, core_, request, on_durable);
  if (!begun.ok()) {
    lane.visit->Leave(begun.status(), 0, 0);
    return FailLane(number, begun.status());
  }
  lane.run = std::move(*begun);
  v1::AppendResponse event;
  event.set_lane(number);
  event.mutable_begun()->set_run(ToString(lane.run->run()));
  event.mutable_begun()->set_stream(ToString(lane.run->stream()));
  const AppendLane& run = *lane.run;
  lanes_.insert_or_assign(number, std::move(lane));
  {
    // Only from here on: no acknowledgement stands before the RunBegun of its run.
    const std::lock_guard lock(mutex_);
    marks_.insert_or_assign(number, AppendMarks(turn));
    events_.push_back(std::move(event));
  }
  OnMarks(number, turn, run.marks());
}

void AppendSession::HandleRun(uint32_t number, Lane& lane, const v1::AppendRequest& request) {
  switch (request.what_case()) {
    case v1::AppendRequest::kUnit:
      return TakeUnit(number, lane, request);
    case v1::AppendRequest::kTracks:
      if (const Status status = lane.run->SetTracks(request.tracks()); !status.ok()) {
        FailLane(number, status);
      }
      return;
    case v1::AppendRequest::kEnd:
      return EndRun(number, lane, request.end().cause());
    case v1::AppendRequest::kFlush:
      return lane.run->Flush();
    default:
      return FailLane(number, InvalidArgument("a message without anything to do"));
  }
}

void AppendSession::TakeUnit(uint32_t number, Lane& lane, const v1::AppendRequest& request) {
  AppendLane& run = *lane.run;
  const uint64_t unit = request.unit().unit().number();
  const Status status = run.Append(request.unit(), request.data());
  if (!status.ok()) {
    v1::AppendResponse event;
    event.set_lane(number);
    event.mutable_unit_error()->set_number(unit);
    event.mutable_unit_error()->set_code(static_cast<uint32_t>(status.code()));
    event.mutable_unit_error()->set_message(status.message());
    Tell(std::move(event));
  }
  bool full = false;
  const Watermarks now = run.marks();
  // Behind a hole the watermarks do not tell how far a unit has come: those are not waited for.
  if (status.ok() && run.bulk() && unit < now.accepted.value && unit >= now.durable.value) {
    const std::lock_guard lock(mutex_);
    AppendMarks& marks = marks_.at(number);
    marks.AddInFlight(unit, request.data().size());
    full = marks.is_full();
  }
  if (full) run.Flush();
  OnMarks(number, lane.turn, now);
}

void AppendSession::EndRun(uint32_t number, Lane& lane, v1::EndRun::Cause cause) {
  const Status status = lane.run->End(cause);
  if (!status.ok()) return FailLane(number, status);
  const Watermarks marks = lane.run->marks();
  v1::AppendResponse event;
  event.set_lane(number);
  event.mutable_ended()->set_received_end(marks.accepted.value);
  Tell(std::move(event));
  OnMarks(number, lane.turn, marks);
}

void AppendSession::FailLane(uint32_t number, const Status& status) {
  CloseLane(number, status);
  v1::AppendResponse event;
  event.set_lane(number);
  event.mutable_run_error()->set_code(static_cast<uint32_t>(status.code()));
  event.mutable_run_error()->set_message(status.message());
  Tell(std::move(event));
}

// The writer goes without the lock: its callback takes it.
void AppendSession::CloseLane(uint32_t number, const Status& status) {
  const auto at = lanes_.find(number);
  if (at != lanes_.end()) {
    at->second.visit->Leave(status, at->second.run->units(), at->second.run->bytes());
    lanes_.erase(at);
  }
  const std::lock_guard lock(mutex_);
  marks_.erase(number);
}

void AppendSession::Drain() {
  std::vector<uint32_t> open;
  for (const auto& [number, lane] : lanes_) {
    if (!lane.run->ended()) open.push_back(number);
  }
  for (const uint32_t number : open) {
    CloseLane(number, Status(Code::kAborted, "the client left without ending the run"));
  }
  const MonoTime now = core_.clock.MonoNow();
  std::unique_lock lock(mutex_);
  if (!drain_until_) drain_until_ = now + kDrain;
  const bool drained = IsDrained();
  const bool late = now >= *drain_until_;
  lock.unlock();
  if (drained) return EndSession(OkStatus());
  if (late) EndSession(Status(Code::kDeadlineExceeded, "not all of it became durable in time"));
}

void AppendSession::EndSession(const Status& status) {
  while (!lanes_.empty()) {
    const auto& [number, lane] = *lanes_.begin();
    const bool whole = lane.run->ended() && status.ok();
    const Watermarks marks = lane.run->marks();
    // The last acknowledgement is still to be said: the marks stay.
    OnMarks(number, lane.turn, marks);
    lane.visit->Leave(whole ? OkStatus() : status, lane.run->units(), lane.run->bytes());
    lanes_.erase(lanes_.begin());
  }
  visit_.Leave(status, 0, 0);
  const std::lock_guard lock(mutex_);
  end_ = status;
  ended_ = true;
}

void AppendSession::Tell(v1::AppendResponse event) {
  std::unique_lock lock(mutex_);
  events_.push_back(std::move(event));
  Move(std::move(lock));
}

}  // namespace reel::server

#include "server/rpc/byte_stream.h"

#include <algorithm>

#include "server/rpc/admission.h"

namespace reel::server {
namespace {

// Turns of one client before another's may go.
constexpr int kTurnsInARow = 16;

}  // namespace

ByteStream::ByteStream(const ServiceSide& side, std::string_view call,
                       grpc::CallbackServerContext* context)
    : core_(*side.core),
      rule_(RpcRuleOf(call)),
      executor_(core_.executor(rule_.lane)),
      visit_(core_, rule_, side.WhoIs(*context), side.From(*context)),
      began_(core_.clock.MonoNow()),
      context_(context) {
  ++core_.figures.streams_open;
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* ByteStream::Start(
    const std::shared_ptr<ByteStream>& stream, const grpc::ByteBuffer* request) {
  ByteStream* const raw = stream.get();
  raw->self_ = stream;
  raw->request_ = *request;
  Status admitted = Admit(raw->core_, raw->rule_, *raw->context_, request->Length());
  if (admitted.ok()) admitted = raw->Begin();
  if (!admitted.ok()) {
    {
      const std::lock_guard lock(raw->mutex_);
      raw->finished_ = true;
    }
    raw->Finish(ToGrpc(admitted));
    return raw;
  }
  raw->Watch();
  return raw;
}

ByteStream::~ByteStream() { SetQueueBytes(0); }

Status ByteStream::Begin() {
  entered_ = core_.open_streams.Enter(visit_.who().name);
  if (!entered_) return ResourceExhausted("too many streams are open");
  const auto first = [self = shared_from_this()] { self->RunTurns(); };
  if (executor_.Begin(visit_.who().name, first)) return OkStatus();
  return ResourceExhausted("too many calls of yours are waiting");
}

void ByteStream::SetQueueBytes(size_t bytes) {
  core_.figures.reader_bytes_waiting +=
      static_cast<int64_t>(bytes) - static_cast<int64_t>(queue_bytes_);
  queue_bytes_ = bytes;
}

bool ByteStream::MayTurn() {
  const std::lock_guard lock(mutex_);
  if (cancelled_ || stalled_) return true;  // the turn ends it
  const bool full = queue_bytes_ >= kQueueBytes;
  const bool all_full =
      core_.figures.reader_bytes_waiting >= static_cast<int64_t>(core_.options.waiting_bytes);
  if (!full && (!all_full || queue_bytes_ == 0)) return true;
  wants_room_ = true;
  // That all of them have much waiting is not this reader's fault.
  was_full_ = was_full_ || full;
  full_since_ = core_.clock.MonoNow();
  ++core_.figures.reader_waits;
  turn_posted_ = false;
  return false;
}

void ByteStream::RunTurns() {
  for (int i = 0; i < kTurnsInARow; ++i) {
    if (!MayTurn()) return;
    bool cancelled = false;
    bool stalled = false;
    {
      const std::lock_guard lock(mutex_);
      cancelled = cancelled_;
      stalled = stalled_;
    }
    if (stalled) return EndWith(ResourceExhausted("the reader took nothing for too long"));
    if (cancelled) return EndWith(Status(Code::kCancelled, "the client has gone"));
    if (core_.stopping) return EndWith(Unavailable("the server stops"));
    const MonoTime now = core_.clock.MonoNow();
    if (!opened_) {
      const Status opened = Open(request_);
      request_.Clear();
      if (!opened.ok()) return EndWith(opened);
      opened_ = true;
      asked_ = now;
    } else if (now - asked_ >= core_.options.reauthorize_every) {
      asked_ = now;
      if (const Status again = visit_.Again(); !again.ok()) return EndWith(again);
    }
    const Turn turn = Produce();
    if (!refused_.ok()) return EndWith(refused_);
    if (turn.kind == Turn::Kind::kEnd) return EndWith(turn.status);
    if (turn.kind == Turn::Kind::kWait) {
      return core_.timer.After(turn.wait, [self = shared_from_this()] { self->PostTurn(); });
    }
  }
  PostTurn();
}

void ByteStream::PostTurn() {
  executor_.Continue(visit_.who().name, [self = shared_from_this()] { self->RunTurns(); });
}

void ByteStream::EndWith(const Status& status) {
  // Whatever the answer is, it tells something of the footage.
  const Status recorded = visit_.Recorded();
  std::unique_lock lock(mutex_);
  end_ = recorded.ok() ? status : recorded;
  turn_posted_ = false;
  Move(std::move(lock));
}

void ByteStream::Close() {
  std::unique_lock lock(mutex_);
  if (cancelled_ && end_->ok()) end_ = Status(Code::kCancelled, "the client has gone");
  const Status end = *end_;
  const uint64_t units = units_sent_;
  const uint64_t bytes = bytes_sent_;
  lock.unlock();
  visit_.Leave(end, units, bytes);
  lock.lock();
  finished_ = true;
  lock.unlock();
  Finish(ToGrpc(end));
}

void ByteStream::Send(const google::protobuf::MessageLite& message, Bytes data, uint64_t units) {
  Message made{ToWire(message, std::move(data)), units};
  refused_ = visit_.Recorded();
  if (!refused_.ok()) return;
  std::unique_lock lock(mutex_);
  if (cancelled_ || stalled_) return;
  SetQueueBytes(queue_bytes_ + made.bytes.Length());
  queue_.push_back(std::move(made));
  Move(std::move(lock));
}

void ByteStream::Move(std::unique_lock<std::mutex> lock) {
  if (closing_ || finished_ || writing_) return;
  if (cancelled_ || stalled_) {
    queue_.clear();
    SetQueueBytes(0);
  }
  if (!queue_.empty()) {
    current_ = std::move(queue_.front());
    queue_.pop_front();
    writing_ = true;
    write_began_ = core_.clock.MonoNow();
    grpc::WriteOptions options;
    // More follows at once: what is small need not leave by itself.
    if (!queue_.empty()) options.set_buffer_hint();
    lock.unlock();
    return StartWrite(&current_.bytes, options);
  }
  if (!end_) return;
  closing_ = true;
  lock.unlock();
  executor_.Continue(visit_.who().name, [self = shared_from_this()] { self->Close(); });
}

void ByteStream::OnWriteDone(bool ok) {
  std::unique_lock lock(mutex_);
  writing_ = false;
  SetQueueBytes(queue_bytes_ - std::min(queue_bytes_, current_.bytes.Length()));
  if (ok) {
    units_sent_ += current_.units;
    bytes_sent_ += current_.bytes.Length();
  }
  current_ = {};
  if (!ok) cancelled_ = true;
  const bool room = wants_room_ && queue_bytes_ < kQueueBytes / 2;
  const bool post = !turn_posted_ && !end_ && (room || cancelled_ || stalled_);
  if (post) {
    turn_posted_ = true;
    if (std::exchange(wants_room_, false)) {
      core_.figures.reader_wait_ns += (core_.clock.MonoNow() - full_since_).count();
    }
  }
  Move(std::move(lock));
  if (post) PostTurn();
}

void ByteStream::OnCancel() {
  {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    if (turn_posted_ || end_) return;  // which sees it; or OnWriteDone comes
    turn_posted_ = true;
  }
  PostTurn();
}

void ByteStream::Watch() {
  core_.timer.After(kWatchEvery, [self = shared_from_this()] {
    if (self->OnWatch()) self->Watch();
  });
}

// False: not needed any more.
bool ByteStream::OnWatch() {
  bool post = false;
  bool cancel = false;
  {
    const std::lock_guard lock(mutex_);
    if (finished_) return false;
    const Duration waits = core_.clock.MonoNow() - write_began_;
    if (!writing_ || waits < core_.options.stall_after) return true;
    cancel = waits >= 2 * core_.options.stall_after;
    if (!stalled_) {
      stalled_ = true;
      ++core_.figures.readers_ended;
      queue_.clear();
      SetQueueBytes(current_.bytes.Length());
      if (end_) end_ = ResourceExhausted("the reader took nothing for too long");
      post = !turn_posted_ && !end_;
      if (post) turn_posted_ = true;
    }
  }
  if (post) PostTurn();
  if (cancel) {
    const std::lock_guard lock(context_mutex_);
    if (context_ != nullptr) context_->TryCancel();
  }
  return true;
}

void ByteStream::OnDone() {
  {
    const std::lock_guard lock(context_mutex_);
    context_ = nullptr;
  }
  --core_.figures.streams_open;
  if (entered_) core_.open_streams.Leave(visit_.who().name);
  // Tasks may still hold it; the last one takes it along.
  const std::shared_ptr<ByteStream> self = std::move(self_);
}

}  // namespace reel::server

// Pull: the messages of a call that answers with a stream, one at a time, waited for as long as the
// caller likes.
//
// Thread rule: one thread at a time. Destruction cancels the call.
#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/support/async_stream.h>

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "reel/status.h"
#include "reel/time.h"
#include "server/client/convert.h"

namespace reel::server {

template <class Message>
class Pull {
 public:
  using Reader = grpc::ClientAsyncReaderInterface<Message>;

  // `begin(context, queue)` makes the call, not yet started (gRPC's PrepareAsync).
  template <class Begin>
  explicit Pull(Begin begin, std::optional<Duration> deadline = std::nullopt) {
    if (deadline) context_.set_deadline(DeadlineAfter(*deadline));
    reader_ = begin(&context_, &queue_);
    reader_->StartCall(this);
    Await(std::nullopt);
  }
  ~Pull() {
    context_.TryCancel();
    queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) continue;
  }
  Pull(const Pull&) = delete;
  Pull& operator=(const Pull&) = delete;

  // The next message; nullopt at the end. DeadlineExceeded: none within `wait`, which may be none.
  Result<std::optional<Message>> Next(std::optional<Duration> wait = std::nullopt) {
    if (!reading_) {
      message_.Clear();
      reader_->Read(&message_, this);
      reading_ = true;
    }
    const std::optional<bool> got = Await(wait);
    if (!got) return Status(Code::kDeadlineExceeded, "nothing came in time");
    reading_ = false;
    if (*got) return std::optional<Message>(std::move(message_));
    grpc::Status status;
    reader_->Finish(&status, this);
    Await(std::nullopt);
    if (!status.ok()) return FromWire(status);
    return std::optional<Message>();
  }

 private:
  // Whether the operation in hand went well; nullopt: it has not ended within `wait`.
  std::optional<bool> Await(std::optional<Duration> wait) {
    void* tag = nullptr;
    bool ok = false;
    if (!wait) {
      queue_.Next(&tag, &ok);
      return ok;
    }
    if (queue_.AsyncNext(&tag, &ok, DeadlineAfter(*wait)) != grpc::CompletionQueue::GOT_EVENT)
      return std::nullopt;
    return ok;
  }

  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<Reader> reader_;
  Message message_;
  bool reading_ = false;
};

}  // namespace reel::server

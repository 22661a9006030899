// ByteStream: a call that answers with a stream. A subclass makes messages on an executor's thread
// whenever there is room; gRPC sends them, one at a time.
//
// A reader that is slow is waited for: nothing is made while kQueueBytes wait to be sent, or while
// RpcOptions::waiting_bytes of all streams do and any of them are its own. One that
// takes nothing at all for RpcOptions::stall_after is ended: what waits for it is dropped, and the
// status says so as soon as it reads; after as long again the call is cancelled, because behind a
// full window no status gets through.
//
// Thread rule: Start by gRPC's thread; Open and Produce by an executor's, one call at a time.
// Ownership: keeps itself until gRPC is done with it and no task is left.
// Bounds: kQueueBytes and the messages of one Produce; as many streams as OpenStreams has it, all
// of them together RpcOptions::waiting_bytes and what one Produce of each makes.
#pragma once

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "server/rpc/visit.h"
#include "server/rpc/wire.h"

namespace reel::server {

class ByteStream : public grpc::ServerWriteReactor<grpc::ByteBuffer>,
                   public std::enable_shared_from_this<ByteStream> {
 public:
  static constexpr size_t kQueueBytes = 8U << 20;

  ByteStream(const ServiceSide& side, std::string_view call, grpc::CallbackServerContext* context);
  ~ByteStream() override;

  // Begins it; it goes on by itself.
  static grpc::ServerWriteReactor<grpc::ByteBuffer>* Start(
      const std::shared_ptr<ByteStream>& stream, const grpc::ByteBuffer* request);

  void OnWriteDone(bool ok) final;
  void OnCancel() final;
  void OnDone() final;

 protected:
  struct Turn {
    enum class Kind : uint8_t {
      kMore,  // again, when there is room
      kWait,  // again, after `wait`
      kEnd,   // with `status`, behind what waits to be sent
    };
    Kind kind = Kind::kMore;
    Duration wait{0};
    Status status;

    static Turn More() { return {}; }
    static Turn Wait(Duration wait) { return {Kind::kWait, wait, {}}; }
    static Turn End(Status status) { return {Kind::kEnd, {}, std::move(status)}; }
  };

  // Reads the request and asks for access. An error ends the call.
  virtual Status Open(const grpc::ByteBuffer& request) = 0;
  // Makes one or a few messages.
  virtual Turn Produce() = 0;

  // Only by Produce. `units`: how many of footage it holds, for the audit.
  void Send(const google::protobuf::MessageLite& message, Bytes data = {}, uint64_t units = 0);
  // Only by Produce: since the call came.
  Duration age() { return core_.clock.MonoNow() - began_; }
  // Once after the queue was full: what is live should be thinned out.
  bool TakeWasFull() { return std::exchange(was_full_, false); }

  RpcCore& core() { return core_; }
  Visit& visit() { return visit_; }

 private:
  struct Message {
    grpc::ByteBuffer bytes;
    uint64_t units = 0;
  };

  // Asks for a place among the streams, and for a turn.
  Status Begin();
  // By the lock.
  void SetQueueBytes(size_t bytes);
  void RunTurns();
  // False: no more turns now.
  bool MayTurn();
  void EndWith(const Status& status);
  // Tells the audit what was handed out, and gRPC that this is the end.
  void Close();
  void PostTurn();
  void Watch();
  bool OnWatch();
  // Does what the state asks for, behind a change: writes or closes. Releases the lock, because
  // gRPC is called.
  void Move(std::unique_lock<std::mutex> lock);

  RpcCore& core_;
  const RpcRule rule_;
  Executor& executor_;
  Visit visit_;
  const MonoTime began_;
  std::shared_ptr<ByteStream> self_;
  bool entered_ = false;  // OpenStreams counts it
  grpc::ByteBuffer request_;
  // Of the turns alone.
  MonoTime asked_;
  bool opened_ = false;
  Status refused_;  // the audit has no record of it: nothing may leave
  bool was_full_ = false;

  std::mutex mutex_;
  std::deque<Message> queue_;
  Message current_;         // being written
  size_t queue_bytes_ = 0;  // of queue_ and current_
  uint64_t units_sent_ = 0;
  uint64_t bytes_sent_ = 0;
  bool writing_ = false;
  MonoTime write_began_;
  bool turn_posted_ = true;  // a turn runs, is posted or timed
  bool wants_room_ = false;  // the next turn waits for half of the queue
  MonoTime full_since_;      // while it does
  bool cancelled_ = false;
  bool stalled_ = false;
  bool closing_ = false;
  bool finished_ = false;
  std::optional<Status> end_;

  std::mutex context_mutex_;
  grpc::CallbackServerContext* context_;  // null when gRPC is done with it
};

}  // namespace reel::server

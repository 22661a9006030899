// AppendSession: one Append call: runs of footage coming in, acknowledgements going out.
//
// One message is taken at a time, and the next one is read when it has been done, so a client that
// sends faster than the store takes is held back by the connection. A bulk run is held back further
// while AppendMarks::kBulkWindow bytes of it are not durable; a live one sheds instead, as a camera
// would have it.
//
// Thread rule: gRPC's threads call the On functions; messages are done by an executor's thread, one
// at a time; watermarks come from the store's delivery thread.
// Ownership: keeps itself until gRPC is done with it and no task is left.
// Bounds: kMaxLanes runs; one message, kMaxAppendBytes; kMaxEvents answers that the client has not
// read: until it does, no more messages are taken.
#pragma once

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "server/rpc/append_lane.h"
#include "server/rpc/append_marks.h"

namespace reel::server {

class AppendSession : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
                      public std::enable_shared_from_this<AppendSession> {
 public:
  static constexpr uint32_t kMaxLanes = 64;
  static constexpr size_t kMaxEvents = 256;
  // For what was accepted to become durable when the client has said all.
  static constexpr Duration kDrain = std::chrono::seconds(30);

  using Reactor = grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>;

  AppendSession(const ServiceSide& side, grpc::CallbackServerContext* context);
  // Begins it; it goes on by itself.
  static Reactor* Start(const ServiceSide& side, grpc::CallbackServerContext* context);

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  struct Lane {
    std::unique_ptr<AppendLane> run;
    std::unique_ptr<Visit> visit;
    uint64_t turn = 0;  // as AppendMarks has it
  };
  // Whatever there is to do, on an executor's thread.
  void Work();
  void WorkOnce();
  Status Open();
  // An error ends the session.
  Status TakeRequest();
  void Handle(const v1::AppendRequest& request);
  void Begin(uint32_t number, const v1::BeginRun& request);
  void HandleRun(uint32_t number, Lane& lane, const v1::AppendRequest& request);
  void TakeUnit(uint32_t number, Lane& lane, const v1::AppendRequest& request);
  void EndRun(uint32_t number, Lane& lane, v1::EndRun::Cause cause);
  void FailLane(uint32_t number, const Status& status);
  void CloseLane(uint32_t number, const Status& status);
  void Reauthorize();
  // The client has said all: what it ended becomes durable yet, the rest is broken off.
  void Drain();
  void EndSession(const Status& status);

  void Tell(v1::AppendResponse event);
  void OnMarks(uint32_t number, uint64_t turn, const Watermarks& marks);
  void Watch();
  bool OnWatch();

  // Does what the state asks for, behind a change: answers, reads, works or finishes. Releases the
  // lock, because gRPC is called.
  void Move(std::unique_lock<std::mutex> lock);
  std::optional<v1::AppendResponse> TakeAnswer();
  bool IsDrained() const;
  bool MayRead() const;
  bool HasWork() const;

  RpcCore& core_;
  const RpcRule rule_;
  const Identity who_;
  const std::string from_;
  Visit visit_;  // of the session as a whole
  std::shared_ptr<AppendSession> self_;

  // Of the work alone.
  std::map<uint32_t, Lane> lanes_;
  uint64_t turns_ = 0;  // runs that were begun

  std::mutex mutex_;
  grpc::ByteBuffer request_;  // being read or done
  grpc::ByteBuffer answer_;   // being written
  std::deque<v1::AppendResponse> events_;
  std::map<uint32_t, AppendMarks> marks_;  // of the lanes
  MonoTime asked_;
  std::optional<MonoTime> drain_until_;
  bool opened_ = false;
  bool reading_ = false;
  // Of StartRead calls under way: behind Finish gRPC may be gone under them.
  uint32_t starting_reads_ = 0;
  bool has_request_ = false;  // read and not done yet
  bool working_ = false;      // a task runs or is posted
  bool writing_ = false;
  bool half_closed_ = false;  // the client has said all
  bool cancelled_ = false;
  bool due_ = false;    // to be looked at: time has passed
  bool ended_ = false;  // no lanes any more; `end_` is to be said behind what waits
  bool finished_ = false;
  Status end_;
};

}  // namespace reel::server

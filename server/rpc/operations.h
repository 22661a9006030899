// Operations: what takes longer than a call: verifying everything, reading the index anew.
//
// Thread rule: all calls from any thread at once. One operation of a kind runs at a time, each on a
// thread of its own. Bounds: the last kMaxKept are remembered, kMaxProblems problems each in words.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "reel/clock.h"
#include "reel/store.h"

namespace reel::server {

enum class OperationKind : uint8_t { kVerify = 1, kReindex = 2 };
enum class OperationState : uint8_t { kRunning = 0, kDone = 1, kFailed = 2, kCancelled = 3 };

struct OperationInfo {
  uint64_t id = 0;
  OperationKind kind = OperationKind::kVerify;
  OperationState state = OperationState::kRunning;
  WallTime started;
  std::optional<WallTime> ended;
  uint64_t segments_total = 0;
  uint64_t segments_done = 0;
  uint64_t chunks_done = 0;
  uint64_t bytes_done = 0;
  uint64_t problems = 0;
  std::vector<std::string> problem;
  std::string error;
  std::string started_by;
};

class Operations {
 public:
  static constexpr size_t kMaxKept = 32;
  static constexpr size_t kMaxProblems = 100;

  Operations(Store& store, Clock& clock) : store_(store), clock_(clock) {}
  ~Operations() { Stop(); }

  // FailedPrecondition: one of that kind runs.
  Result<OperationInfo> Start(OperationKind kind, const std::string& who);
  std::vector<OperationInfo> List();
  Result<OperationInfo> Get(uint64_t id);
  // NotFound; FailedPrecondition: has ended, or cannot be stopped half way.
  Result<OperationInfo> Cancel(uint64_t id);

  // Cancels what can be and waits for all of it.
  void Stop();

 private:
  struct Running {
    OperationInfo info;
    bool cancelled = false;
    std::thread thread;
  };

  void Verify(Running& running);
  void Reindex(Running& running);
  void End(Running& running, const Status& status, bool stopped);
  bool MayGoOn(const Running& running, uint64_t bytes);
  uint64_t CountSegments();
  void Forget();

  Store& store_;
  Clock& clock_;
  std::mutex mutex_;
  uint64_t next_id_ = 1;
  bool stopping_ = false;
  std::map<uint64_t, Running> operations_;
};

}  // namespace reel::server

#include "server/rpc/operations.h"

#include <utility>

namespace reel::server {

Result<OperationInfo> Operations::Start(OperationKind kind, const std::string& who) {
  const uint64_t segments = CountSegments();
  const std::lock_guard lock(mutex_);
  if (stopping_) return Unavailable("the server stops");
  for (const auto& [id, running] : operations_) {
    if (running.info.kind == kind && running.info.state == OperationState::kRunning) {
      return FailedPrecondition("operation " + std::to_string(id) + " does that already");
    }
  }
  Forget();
  Running& running = operations_[next_id_];
  running.info.id = next_id_++;
  running.info.kind = kind;
  running.info.started = clock_.WallNow();
  running.info.started_by = who;
  running.info.segments_total = segments;
  running.thread = std::thread([this, &running, kind] {
    if (kind == OperationKind::kVerify) return Verify(running);
    Reindex(running);
  });
  return running.info;
}

uint64_t Operations::CountSegments() {
  uint64_t count = 0;
  for (const VolumeInfo& volume : store_.Volumes()) {
    const Result<std::vector<SegmentRow>> rows = store_.Segments(volume.number);
    if (!rows.ok()) continue;
    for (const SegmentRow& row : *rows) count += row.state == SegmentState::kFree ? 0 : 1;
  }
  return count;
}

void Operations::Verify(Running& running) {
  Store::VerifyOptions options;
  options.problem = [&](const std::string& problem) {
    const std::lock_guard lock(mutex_);
    ++running.info.problems;
    if (running.info.problem.size() < kMaxProblems) running.info.problem.push_back(problem);
  };
  options.pace = [&](uint64_t bytes) { return MayGoOn(running, bytes); };
  options.segment_done = [&](VolumeNo, SegmentSerial) {
    const std::lock_guard lock(mutex_);
    ++running.info.segments_done;
  };
  const Result<Store::VerifyReport> report = store_.Verify(options);
  End(running, report.status(), report.ok() && report->stopped);
}

bool Operations::MayGoOn(const Running& running, uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  OperationInfo& info = operations_.at(running.info.id).info;
  ++info.chunks_done;
  info.bytes_done += bytes;
  return !running.cancelled;
}

void Operations::Reindex(Running& running) {
  store_.RebuildIndex();
  constexpr Duration kStep = std::chrono::milliseconds(200);
  for (;;) {
    const Status idle = store_.WaitIdle(kStep);
    if (idle.code() != Code::kDeadlineExceeded) return End(running, idle, false);
    const std::lock_guard lock(mutex_);
    // The store goes on with it, and again after the next start.
    if (stopping_) break;
  }
  End(running, OkStatus(), true);
}

void Operations::End(Running& running, const Status& status, bool stopped) {
  const std::lock_guard lock(mutex_);
  running.info.ended = clock_.WallNow();
  running.info.state = !status.ok() ? OperationState::kFailed
                       : stopped    ? OperationState::kCancelled
                                    : OperationState::kDone;
  if (!status.ok()) running.info.error = status.ToString();
}

// REQUIRES: the lock. What is forgotten has ended, so its thread is about to.
void Operations::Forget() {
  while (operations_.size() >= kMaxKept) {
    auto oldest = operations_.begin();
    while (oldest != operations_.end() && oldest->second.info.state == OperationState::kRunning) {
      ++oldest;
    }
    if (oldest == operations_.end()) return;
    oldest->second.thread.join();
    operations_.erase(oldest);
  }
}

std::vector<OperationInfo> Operations::List() {
  const std::lock_guard lock(mutex_);
  std::vector<OperationInfo> list;
  list.reserve(operations_.size());
  for (const auto& [id, running] : operations_) list.push_back(running.info);
  return list;
}

Result<OperationInfo> Operations::Get(uint64_t id) {
  const std::lock_guard lock(mutex_);
  const auto at = operations_.find(id);
  if (at == operations_.end()) return NotFound("no operation " + std::to_string(id));
  return at->second.info;
}

Result<OperationInfo> Operations::Cancel(uint64_t id) {
  const std::lock_guard lock(mutex_);
  const auto at = operations_.find(id);
  if (at == operations_.end()) return NotFound("no operation " + std::to_string(id));
  Running& running = at->second;
  if (running.info.state != OperationState::kRunning) {
    return FailedPrecondition("operation " + std::to_string(id) + " has ended");
  }
  if (running.info.kind == OperationKind::kReindex) {
    return FailedPrecondition("reindexing cannot be stopped half way: it ends by itself");
  }
  running.cancelled = true;
  return running.info;
}

void Operations::Stop() {
  std::vector<std::thread> threads;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (auto& [id, running] : operations_) {
      running.cancelled = true;
      if (running.thread.joinable()) threads.push_back(std::move(running.thread));
    }
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace reel::server

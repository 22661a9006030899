// AuditLog: the audit as files of chained lines (audit_line.h). Calls that come at the same time
// share one sync.
//
// Every start, every file that is full and every failed sync begins a new file, whose first line is
// chained to the last line known to be durable and says which that is. So a line that a crash cut
// short stands at the end of a file and is told by the next one; no byte is ever taken away.
//
// Invariants
//   A1  A line is durable before the call that made it returns OK.
//   A2  Behind the durable end of a file stands at most one batch, kMaxAuditBatch bytes.
//   A3  After a failed write or sync a file gets no more lines.
// Thread rule: all calls from any thread at once. Owns the files.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "reel/clock.h"
#include "reel/log.h"
#include "server/access/audit.h"
#include "server/access/audit_files.h"
#include "server/access/audit_line.h"

namespace reel::server {

inline constexpr size_t kMaxAuditBatch = 256U << 10;
inline constexpr size_t kMaxAuditFile = 64U << 20;

struct AuditLogOptions {
  size_t file_bytes = kMaxAuditFile;               // a new file behind it; at most kMaxAuditFile
  Duration retry_after = std::chrono::seconds(5);  // between tries where no file can be made
  Clock* clock = nullptr;                          // SystemClock() if null
  LogSink log;
};

class AuditLog : public AuditSink {
 public:
  // Reads the newest file. An audit that is broken is told in the log and gone on behind what is
  // whole of it: verification will name the place for ever. Errors: those of the directory.
  static Result<std::unique_ptr<AuditLog>> Open(std::unique_ptr<AuditFiles> files,
                                                AuditLogOptions options);

  using AuditSink::Record;
  Status Record(std::span<const AuditRecord> records) override;

 private:
  AuditLog(std::unique_ptr<AuditFiles> files, AuditLogOptions options);

  Status FindEnd();
  // With the lock held, no batch being written.
  Status BeginFile(const std::string& why);
  // Makes room, waiting for the batch that is being written and for a file where there is none.
  Status WaitForRoom(std::unique_lock<std::mutex>& lock);
  void Add(const std::vector<AuditField>& fields);
  void WriteBatch(std::unique_lock<std::mutex>& lock);
  Status Fail(const Status& status);

  const std::unique_ptr<AuditFiles> files_;
  AuditLogOptions options_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::unique_ptr<AuditFile> file_;  // null: none can be written for now
  std::string file_name_;
  size_t file_size_ = 0;
  uint32_t file_number_ = 0;
  AuditLink last_;     // number and hash of the last line made
  AuditLink durable_;  // and of the last one that is durable
  std::string batch_;  // lines made and not yet being written
  bool writing_ = false;
  uint64_t failures_ = 0;  // batches that failed: who waited across one is refused
  Status failure_;
  std::optional<MonoTime> tried_;
};

}  // namespace reel::server

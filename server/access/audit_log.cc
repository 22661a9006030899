#include "server/access/audit_log.h"

#include <algorithm>
#include <utility>

#include "engine/base/check.h"
#include "server/access/audit_verify.h"

namespace reel::server {

AuditLog::AuditLog(std::unique_ptr<AuditFiles> files, AuditLogOptions options)
    : files_(std::move(files)), options_(std::move(options)) {
  if (options_.clock == nullptr) options_.clock = &SystemClock();
  options_.file_bytes = std::min(options_.file_bytes, kMaxAuditFile);
  last_ = {0, std::string(kAuditOrigin)};
  durable_ = last_;
}

Result<std::unique_ptr<AuditLog>> AuditLog::Open(std::unique_ptr<AuditFiles> files,
                                                 AuditLogOptions options) {
  std::unique_ptr<AuditLog> log(new AuditLog(std::move(files), std::move(options)));
  REEL_RETURN_IF_ERROR(log->FindEnd());
  const std::lock_guard lock(log->mutex_);
  REEL_RETURN_IF_ERROR(log->BeginFile("start"));
  return log;
}

// The newest file that holds a line: those behind it were begun and never got their first one.
Status AuditLog::FindEnd() {
  REEL_ASSIGN_OR_RETURN(const std::vector<std::string> names, files_->List());
  if (names.empty()) return OkStatus();
  file_number_ = AuditFileNumber(names.back());
  for (size_t i = names.size(); i-- > 0;) {
    REEL_ASSIGN_OR_RETURN(const std::string text,
                          files_->Read(names[i], kMaxAuditFile + kMaxAuditBatch));
    AuditChain chain;
    chain.AddFile(names[i], text);
    const AuditVerdict verdict = chain.Finish();
    if (verdict.broken && options_.log) {
      options_.log(LogLevel::kError, "audit: " + verdict.broken->file + " line " +
                                         std::to_string(verdict.broken->line) + ": " +
                                         verdict.broken->why);
    }
    if (verdict.lines == 0) continue;
    last_ = verdict.last;
    durable_ = last_;
    return OkStatus();
  }
  return OkStatus();
}

Status AuditLog::BeginFile(const std::string& why) {
  const MonoTime now = options_.clock->MonoNow();
  if (tried_ && now - *tried_ < options_.retry_after) return failure_;
  tried_ = now;
  const uint32_t number = file_number_ + 1;
  const std::string name = AuditFileName(number);
  Result<std::unique_ptr<AuditFile>> file = files_->Create(name);
  if (file.status().code() == Code::kAlreadyExists) ++file_number_;
  if (!file.ok()) return Fail(file.status());
  file_number_ = number;
  last_ = durable_;
  const AuditLink link{last_.number + 1, last_.prev};
  std::string line = EncodeAuditLine(
      link, options_.clock->WallNow(),
      {{"what", "audit-file"}, {"after", std::to_string(durable_.number), true}, {"reason", why}});
  const AuditLink made{link.number, ReadAuditLine(line)->hash};
  line += '\n';
  Status status = (*file)->Append(line);
  if (status.ok()) status = (*file)->Sync();
  if (!status.ok()) return Fail(status);
  file_ = std::move(*file);
  file_name_ = name;
  file_size_ = line.size();
  last_ = made;
  durable_ = made;
  tried_.reset();
  return OkStatus();
}

Status AuditLog::Fail(const Status& status) {
  file_.reset();
  failure_ = Unavailable("the audit cannot be written: " + status.message());
  if (options_.log) options_.log(LogLevel::kError, failure_.message());
  return failure_;
}

void AuditLog::Add(const std::vector<AuditField>& fields) {
  const std::string line =
      EncodeAuditLine({last_.number + 1, last_.prev}, options_.clock->WallNow(), fields);
  REEL_CHECK(line.size() < kMaxAuditLine, "fields are cut at kMaxAuditText");
  const std::optional<AuditLineEnds> ends = ReadAuditLine(line);
  REEL_CHECK(ends.has_value(), "an audit line reads back");
  last_ = {ends->link.number, ends->hash};
  batch_ += line;
  batch_ += '\n';
}

Status AuditLog::WaitForRoom(std::unique_lock<std::mutex>& lock) {
  while (batch_.size() + kMaxAuditLine >= kMaxAuditBatch) {
    if (writing_) {
      changed_.wait(lock);
    } else {
      WriteBatch(lock);
    }
  }
  changed_.wait(lock, [&] { return file_ != nullptr || !writing_; });
  return file_ == nullptr ? BeginFile("write failed") : OkStatus();
}

// Who finds nobody writing writes for all that wait; the others wait for that.
Status AuditLog::Record(std::span<const AuditRecord> records) {
  std::unique_lock lock(mutex_);
  REEL_RETURN_IF_ERROR(WaitForRoom(lock));
  const uint64_t failures = failures_;
  for (const AuditRecord& record : records) {
    REEL_RETURN_IF_ERROR(WaitForRoom(lock));
    if (failures_ != failures) return failure_;
    Add(FieldsOf(record));
  }
  const uint64_t number = last_.number;
  while (durable_.number < number && failures_ == failures) {
    if (writing_) {
      changed_.wait(lock);
    } else {
      WriteBatch(lock);
    }
  }
  return failures_ == failures ? OkStatus() : failure_;
}

void AuditLog::WriteBatch(std::unique_lock<std::mutex>& lock) {
  const std::string batch = std::exchange(batch_, {});
  const AuditLink end = last_;
  writing_ = true;
  AuditFile* const file = file_.get();
  lock.unlock();
  changed_.notify_all();
  Status status = file->Append(batch);
  if (status.ok()) status = file->Sync();
  lock.lock();
  writing_ = false;
  if (status.ok()) {
    durable_ = end;
    file_size_ += batch.size();
  } else {
    // Lines that were made meanwhile are chained to those that failed: they fail with them.
    (void)Fail(status);
    batch_.clear();
    last_ = durable_;
    ++failures_;
  }
  changed_.notify_all();
  if (status.ok() && file_size_ >= options_.file_bytes && batch_.empty()) (void)BeginFile("full");
}

}  // namespace reel::server

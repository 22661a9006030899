#include "server/rpc/audit_ahead.h"

#include <utility>

namespace reel::server {

struct AuditAhead::Ticket {
  AuditRecord record;
  std::optional<Status> status;  // once it is known
};

AuditAhead::AuditAhead(AuditSink& sink) : sink_(sink), thread_([this] { Run(); }) {}

AuditAhead::~AuditAhead() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  begun_.notify_one();
  thread_.join();
}

std::shared_ptr<AuditAhead::Ticket> AuditAhead::Begin(AuditRecord record) {
  auto ticket = std::make_shared<Ticket>();
  ticket->record = std::move(record);
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(ticket);
  }
  begun_.notify_one();
  return ticket;
}

Status AuditAhead::Await(const Ticket& ticket) {
  std::unique_lock lock(mutex_);
  written_.wait(lock, [&ticket] { return ticket.status.has_value(); });
  return *ticket.status;
}

void AuditAhead::Run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    begun_.wait(lock, [this] { return stopped_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const std::vector<std::shared_ptr<Ticket>> batch = std::exchange(waiting_, {});
    lock.unlock();
    std::vector<AuditRecord> records;
    records.reserve(batch.size());
    for (const auto& ticket : batch) records.push_back(std::move(ticket->record));
    const Status status = sink_.Record(records);
    lock.lock();
    for (const auto& ticket : batch) ticket->status = status;
    written_.notify_all();
  }
}

}  // namespace reel::server

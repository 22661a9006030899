// AuditAhead: makes records durable while their calls prepare what they will send. Nothing that
// they are about may leave or change before Await has said OK.
//
// Thread rule: all calls from any thread at once; the destructor by one, when no call is left.
// What is begun at the same time shares a sync. Bounds: one ticket for each thread that reads.
// Ownership: the sink outlives it.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "server/access/audit.h"

namespace reel::server {

class AuditAhead {
 public:
  struct Ticket;

  explicit AuditAhead(AuditSink& sink);
  // What was begun is still written.
  ~AuditAhead();

  std::shared_ptr<Ticket> Begin(AuditRecord record);
  // As AuditSink::Record says it. Blocks until the record is durable or refused.
  Status Await(const Ticket& ticket);

 private:
  void Run();

  AuditSink& sink_;
  std::mutex mutex_;
  std::condition_variable begun_;
  std::condition_variable written_;
  std::vector<std::shared_ptr<Ticket>> waiting_;
  bool stopped_ = false;
  std::thread thread_;  // the last member: it uses the others
};

}  // namespace reel::server

// AuditSink: what was done, by whom, to which footage, and why. A record is durable before the
// first byte of footage leaves or the first change is made; where it cannot be written the action
// is refused, and recording goes on.
//
// Thread rule: all calls from any thread at once.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "reel/status.h"
#include "reel/time.h"
#include "server/access/authorizer.h"

namespace reel::server {

// Texts are cut at kMaxAuditText bytes; what is no UTF-8 in them is replaced.
inline constexpr size_t kMaxAuditText = 512;

struct AuditRecord {
  std::string who;     // Identity::name
  std::string from;    // address: "unix", "ipv4:192.0.2.7:5123"
  std::string what;    // Action, or what the server itself did: "start"
  std::string call;    // full name of the RPC
  std::string stream;  // name and UUID
  std::optional<WallRange> range;
  Purpose purpose;
  std::string result;  // "allowed", "denied: why"; at the end of a stream "ended: OK"
  uint64_t units = 0;  // at the end of a stream: what was handed out or taken in
  uint64_t bytes = 0;
  std::string reason;  // of the decision
};

class AuditSink {
 public:
  virtual ~AuditSink() = default;

  // All of them durable on OK. Blocks: a sync, shared with whoever calls at the same time.
  // Unavailable: they cannot be written; what they are about must not happen.
  virtual Status Record(std::span<const AuditRecord> records) = 0;
  Status Record(const AuditRecord& record) { return Record(std::span(&record, 1)); }
};

}  // namespace reel::server

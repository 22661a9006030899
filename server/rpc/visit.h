// Visit: one call's way past the Authorizer and into the audit.
//
//   Visit visit(core, rule, who, from);
//   REEL_ASSIGN_OR_RETURN(StreamInfo stream, visit.Enter({.stream = request.stream()}));
//   ... the record is durable: bytes may leave, changes may be made ...
//   every 30 s of a stream: visit.Again()
//   at the end of a stream: visit.Leave(status, units, bytes)
//
// Thread rule: one thread at a time. All but the constructor block: a sync of the audit, a look at
// the store.
#pragma once

#include <string>
#include <vector>

#include "server/access/audit.h"
#include "server/rpc/core.h"
#include "server/rpc/rules.h"

namespace reel::server {

struct Errand {
  std::string stream;  // as the caller names it
  std::optional<WallRange> range;
  bool weighty = false;
  Purpose purpose;
};

class Visit {
 public:
  Visit(RpcCore& core, const RpcRule& rule, Identity who, std::string from);

  // A stream that is there. NotFound; PermissionDenied, also for one that is not there unless the
  // caller may see all: names are not to be found out by asking. Unavailable: no audit.
  Result<StreamInfo> Enter(const Errand& errand);
  // The same while its record is still being written: nothing may leave before Recorded is OK.
  Result<StreamInfo> EnterAhead(const Errand& errand);
  // Waits until all that was entered is durable in the audit. Unavailable: it cannot be.
  Status Recorded();
  // Several: all or none.
  Result<std::vector<StreamInfo>> EnterAll(const std::vector<Errand>& errands);
  // A name that is to be given.
  Status EnterName(const std::string& name);
  // No stream in particular.
  Status EnterNode();

  // Without a record: for what is seen in a list.
  bool MaySee(const std::string& stream);

  // What was entered is still granted.
  Status Again();
  // How what was entered ended, for the audit; it cannot be helped any more.
  void Leave(const Status& status, uint64_t units, uint64_t bytes);

  const Identity& who() const { return who_; }

 private:
  struct Entered {
    AccessRequest request;
    std::optional<StreamId> id;
  };

  AccessRequest Request(const Errand& errand) const;
  struct Granted {
    std::vector<StreamInfo> streams;
    std::vector<AuditRecord> records;
    std::vector<Entered> entered;
  };
  Result<Granted> Grant(const std::vector<Errand>& errands);
  Status EnterOne(AccessRequest request);
  AuditRecord RecordOf(const AccessRequest& request, std::string result) const;
  Status Deny(const AccessRequest& request, const std::string& asked, const Decision& decision);

  RpcCore& core_;
  const RpcRule rule_;
  const Identity who_;
  const std::string from_;
  std::vector<Entered> entered_;
  std::shared_ptr<AuditAhead::Ticket> ahead_;
};

}  // namespace reel::server

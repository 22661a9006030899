#include "server/rpc/visit.h"

#include <utility>

namespace reel::server {
namespace {

std::string StreamText(const StreamInfo& stream) { return stream.name + " " + ToString(stream.id); }

}  // namespace

Visit::Visit(RpcCore& core, const RpcRule& rule, Identity who, std::string from)
    : core_(core), rule_(rule), who_(std::move(who)), from_(std::move(from)) {}

AccessRequest Visit::Request(const Errand& errand) const {
  AccessRequest request;
  request.who = who_;
  request.action = rule_.action;
  request.stream = errand.stream;
  request.range = errand.range;
  request.weighty = errand.weighty;
  request.purpose = errand.purpose;
  return request;
}

AuditRecord Visit::RecordOf(const AccessRequest& request, std::string result) const {
  AuditRecord record;
  record.who = who_.name.empty() ? "nobody" : who_.name;
  record.from = from_;
  record.what = NameOf(rule_.action);
  record.call = rule_.call;
  record.stream = request.stream;
  record.range = request.range;
  record.purpose = request.purpose;
  record.result = std::move(result);
  return record;
}

Status Visit::Deny(const AccessRequest& request, const std::string& asked,
                   const Decision& decision) {
  if (const auto passed = core_.denials.Count(who_.name, core_.clock.MonoNow())) {
    AuditRecord record = RecordOf(request, "denied");
    record.reason = decision.reason;
    if (*passed > 0) record.reason += ", and " + std::to_string(*passed) + " before it";
    REEL_RETURN_IF_ERROR(core_.options.audit->Record(record));
  }
  // The name behind a UUID is not told to who may not see it.
  const bool tells = decision.reason.find('"' + request.stream + '"') != std::string::npos;
  if (asked == request.stream || !tells) return PermissionDenied(decision.reason);
  return PermissionDenied(who_.name + " may not " + std::string(NameOf(rule_.action)) + " of " +
                          asked);
}

Result<StreamInfo> Visit::Enter(const Errand& errand) {
  REEL_ASSIGN_OR_RETURN(std::vector<StreamInfo> streams, EnterAll({errand}));
  return std::move(streams.front());
}

Result<StreamInfo> Visit::EnterAhead(const Errand& errand) {
  REEL_ASSIGN_OR_RETURN(Granted granted, Grant({errand}));
  REEL_RETURN_IF_ERROR(Recorded());
  ahead_ = core_.audit_ahead.Begin(std::move(granted.records.front()));
  entered_.push_back(std::move(granted.entered.front()));
  return std::move(granted.streams.front());
}

Status Visit::Recorded() {
  if (ahead_ == nullptr) return OkStatus();
  const Status recorded = core_.audit_ahead.Await(*ahead_);
  if (recorded.ok()) ahead_ = nullptr;
  return recorded;
}

Result<std::vector<StreamInfo>> Visit::EnterAll(const std::vector<Errand>& errands) {
  REEL_ASSIGN_OR_RETURN(Granted granted, Grant(errands));
  REEL_RETURN_IF_ERROR(core_.options.audit->Record(granted.records));
  entered_.insert(entered_.end(), granted.entered.begin(), granted.entered.end());
  return std::move(granted.streams);
}

Result<Visit::Granted> Visit::Grant(const std::vector<Errand>& errands) {
  Granted granted;
  for (const Errand& errand : errands) {
    if (errand.stream.empty()) return InvalidArgument("no stream was named");
    Result<StreamInfo> found = core_.store.FindStream(errand.stream);
    AccessRequest request = Request(errand);
    if (found.ok()) request.stream = found->name;
    const Decision decision = core_.options.authorizer->Decide(request);
    if (!decision.allowed) return Deny(request, errand.stream, decision);
    if (!found.ok()) {
      // The store's message names the nearest stream there is.
      if (core_.options.authorizer->SeesAll(who_)) return found.status();
      return Status(found.status().code(), "no stream named \"" + errand.stream + "\"");
    }
    AuditRecord record = RecordOf(request, "allowed");
    record.stream = StreamText(*found);
    record.reason = decision.reason;
    granted.records.push_back(std::move(record));
    granted.entered.push_back({std::move(request), found->id});
    granted.streams.push_back(std::move(*found));
  }
  return granted;
}

Status Visit::EnterName(const std::string& name) {
  // Asked of no name would be asked of any.
  if (name.empty()) return InvalidArgument("a stream has a name of 1..255 bytes");
  Errand errand;
  errand.stream = name;
  return EnterOne(Request(errand));
}

Status Visit::EnterNode() { return EnterOne(Request({})); }

Status Visit::EnterOne(AccessRequest request) {
  const Decision decision = core_.options.authorizer->Decide(request);
  if (!decision.allowed) return Deny(request, request.stream, decision);
  AuditRecord record = RecordOf(request, "allowed");
  record.reason = decision.reason;
  REEL_RETURN_IF_ERROR(core_.options.audit->Record(record));
  entered_.push_back({std::move(request), std::nullopt});
  return OkStatus();
}

bool Visit::MaySee(const std::string& stream) {
  Errand errand;
  errand.stream = stream;
  return core_.options.authorizer->Decide(Request(errand)).allowed;
}

Status Visit::Again() {
  for (Entered& entered : entered_) {
    // A stream that was given another name meanwhile is asked for by that.
    if (entered.id) {
      const Result<StreamInfo> found = core_.store.FindStream(ToString(*entered.id));
      if (found.ok()) entered.request.stream = found->name;
    }
    const Decision decision = core_.options.authorizer->Decide(entered.request);
    if (!decision.allowed) {
      return Deny(entered.request, entered.request.stream, decision)
          .WithContext("access has ended");
    }
  }
  return OkStatus();
}

void Visit::Leave(const Status& status, uint64_t units, uint64_t bytes) {
  for (const Entered& entered : entered_) {
    AuditRecord record = RecordOf(entered.request, "ended: " + status.ToString());
    record.units = units;
    record.bytes = bytes;
    if (const Status written = core_.options.audit->Record(record); !written.ok()) {
      core_.Log(LogLevel::kError, "the end of a call is not in the audit: " + written.message());
    }
  }
}

}  // namespace reel::server

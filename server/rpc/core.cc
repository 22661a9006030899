#include "server/rpc/core.h"

#include <vector>

namespace reel::server {
namespace {

// The one value of a property of the certificate; empty when there is none or more than one, which
// would leave it open whom a grant means.
std::string OnlyValue(const grpc::AuthContext& auth, const char* property) {
  const std::vector<grpc::string_ref> values = auth.FindPropertyValues(property);
  if (values.size() != 1) return {};
  return {values[0].data(), values[0].size()};
}

constexpr size_t kMaxNameBytes = 255;

}  // namespace

Executor& RpcCore::executor(Lane lane) {
  switch (lane) {
    case Lane::kSeeks:
      return seeks;
    case Lane::kReads:
      return reads;
    case Lane::kPictures:
      return pictures;
    case Lane::kAppends:
      break;
  }
  return appends;
}

void RpcCore::StopExecutors() {
  for (const Lane lane : {Lane::kSeeks, Lane::kReads, Lane::kPictures, Lane::kAppends}) {
    executor(lane).Stop();
  }
}

// The common name; of a certificate without one, its one alternative name.
Identity ServiceSide::WhoIs(const grpc::ServerContextBase& context) const {
  if (fixed) return *fixed;
  Identity who;
  who.remote = true;
  const auto auth = context.auth_context();
  if (auth == nullptr || !auth->IsPeerAuthenticated()) return who;
  std::string name = OnlyValue(*auth, "x509_common_name");
  if (name.empty()) name = OnlyValue(*auth, "x509_subject_alternative_name");
  if (name.empty() || name.size() > kMaxNameBytes || name.find('\0') != std::string::npos) {
    return who;
  }
  who.name = "cn:" + name;
  who.names = {who.name};
  return who;
}

std::string ServiceSide::From(const grpc::ServerContextBase& context) const {
  return fixed && !fixed->remote && fixed->name != "loopback" ? "unix" : context.peer();
}

}  // namespace reel::server

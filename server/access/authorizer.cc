#include "server/access/authorizer.h"

#include <algorithm>
#include <utility>

#include "server/access/camera_pattern.h"

namespace reel::server {
namespace {

bool Names(const Grant& grant, const Identity& who) {
  return std::find(who.names.begin(), who.names.end(), grant.who) != who.names.end();
}

bool Covers(const Grant& grant, const std::string& stream) {
  for (const std::string& pattern : grant.cameras) {
    if (stream.empty() || MatchesPattern(pattern, stream) ||
        MatchesPattern(pattern, CameraOf(stream))) {
      return true;
    }
  }
  return false;
}

std::optional<std::string> MissingPurpose(const Purpose& purpose) {
  std::string missing;
  const auto need = [&](const std::string& text, const char* name) {
    if (!text.empty()) return;
    missing += missing.empty() ? name : std::string(", ") + name;
  };
  need(purpose.purpose, "purpose");
  need(purpose.requester, "requester");
  need(purpose.performer, "performer");
  need(purpose.case_number, "case_number");
  if (missing.empty()) return std::nullopt;
  return missing;
}

}  // namespace

RoleAuthorizer::RoleAuthorizer(std::vector<Grant> grants) { Update(std::move(grants)); }

void RoleAuthorizer::Update(std::vector<Grant> grants) {
  auto fresh = std::make_shared<const std::vector<Grant>>(std::move(grants));
  const std::lock_guard lock(mutex_);
  grants_ = std::move(fresh);
}

std::shared_ptr<const std::vector<Grant>> RoleAuthorizer::grants() {
  const std::lock_guard lock(mutex_);
  return grants_;
}

Decision RoleAuthorizer::Decide(const AccessRequest& request) {
  const auto now = grants();
  const std::string action(NameOf(request.action));
  const std::string_view of = request.stream;
  bool known = false;
  bool role_may = false;
  const Grant* by = nullptr;
  bool purpose_required = request.who.remote;
  for (const Grant& grant : *now) {
    if (!Names(grant, request.who)) continue;
    known = true;
    if (!RoleMay(grant.role, request.action)) continue;
    role_may = true;
    if (!IsOfNode(request.action) && !Covers(grant, request.stream)) continue;
    // Whoever is asked for a purpose anywhere does not escape by a second grant.
    purpose_required = purpose_required || grant.purpose_required;
    by = &grant;
  }
  if (!known) return {false, "nothing is granted to " + request.who.name};
  if (!role_may) {
    return {false, "no role of " + request.who.name + " may " + action + ": that takes " +
                       RolesThatMay(request.action)};
  }
  if (by == nullptr) {
    return {false, request.who.name + " may not " + action + " of \"" + std::string(of) + "\""};
  }
  if (request.weighty && purpose_required) {
    if (const auto missing = MissingPurpose(request.purpose)) {
      const bool view = request.action == Action::kView;
      const std::string what = view ? " of over 60 s of a camera within 10 minutes" : "";
      return {false, action + what + " needs a purpose: " + *missing + " is missing"};
    }
  }
  return {true, std::string(NameOf(by->role)) + " by " + by->who};
}

bool RoleAuthorizer::SeesAll(const Identity& who) {
  const auto now = grants();
  for (const Grant& grant : *now) {
    if (!Names(grant, who)) continue;
    if (std::find(grant.cameras.begin(), grant.cameras.end(), "*") != grant.cameras.end()) {
      return true;
    }
  }
  return false;
}

}  // namespace reel::server

#include "server/access/action.h"

#include <initializer_list>

#include "engine/base/check.h"

namespace reel::server {
namespace {

struct Rule {
  Action action;
  std::string_view name;
  bool of_node;
  std::initializer_list<Role> roles;
};

// Who administers does not take footage away: that is an investigator's, and a second grant.
constexpr Role kV = Role::kViewer;
constexpr Role kI = Role::kInvestigator;
constexpr Role kO = Role::kOperator;
constexpr Role kA = Role::kAdmin;

const std::array<Rule, kActions.size()> kRules{{
    {Action::kListStreams, "list-streams", false, {kV, kI, kO, kA}},
    {Action::kListCameras, "list-cameras", false, {kV, kI, kO, kA}},
    {Action::kTimeline, "timeline", false, {kV, kI, kO, kA}},
    {Action::kView, "view", false, {kV, kI, kO, kA}},
    {Action::kThumbnail, "thumbnail", false, {kV, kI, kO, kA}},
    {Action::kExport, "export", false, {kI}},
    {Action::kAppend, "append", false, {kO, kA}},
    {Action::kAddStream, "add-stream", false, {kO, kA}},
    {Action::kRetireStream, "retire-stream", false, {kA}},
    {Action::kNodeState, "node-state", true, {kO, kA}},
    {Action::kVerify, "verify", true, {kA}},
    {Action::kReindex, "reindex", true, {kA}},
}};

const Rule& RuleOf(Action action) {
  const Rule& rule = kRules.at(static_cast<size_t>(action));
  REEL_CHECK(rule.action == action, "the rules stand in the order of the actions");
  return rule;
}

}  // namespace

std::string_view NameOf(Action action) { return RuleOf(action).name; }

std::string_view NameOf(Role role) {
  switch (role) {
    case Role::kViewer:
      return "viewer";
    case Role::kInvestigator:
      return "investigator";
    case Role::kOperator:
      return "operator";
    case Role::kAdmin:
      return "admin";
  }
  return "unknown";
}

bool RoleMay(Role role, Action action) {
  for (const Role one : RuleOf(action).roles) {
    if (one == role) return true;
  }
  return false;
}

bool IsOfNode(Action action) { return RuleOf(action).of_node; }

bool IsChange(Action action) {
  return action == Action::kAppend || action == Action::kAddStream ||
         action == Action::kRetireStream || action == Action::kVerify || action == Action::kReindex;
}

}  // namespace reel::server

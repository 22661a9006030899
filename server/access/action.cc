#include "server/access/action.h"

#include "engine/base/check.h"

namespace reel::server {
namespace {

struct Rule {
  Action action;
  std::string_view name;
  bool of_node;
  uint8_t roles;  // a bit each
};

constexpr uint8_t BitOf(Role role) {
  return static_cast<uint8_t>(1U << static_cast<unsigned>(role));
}
constexpr uint8_t kOperators = BitOf(Role::kOperator) | BitOf(Role::kAdmin);
constexpr uint8_t kAll = BitOf(Role::kViewer) | BitOf(Role::kInvestigator) | kOperators;

// Who administers does not take footage away: that is an investigator's, and a second grant.
constexpr std::array<Rule, kActions.size()> kRules{{
    {Action::kListStreams, "list-streams", false, kAll},
    {Action::kListCameras, "list-cameras", false, kAll},
    {Action::kTimeline, "timeline", false, kAll},
    {Action::kView, "view", false, kAll},
    {Action::kThumbnail, "thumbnail", false, kAll},
    {Action::kExport, "export", false, BitOf(Role::kInvestigator)},
    {Action::kAppend, "append", false, kOperators},
    {Action::kAddStream, "add-stream", false, kOperators},
    {Action::kRetireStream, "retire-stream", false, BitOf(Role::kAdmin)},
    {Action::kNodeState, "node-state", true, kOperators},
    {Action::kVerify, "verify", true, BitOf(Role::kAdmin)},
    {Action::kReindex, "reindex", true, BitOf(Role::kAdmin)},
    {Action::kReload, "reload", true, BitOf(Role::kAdmin)},
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

bool RoleMay(Role role, Action action) { return (RuleOf(action).roles & BitOf(role)) != 0; }

std::string RolesThatMay(Action action) {
  std::string names;
  for (const Role role : kRoles) {
    if (!RoleMay(role, action)) continue;
    names += (names.empty() ? "" : " or ") + std::string(NameOf(role));
  }
  return names;
}

bool IsOfNode(Action action) { return RuleOf(action).of_node; }

bool IsChange(Action action) {
  return action == Action::kAppend || action == Action::kAddStream ||
         action == Action::kRetireStream || action == Action::kVerify ||
         action == Action::kReindex || action == Action::kReload;
}

}  // namespace reel::server

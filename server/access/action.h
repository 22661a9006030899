// What a caller may want, and which role may do it.
//
// Thread rule: pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "server/config/grants.h"

namespace reel::server {

enum class Action : uint8_t {
  kListStreams,   // names of the streams one may see anything of
  kListCameras,   // state of the cameras one may see anything of
  kTimeline,      // when there is footage, and why there is none
  kView,          // recorded and live footage
  kThumbnail,     // single pictures
  kExport,        // footage as a file
  kAppend,        // record footage
  kAddStream,     // make or rename one
  kRetireStream,  // end or resume its recording for good
  kNodeState,     // volumes, health, operations: of the node, not of a camera
  kVerify,        // read everything; cancel that
  kReindex,
  kReload,  // the configuration: cameras and grants
};
inline constexpr std::array kActions{
    Action::kListStreams,  Action::kListCameras, Action::kTimeline, Action::kView,
    Action::kThumbnail,    Action::kExport,      Action::kAppend,   Action::kAddStream,
    Action::kRetireStream, Action::kNodeState,   Action::kVerify,   Action::kReindex,
    Action::kReload};
inline constexpr std::array kRoles{Role::kViewer, Role::kInvestigator, Role::kOperator,
                                   Role::kAdmin};

std::string_view NameOf(Action action);  // as in the audit: "export"
std::string_view NameOf(Role role);      // as in the configuration: "viewer"

bool RoleMay(Role role, Action action);
std::string RolesThatMay(Action action);  // "operator or admin"

// Asked of the node as a whole: needs a grant of a role that may, whatever its cameras.
bool IsOfNode(Action action);
// Something is different behind it.
bool IsChange(Action action);

}  // namespace reel::server

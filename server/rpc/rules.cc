#include "server/rpc/rules.h"

#include <array>

#include "engine/base/check.h"

namespace reel::server {
namespace {

constexpr std::array kRules{
    RpcRule{"reel.v1.Ingest/Append", Action::kAppend, false, Lane::kAppends},
    RpcRule{"reel.v1.Playback/Seek", Action::kView, true},
    RpcRule{"reel.v1.Playback/Read", Action::kView, false, Lane::kReads},
    RpcRule{"reel.v1.Playback/Timeline", Action::kTimeline, true, Lane::kReads},
    RpcRule{"reel.v1.Playback/Thumbnail", Action::kThumbnail, true, Lane::kPictures},
    RpcRule{"reel.v1.Playback/Export", Action::kExport, false, Lane::kReads},
    RpcRule{"reel.v1.Admin/ListStreams", Action::kListStreams, true},
    RpcRule{"reel.v1.Admin/ListImports", Action::kListStreams, true},
    RpcRule{"reel.v1.Admin/AddStream", Action::kAddStream, true},
    RpcRule{"reel.v1.Admin/RenameStream", Action::kAddStream, true},
    RpcRule{"reel.v1.Admin/RetireStream", Action::kRetireStream, true},
    RpcRule{"reel.v1.Admin/ListCameras", Action::kListCameras, true, Lane::kReads},
    RpcRule{"reel.v1.Admin/ListVolumes", Action::kNodeState, true},
    RpcRule{"reel.v1.Admin/GetHealth", Action::kNodeState, true},
    RpcRule{"reel.v1.Admin/ReloadConfig", Action::kReload, true, Lane::kReads},
    RpcRule{"reel.v1.Admin/StartVerify", Action::kVerify, true},
    RpcRule{"reel.v1.Admin/StartReindex", Action::kReindex, true},
    RpcRule{"reel.v1.Admin/ListOperations", Action::kNodeState, true},
    RpcRule{"reel.v1.Admin/GetOperation", Action::kNodeState, true},
    RpcRule{"reel.v1.Admin/CancelOperation", Action::kVerify, true},
};

}  // namespace

std::optional<RpcRule> FindRpcRule(std::string_view call) {
  for (const RpcRule& rule : kRules) {
    if (rule.call == call) return rule;
  }
  return std::nullopt;
}

RpcRule RpcRuleOf(std::string_view call) {
  const std::optional<RpcRule> rule = FindRpcRule(call);
  REEL_CHECK(rule.has_value(), "every RPC has its rule");
  return *rule;
}

}  // namespace reel::server

// What each RPC needs: the action it is, whether it must have a deadline, how long its request may
// be. An RPC without a rule is refused, and fails a test that walks over the services.
//
// Thread rule: pure functions.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "server/access/action.h"

namespace reel::server {

inline constexpr size_t kMaxRequestBytes = 256U << 10;
inline constexpr size_t kMaxAppendBytes = (8U << 20) + kMaxRequestBytes;

struct RpcRule {
  std::string_view call;  // "reel.v1.Playback/Seek"
  Action action = Action::kNodeState;
  bool needs_deadline = true;
};

std::optional<RpcRule> FindRpcRule(std::string_view call);
// REQUIRES: there is one.
RpcRule RpcRuleOf(std::string_view call);

}  // namespace reel::server

// What each RPC needs: the action it is, whether it must have a deadline, how long its request may
// be, whose threads do it. An RPC without a rule is refused, and fails a test that walks over the
// services.
//
// Thread rule: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "server/access/action.h"

namespace reel::server {

inline constexpr size_t kMaxRequestBytes = 256U << 10;
inline constexpr size_t kMaxAppendBytes = (8U << 20) + kMaxRequestBytes;

// Kinds of work, with threads of their own each: none waits behind another one.
enum class Lane : uint8_t {
  kSeeks,     // short, and somebody waits for it: Seek, most of Admin
  kReads,     // may take long, not least behind recording that is late: Read, Export, Timeline
  kPictures,  // decodes, for seconds if need be: Thumbnail
  kAppends,   // recording
};

struct RpcRule {
  std::string_view call;  // "reel.v1.Playback/Seek"
  Action action = Action::kNodeState;
  bool needs_deadline = true;
  Lane lane = Lane::kSeeks;
};

std::optional<RpcRule> FindRpcRule(std::string_view call);
// REQUIRES: there is one.
RpcRule RpcRuleOf(std::string_view call);

}  // namespace reel::server

// Camera names with "*" for any number of characters, as grants have them.
//
// Thread rule: pure functions. Time: at most pattern times name.
#pragma once

#include <string_view>

namespace reel::server {

bool MatchesPattern(std::string_view pattern, std::string_view name);

// The camera a stream belongs to: its name without ".sub".
std::string_view CameraOf(std::string_view stream_name);

}  // namespace reel::server

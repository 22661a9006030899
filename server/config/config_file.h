// reeld's TOML file: read whole, every mistake in it told with its line, nothing guessed.
// docs/REELD.md lists the keys; a test holds it to them.
//
// Thread rule: pure but for reading files. Bound: kMaxConfigBytes, kMaxCameras.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reel/status.h"
#include "server/config/config.h"

namespace reel::server {

inline constexpr size_t kMaxConfigBytes = 16U << 20;
inline constexpr size_t kMaxSecretBytes = 4096;
inline constexpr size_t kMaxCameras = 10'000;

struct Mistake {
  uint32_t line = 0;  // from 1
  std::string what;   // and what to do
};

struct ParsedConfig {
  Config config;  // of use only without mistakes
  std::vector<Mistake> mistakes;
};

// Relative file names in the text are below `directory`.
ParsedConfig ParseConfig(std::string_view text, const std::string& directory);

// Errors: NotFound, PermissionDenied; InvalidArgument, one line per mistake: "FILE:LINE: what".
Result<Config> ReadConfig(const std::string& path);

}  // namespace reel::server

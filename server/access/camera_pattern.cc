#include "server/access/camera_pattern.h"

#include <cstddef>

namespace reel::server {

// When a character does not fit, the last "*" takes one more: earlier ones need never be tried
// again, so this does not explode on "*a*a*a*".
bool MatchesPattern(std::string_view pattern, std::string_view name) {
  size_t p = 0;
  size_t n = 0;
  size_t star = std::string_view::npos;
  size_t star_end = 0;  // in name: behind what the last star has taken
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_end = n;
    } else if (p < pattern.size() && pattern[p] == name[n]) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++star_end;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::string_view CameraOf(std::string_view stream_name) {
  constexpr std::string_view kSub = ".sub";
  if (stream_name.size() > kSub.size() && stream_name.ends_with(kSub)) {
    stream_name.remove_suffix(kSub.size());
  }
  return stream_name;
}

}  // namespace reel::server

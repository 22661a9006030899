#include "engine/av/av_handle.h"

#include <array>

extern "C" {
#include <libavutil/log.h>
}

namespace reel {

std::string AvErrorText(int av_error) {
  std::array<char, AV_ERROR_MAX_STRING_SIZE> text{};
  if (av_strerror(av_error, text.data(), text.size()) < 0) {
    return "error " + std::to_string(av_error);
  }
  return text.data();
}

void QuietAv() { av_log_set_level(AV_LOG_QUIET); }

}  // namespace reel

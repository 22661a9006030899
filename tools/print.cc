#include "tools/print.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "tools/local_time.h"
#include "tools/terminal.h"

namespace reel {
namespace {

std::string_view CodecName(Codec codec) {
  switch (codec) {
    case Codec::kH264:
      return "h264";
    case Codec::kH265:
      return "h265";
    case Codec::kAac:
      return "aac";
    case Codec::kPcmALaw:
      return "pcm-alaw";
    case Codec::kPcmMuLaw:
      return "pcm-mulaw";
    case Codec::kOpus:
      return "opus";
    case Codec::kOnvifMetadata:
      return "onvif-metadata";
    case Codec::kOpaque:
      break;
  }
  return "data";
}

}  // namespace

void PrintLine(const std::string& line) { PrintText(line + "\n"); }

void PrintText(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

void PrintJson(const Json& json) {
  PrintLine(json.dump(-1, ' ', false, Json::error_handler_t::replace));
  std::fflush(stdout);
}

Status FlushOutput() {
  errno = 0;
  const bool flushed = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
  if (flushed) return OkStatus();
  return Unavailable("the output could not be written whole, stdout: make room where it goes");
}

std::string Count(uint64_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string RangeText(WallRange range) {
  return LocalText(range.begin) + " .. " + LocalText(range.end);
}

Json RangeJson(WallRange range) {
  return {{"begin", FormatWall(range.begin, 9)}, {"end", FormatWall(range.end, 9)}};
}

std::string TrackText(const TrackInfo& track) {
  std::string text(CodecName(track.codec));
  if (track.width != 0) {
    text += " " + std::to_string(track.width) + "x" + std::to_string(track.height);
  }
  if (track.sample_rate_hz != 0) text += " " + std::to_string(track.sample_rate_hz) + " Hz";
  return text;
}

std::string YesNo(bool yes) { return yes ? "yes" : "no"; }

void PrintMessage(const std::string& message) {
  const std::string line = PaintedForStderr(Colour::kBold, "reel: ") + OneLine(message) + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);
}

std::string OneLine(std::string text) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7F; };
  std::replace_if(text.begin(), text.end(), is_control, ' ');
  return text;
}

}  // namespace reel

#include "server/rtsp/sdp.h"

#include <algorithm>

#include "server/rtsp/text.h"

namespace reel::server {
namespace {

struct StaticType {
  uint8_t payload_type;
  const char* encoding;
};
// Of RFC 3551 those that Reel records; all have one channel at 8 kHz.
constexpr StaticType kStaticTypes[] = {{0, "PCMU"}, {8, "PCMA"}};

// m=<media> <port>[/<number>] <proto> <fmt> ...
bool ParseMediaLine(std::string_view value, SdpMedia* media) {
  const auto take = [&value] {
    value = Trim(value);
    const size_t end = std::min(value.find_first_of(" \t"), value.size());
    const std::string_view word = value.substr(0, end);
    value.remove_prefix(end);
    return word;
  };
  media->kind = std::string(take());
  take();  // the port: SETUP settles it
  media->protocol = std::string(take());
  const std::optional<uint8_t> type = ParseNumber<uint8_t>(take());
  if (!type || *type > 127) return false;
  media->payload_type = *type;
  for (const StaticType& known : kStaticTypes) {
    if (known.payload_type != *type) continue;
    media->encoding = known.encoding;
    media->clock_rate = 8000;
    media->channels = 1;
  }
  return true;
}

// "96 H264/90000" or "97 mpeg4-generic/48000/1". It holds against a static type, too: cameras are
// known that send mu-law as type 8 and say so here.
void ParseRtpMap(std::string_view value, SdpMedia* media) {
  const std::string_view encoding = Trim(TakeUntil(&value, '/'));
  if (encoding.empty()) return;
  media->encoding = std::string(encoding);
  media->clock_rate = ParseNumber<uint32_t>(Trim(TakeUntil(&value, '/'))).value_or(0);
  media->channels = ParseNumber<uint32_t>(Trim(value)).value_or(1);
}

void ParseAttribute(std::string_view value, SdpMedia* media, std::string* control) {
  const std::string_view name = TakeUntil(&value, ':');
  if (name == "control") *control = std::string(Trim(value));
  if (media == nullptr || (name != "rtpmap" && name != "fmtp")) return;
  value = Trim(value);
  const std::string_view type = TakeUntil(&value, ' ');
  if (ParseNumber<uint8_t>(type) != media->payload_type) return;
  if (name == "rtpmap") {
    ParseRtpMap(value, media);
  } else {
    media->parameters = std::string(Trim(value));
  }
}

}  // namespace

Result<Sdp> ParseSdp(std::string_view text) {
  Sdp sdp;
  SdpMedia* media = nullptr;
  bool skipped = false;  // the section is of no use
  while (!text.empty()) {
    const std::string_view line = Trim(TakeUntil(&text, '\n'));
    if (line.size() < 2 || line[1] != '=' || std::any_of(line.begin(), line.end(), IsControl)) {
      continue;
    }
    const std::string_view value = line.substr(2);
    if (line[0] == 'm') {
      if (sdp.media.size() == kMaxMedia) {
        return InvalidArgument("SDP: more than " + std::to_string(kMaxMedia) + " media");
      }
      SdpMedia next;
      skipped = !ParseMediaLine(value, &next);
      if (!skipped) sdp.media.push_back(std::move(next));
      media = skipped ? nullptr : &sdp.media.back();
    } else if (line[0] == 'a' && !skipped) {
      ParseAttribute(value, media, media == nullptr ? &sdp.control : &media->control);
    }
  }
  if (sdp.media.empty()) return InvalidArgument("SDP: it offers no media");
  return sdp;
}

std::string_view FindParameter(std::string_view parameters, std::string_view name) {
  while (!parameters.empty()) {
    std::string_view value = TakeUntil(&parameters, ';');
    const std::string_view found = Trim(TakeUntil(&value, '='));
    if (EqualsIgnoringCase(found, name)) return Trim(value);
  }
  return {};
}

}  // namespace reel::server

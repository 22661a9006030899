#include "server/config/address.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace reel::server {
namespace {

constexpr size_t kMaxUrlBytes = 2048;

Status Malformed(std::string_view text) {
  return InvalidArgument("'" + std::string(text) +
                         "' is no address: write HOST:PORT, IPv6 as [HOST]:PORT");
}

bool StartsWith(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

// `prefix` in lower case.
bool StartsIgnoringCase(std::string_view text, std::string_view prefix) {
  if (text.size() < prefix.size()) return false;
  return std::equal(prefix.begin(), prefix.end(), text.begin(), [](char want, char is) {
    return want == (is >= 'A' && is <= 'Z' ? is + ('a' - 'A') : is);
  });
}

}  // namespace

bool HostPort::is_loopback() const {
  return host == "localhost" || host == "::1" || StartsWith(host, "127.");
}

Result<HostPort> ParseHostPort(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return Malformed(text);
  std::string_view host = text.substr(0, colon);
  if (host.front() == '[') {
    if (host.back() != ']') return Malformed(text);
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return Malformed(text);
  }
  const std::string_view digits = text.substr(colon + 1);
  HostPort address{std::string(host), 0};
  const char* const end = digits.data() + digits.size();
  const auto [at, error] = std::from_chars(digits.data(), end, address.port);
  if (host.empty() || digits.empty() || error != std::errc{} || at != end) return Malformed(text);
  return address;
}

Status CheckSourceUrl(std::string_view url) {
  if (url.size() > kMaxUrlBytes)
    return InvalidArgument("longer than " + std::to_string(kMaxUrlBytes) + " bytes");
  const bool control = std::any_of(url.begin(), url.end(),
                                   [](char c) { return static_cast<unsigned char>(c) <= 0x20; });
  if (control) return InvalidArgument("holds a space or a control character");
  const bool is_rtsp = StartsWith(url, "rtsp://") || StartsWith(url, "rtsps://");
  const bool is_ffmpeg = StartsWith(url, "ffmpeg:") && url.size() > 7;
  if (!is_rtsp && !is_ffmpeg) {
    return InvalidArgument("'" + std::string(url) +
                           "' is no source: write rtsp://, rtsps:// or ffmpeg: and what it opens");
  }
  // Its RTSP client passes no setting on to what encrypts: any certificate would do.
  if (is_ffmpeg && StartsIgnoringCase(url.substr(7), "rtsps:")) {
    return InvalidArgument(
        "libavformat does not check who answers at rtsps://: write rtsps:// without ffmpeg:");
  }
  const size_t scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos) return OkStatus();
  const std::string_view rest = url.substr(scheme_end + 3);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  // Not said back: it may be a password.
  if (authority.find('@') != std::string_view::npos)
    return InvalidArgument("holds a user or a password: give them as user and password_file");
  if (is_rtsp && authority.empty()) return InvalidArgument("names no host");
  return OkStatus();
}

}  // namespace reel::server

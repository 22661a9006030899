#include "server/rtsp/url.h"

#include <algorithm>
#include <optional>

#include "server/rtsp/text.h"

namespace reel::server {
namespace {

constexpr size_t kMaxUrlBytes = 1024;
constexpr uint16_t kPort = 554;
constexpr uint16_t kTlsPort = 322;

bool IsWholeUrl(std::string_view text) {
  return StartsIgnoringCase(text, "rtsp://") || StartsIgnoringCase(text, "rtsps://");
}

}  // namespace

std::string Url::ToString() const {
  const bool is_v6 = host.find(':') != std::string::npos;
  std::string text = tls ? "rtsps://" : "rtsp://";
  text += is_v6 ? "[" + host + "]" : host;
  if (port != (tls ? kTlsPort : kPort)) text += ":" + std::to_string(port);
  return text + path;
}

Result<Url> ParseUrl(std::string_view text) {
  if (text.size() > kMaxUrlBytes) return InvalidArgument("a URL of over 1024 bytes");
  if (std::any_of(text.begin(), text.end(), [](char c) { return c <= ' ' || c > '~'; })) {
    return InvalidArgument("a URL has printable ASCII characters and no blanks");
  }
  if (!IsWholeUrl(text)) return InvalidArgument("a camera's URL begins with rtsp:// or rtsps://");
  Url url;
  url.tls = LowerCase(text[4]) == 's';
  text.remove_prefix(url.tls ? 8 : 7);
  const size_t authority_end = std::min(text.find_first_of("/?"), text.size());
  std::string_view authority = text.substr(0, authority_end);
  url.path = std::string(text.substr(authority_end));
  if (url.path.starts_with('?')) url.path.insert(0, "/");
  if (authority.find('@') != std::string_view::npos) {
    return InvalidArgument("user and password do not belong in a URL");
  }
  std::string_view port;
  bool has_port = false;
  if (authority.starts_with('[')) {
    const size_t close = authority.find(']');
    if (close == std::string_view::npos) return InvalidArgument("a URL with half an IPv6 address");
    url.host = std::string(authority.substr(1, close - 1));
    authority.remove_prefix(close + 1);
    has_port = !authority.empty();
    if (has_port && !authority.starts_with(':')) return InvalidArgument("a URL with a bad port");
    port = authority.substr(has_port ? 1 : 0);
  } else {
    const size_t colon = authority.find(':');
    has_port = colon != std::string_view::npos;
    url.host = std::string(authority.substr(0, colon));
    if (has_port) port = authority.substr(colon + 1);
  }
  if (url.host.empty()) return InvalidArgument("a URL without a host");
  url.port = url.tls ? kTlsPort : kPort;
  if (has_port) {
    const std::optional<uint16_t> number = ParseNumber<uint16_t>(port);
    if (!number || *number == 0) return InvalidArgument("a URL with a bad port");
    url.port = *number;
  }
  return url;
}

std::string ResolveControl(std::string_view base, std::string_view control) {
  if (control.empty() || control == "*") return std::string(base);
  if (IsWholeUrl(control)) return std::string(control);
  if (control.starts_with('/')) control.remove_prefix(1);
  return std::string(base) + (base.ends_with('/') ? "" : "/") + std::string(control);
}

}  // namespace reel::server

// Where a camera is: rtsp://host[:port]/path?query, and the URLs its answers refer to.
//
// User and password never stand in a URL here: they would reach logs and requests. One that has
// them is refused with a message that does not repeat it.
// Thread rule: values and pure functions. Source: RFC 2326 3.2, RFC 3986.
#pragma once

#include <string>
#include <string_view>

#include "reel/status.h"

namespace reel::server {

struct Url {
  bool tls = false;  // rtsps
  std::string host;  // a name or an address; IPv6 without brackets
  uint16_t port = 554;
  std::string path;  // what follows, query included: empty or with a slash in front

  std::string ToString() const;
  bool operator==(const Url&) const = default;
};

// At most 1,024 bytes, printable ASCII. InvalidArgument says what is wrong.
Result<Url> ParseUrl(std::string_view text);

// The URL of a control attribute (RFC 2326 C.1.1): "*" or nothing is the base itself, a whole URL
// stays, anything else is put behind the base and a slash. That is what cameras expect, also where
// the base has a query; RFC 3986 would cut the base's last part off.
std::string ResolveControl(std::string_view base, std::string_view control);

}  // namespace reel::server

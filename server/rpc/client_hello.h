// Looks at the first bytes of a TLS connection before gRPC does: whether the client offers TLS 1.3.
// A server that knows 1.3 always agrees on it with a client that offers it, and a middleman who
// takes the offer away breaks the handshake, so who is let through here speaks 1.3. gRPC 1.51 has
// no setting for it.
//
// Thread rule: pure function. Bounds: kMaxClientHello bytes, looked at once.
// Source: RFC 8446 4.1.2, 4.2.1, 5.1.
#pragma once

#include "reel/types.h"

namespace reel::server {

inline constexpr size_t kMaxClientHello = 16U << 10;

enum class Hello : uint8_t {
  kMore,    // so far it may become one
  kTls13,   // offers TLS 1.3
  kRefuse,  // does not, is too long or is something else
};

// `bytes`: from the first one of the connection on.
Hello ReadClientHello(ByteSpan bytes);

}  // namespace reel::server

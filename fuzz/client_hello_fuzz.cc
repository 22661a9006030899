// The first bytes of a connection: any. A verdict stays what it is when more bytes come, and no
// beginning of what is accepted is refused.
#include "engine/base/check.h"
#include "server/rpc/client_hello.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using reel::server::Hello;
  const auto bytes = std::as_bytes(std::span(data, size));
  const Hello whole = reel::server::ReadClientHello(bytes);
  for (const size_t part : {size / 4, size / 2, size - size / 8}) {
    const Hello some = reel::server::ReadClientHello(bytes.first(part));
    REEL_CHECK(some == whole || some == Hello::kMore, "a verdict does not change");
  }
  return 0;
}

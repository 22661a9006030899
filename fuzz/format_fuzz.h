// Shared by the fuzzers of engine/format. Each tries the input as it is and again with its
// checksums made to fit, since a hostile disk can compute them as well as we.
#pragma once

#include <span>

#include "engine/base/check.h"
#include "reel/types.h"

namespace reel {

// The life every fuzzed segment is in; the seeds' too.
inline SegmentUid FuzzUid() {
  SegmentUid uid;
  for (size_t i = 0; i < uid.bytes.size(); ++i) uid.bytes[i] = static_cast<uint8_t>(0x10 + i);
  return uid;
}

inline Bytes FuzzBytes(const uint8_t* data, size_t size) {
  const ByteSpan span = std::as_bytes(std::span(data, size));
  return {span.begin(), span.end()};
}

}  // namespace reel

// The records that fill a block: what decodes is written again as the same record.
#pragma once

#include "engine/base/bytes.h"
#include "engine/base/digest.h"
#include "engine/format/segment_header.h"
#include "fuzz/format_fuzz.h"

namespace reel {

template <class T>
void TakeBlock(ByteSpan bytes, Result<T> (*decode)(ByteSpan),
               void (*encode)(const T&, std::span<std::byte, format::kBlockBytes>)) {
  const Result<T> record = decode(bytes);
  if (!record.ok()) return;
  Bytes block(format::kBlockBytes);
  encode(*record, std::span<std::byte, format::kBlockBytes>(block));
  const Result<T> again = decode(block);
  REEL_CHECK(again.ok() && std::memcmp(&*again, &*record, sizeof(T)) == 0, "the record survives");
}

template <class T>
void FuzzBlock(Bytes bytes, Result<T> (*decode)(ByteSpan),
               void (*encode)(const T&, std::span<std::byte, format::kBlockBytes>)) {
  TakeBlock(bytes, decode, encode);
  bytes.resize(format::kBlockBytes);
  StoreLe(bytes.data() + format::kRecordCrcOffset,
          Crc32c(ByteSpan(bytes).first(format::kRecordCrcOffset)));
  TakeBlock(bytes, decode, encode);
}

}  // namespace reel

#include "engine/segment/file_window.h"

#include <algorithm>
#include <cstring>

#include "engine/base/check.h"
#include "engine/format/wire.h"
#include "engine/io/transfer.h"

namespace reel {

using format::kBlockBytes;

namespace {

constexpr uint64_t kRoomAheadBytes = 2U << 20;  // a usual GOP

}  // namespace

void FileWindow::Open(File& file, uint64_t end_bytes, uint64_t read_ahead_bytes) {
  REEL_CHECK(end_bytes % kBlockBytes == 0, "a window ends at a block");
  file_ = &file;
  end_bytes_ = end_bytes;
  read_ahead_bytes_ = read_ahead_bytes;
  filled_bytes_ = 0;
}

Result<ByteSpan> FileWindow::At(uint64_t offset_bytes, uint64_t size_bytes) {
  REEL_CHECK(offset_bytes % kBlockBytes == 0, "reads begin at a block");
  REEL_CHECK(offset_bytes <= end_bytes_ && size_bytes <= end_bytes_ - offset_bytes,
             "reads end within the window's range");
  if (!Holds(offset_bytes, size_bytes)) REEL_RETURN_IF_ERROR(Fill(offset_bytes, size_bytes));
  return ByteSpan(room_).subspan(offset_bytes - begin_bytes_, size_bytes);
}

// Room for `size_bytes`, of which the first `kept_bytes` are what stands at `from_bytes` now.
void FileWindow::MakeRoom(uint64_t size_bytes, uint64_t from_bytes, uint64_t kept_bytes) {
  const MutableByteSpan kept = room_.subspan(from_bytes, kept_bytes);
  if (room_.size() < size_bytes) {
    Grow(size_bytes, kept);
  } else if (!kept.empty() && from_bytes != 0) {
    std::memmove(room_.data(), kept.data(), kept.size());
  }
}

void FileWindow::Grow(uint64_t size_bytes, ByteSpan kept) {
  std::optional<Buffer> pooled = pool_ != nullptr ? pool_->Take(size_bytes) : std::nullopt;
  AlignedBytes own;
  if (!pooled) own = AlignedBytes::ForOverwrite(size_bytes);
  const MutableByteSpan room = pooled ? pooled->span() : own.span();
  if (!kept.empty()) std::memcpy(room.data(), kept.data(), kept.size());
  room_ = room;
  pooled_ = std::move(pooled);
  own_ = std::move(own);
}

Status FileWindow::Fill(uint64_t offset_bytes, uint64_t size_bytes) {
  const uint64_t least = RoundUp(size_bytes, kBlockBytes);
  const uint64_t ahead = RoundUp(std::max(size_bytes, read_ahead_bytes_), kBlockBytes);
  const uint64_t want = std::min(ahead, end_bytes_ - offset_bytes);
  // A key picture that was read alone is not read again with the rest of its GOP.
  const uint64_t held_end = begin_bytes_ + filled_bytes_;
  const bool overlaps = offset_bytes >= begin_bytes_ && offset_bytes < held_end;
  const uint64_t kept = overlaps ? held_end - offset_bytes : 0;
  // Room for what may be asked for next, so that it need not be moved then.
  const uint64_t all = std::min<uint64_t>(end_bytes_ - offset_bytes, kRoomAheadBytes);
  MakeRoom(std::max(want, all), overlaps ? offset_bytes - begin_bytes_ : 0, kept);
  begin_bytes_ = offset_bytes;
  filled_bytes_ = kept;
  const auto read = [&](uint64_t end) {
    return ReadExactly(*file_, offset_bytes + kept, room_.subspan(kept, end - kept));
  };
  uint64_t got = want;
  Status status = read(want);
  if (!status.ok()) {
    // Devices fail once in passing, and one bad sector must not hide its neighbours: a second try,
    // for just what was asked for.
    got = least;
    status = read(least);
  }
  if (status.ok()) filled_bytes_ = got;
  return status;
}

}  // namespace reel

#include "engine/av/mp4_sample_entry.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "engine/av/input_file.h"
#include "engine/av/mp4_box.h"

namespace reel {
namespace {

// The `index`-th box of `type` between two offsets.
std::optional<Mp4Box> FindBox(const InputFile& file, uint64_t begin_bytes, uint64_t end_bytes,
                              std::string_view type, size_t index = 0) {
  while (begin_bytes < end_bytes) {
    std::optional<Mp4Box> box = ReadMp4Box(file, begin_bytes, end_bytes);
    if (!box || box->end_bytes() > end_bytes) return std::nullopt;
    if (box->type == type && index-- == 0) return box;
    begin_bytes = box->end_bytes();
  }
  return std::nullopt;
}

std::optional<Mp4Box> FindSampleEntry(const InputFile& file, size_t track) {
  std::optional<Mp4Box> box = FindBox(file, 0, file.size_bytes(), "moov");
  if (box) box = FindBox(file, box->body_bytes(), box->end_bytes(), "trak", track);
  for (const char* type : {"mdia", "minf", "stbl", "stsd"}) {
    if (box) box = FindBox(file, box->body_bytes(), box->end_bytes(), type);
  }
  constexpr uint64_t kFlagsAndCountBytes = 8;
  if (!box) return std::nullopt;
  return ReadMp4Box(file, box->body_bytes() + kFlagsAndCountBytes, box->end_bytes());
}

}  // namespace

Status RenameMp4SampleEntry(const std::string& path, size_t track, std::string_view from,
                            std::string_view to) {
  REEL_ASSIGN_OR_RETURN(const InputFile file, InputFile::Open(path));
  const std::optional<Mp4Box> entry = FindSampleEntry(file, track);
  if (!entry || entry->type != from) {
    return InvalidArgument(path + ": no sample entry " + std::string(from));
  }
  const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return Status::FromErrno(errno, "cannot write " + path);
  constexpr off_t kSizeFieldBytes = 4;
  const ssize_t put =
      pwrite(fd, to.data(), to.size(), static_cast<off_t>(entry->begin_bytes) + kSizeFieldBytes);
  const int error = errno;
  close(fd);
  if (put != static_cast<ssize_t>(to.size())) {
    return Status::FromErrno(put < 0 ? error : EIO, "cannot write " + path);
  }
  return OkStatus();
}

}  // namespace reel

#include "index/manifest_mark.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <vector>

#include "index/rocks_status.h"

namespace reel {
namespace {

constexpr char kMarkName[] = "REEL-MARK";
constexpr std::string_view kManifestPrefix = "MANIFEST-";

struct Mark {
  uint64_t number = 0;
  uint64_t size_bytes = 0;
};

std::optional<uint64_t> NumberOf(const std::string& manifest) {
  if (!manifest.starts_with(kManifestPrefix)) return std::nullopt;
  const std::string digits = manifest.substr(kManifestPrefix.size());
  uint64_t number = 0;
  const char* end = digits.data() + digits.size();
  const auto [at, error] = std::from_chars(digits.data(), end, number);
  if (error != std::errc{} || at != end) return std::nullopt;
  return number;
}

std::optional<Mark> ReadMark(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string manifest;
  Mark mark;
  file >> manifest >> mark.size_bytes;
  const auto number = NumberOf(manifest);
  if (!file || !number) return std::nullopt;
  mark.number = *number;
  return mark;
}

Status WriteDurably(const std::string& path, std::string_view text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return Status::FromErrno(errno, "create " + path);
  const ssize_t written = ::write(fd, text.data(), text.size());
  int failure = written < 0 ? errno : 0;
  if (failure == 0 && static_cast<size_t>(written) != text.size()) failure = ENOSPC;
  if (failure == 0 && ::fdatasync(fd) != 0) failure = errno;
  ::close(fd);
  return Status::FromErrno(failure, "write " + path);
}

}  // namespace

Status CheckManifestMark(const std::string& path) {
  const std::filesystem::path directory(path);
  std::error_code error;
  if (!std::filesystem::exists(directory / kMarkName, error)) return OkStatus();
  // The mark first: what it speaks of can only be longer or newer by the time it is looked at.
  const auto mark = ReadMark(directory / kMarkName);
  if (!mark) return DataLoss("index " + path + ": malformed mark");
  std::string manifest;
  std::ifstream(directory / "CURRENT") >> manifest;
  const auto number = NumberOf(manifest);
  if (!number) return DataLoss("index " + path + ": malformed CURRENT");
  if (*number > mark->number) return OkStatus();
  const uint64_t size_bytes = std::filesystem::file_size(directory / manifest, error);
  if (error || *number < mark->number || size_bytes < mark->size_bytes) {
    return DataLoss("index " + path + ": its MANIFEST was cut or replaced by an older one");
  }
  return OkStatus();
}

Status WriteManifestMark(const std::string& path, rocksdb::DB* db) {
  std::vector<std::string> files;
  uint64_t manifest_bytes = 0;
  const rocksdb::Status listed = db->GetLiveFiles(files, &manifest_bytes, /*flush_memtable=*/false);
  REEL_RETURN_IF_ERROR(FromRocks(listed, "list index files"));
  std::string manifest;
  for (const std::string& file : files) {
    if (file.starts_with("/MANIFEST-")) manifest = file.substr(1);
  }
  const std::string mark = (std::filesystem::path(path) / kMarkName).string();
  const std::string fresh = mark + ".new";
  REEL_RETURN_IF_ERROR(WriteDurably(fresh, manifest + " " + std::to_string(manifest_bytes) + "\n"));
  if (std::rename(fresh.c_str(), mark.c_str()) != 0) {
    return Status::FromErrno(errno, "rename " + fresh);
  }
  return OkStatus();
}

}  // namespace reel

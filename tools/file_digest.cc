#include "tools/file_digest.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "engine/base/digest.h"
#include "engine/format/ledger_record.h"
#include "engine/io/unique_fd.h"

namespace reel {

Result<FileDigest> DigestOfFile(const std::string& path) {
  constexpr size_t kPieceBytes = 1U << 20;
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) return Status::FromErrno(errno, "read " + path);
  Bytes piece(kPieceBytes);
  Sha256Stream digest;
  FileDigest found;
  for (;;) {
    const ssize_t got = read(fd.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Status::FromErrno(errno, "read " + path);
    if (got == 0) break;
    found.size_bytes += static_cast<uint64_t>(got);
    digest.Put(ByteSpan(piece).first(static_cast<size_t>(got)));
  }
  found.sha256 = digest.Finish();
  return found;
}

std::string PlainName(const std::string& path) {
  std::string name = std::filesystem::path(path).filename().string();
  if (format::CheckNote("name", name).ok()) return name;
  name.resize(std::min(name.size(), format::kMaxNameBytes));
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return name;
}

}  // namespace reel

#include "server/access/audit_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <utility>

#include "engine/io/unique_fd.h"

namespace reel::server {
namespace {

constexpr std::string_view kPrefix = "audit-";
constexpr std::string_view kSuffix = ".jsonl";
constexpr size_t kDigits = 6;

class DirectoryAuditFile : public AuditFile {
 public:
  DirectoryAuditFile(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Status Append(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t n = write(fd_.get(), bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return Status::FromErrno(n < 0 ? errno : EIO, "write " + path_);
      bytes.remove_prefix(static_cast<size_t>(n));
    }
    return OkStatus();
  }

  Status Sync() override {
    if (fdatasync(fd_.get()) != 0) return Status::FromErrno(errno, "sync " + path_);
    return OkStatus();
  }

 private:
  const UniqueFd fd_;
  const std::string path_;
};

class DirectoryAuditFiles : public AuditFiles {
 public:
  DirectoryAuditFiles(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Result<std::vector<std::string>> List() override {
    const int copy = openat(fd_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (copy < 0) return Status::FromErrno(errno, "open " + path_);
    DIR* const directory = fdopendir(copy);
    if (directory == nullptr) {
      close(copy);
      return Status::FromErrno(errno, "open " + path_);
    }
    std::vector<std::string> names;
    errno = 0;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): a stream of its own; POSIX.1-2024 says so.
    while (const dirent* entry = readdir(directory)) {
      if (AuditFileNumber(entry->d_name) != 0) names.emplace_back(entry->d_name);
    }
    const int error = errno;
    closedir(directory);
    if (error != 0) return Status::FromErrno(error, "list " + path_);
    std::sort(names.begin(), names.end());
    return names;
  }

  Result<std::string> Read(const std::string& name, size_t max_bytes) override {
    const UniqueFd fd(openat(fd_.get(), name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!fd.valid()) return Status::FromErrno(errno, "open " + path_ + "/" + name);
    std::string text;
    constexpr size_t kStep = 1U << 20;
    for (;;) {
      const size_t have = text.size();
      text.resize(have + kStep);
      const ssize_t n = read(fd.get(), text.data() + have, kStep);
      if (n < 0 && errno != EINTR) return Status::FromErrno(errno, "read " + path_ + "/" + name);
      text.resize(have + static_cast<size_t>(std::max<ssize_t>(n, 0)));
      if (n == 0) return text;
      if (text.size() > max_bytes) {
        return ResourceExhausted(path_ + "/" + name + " is longer than an audit file gets");
      }
    }
  }

  Result<std::unique_ptr<AuditFile>> Create(const std::string& name) override {
    const std::string path = path_ + "/" + name;
    UniqueFd fd(openat(fd_.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC,
                       S_IRUSR | S_IWUSR));
    if (!fd.valid()) return Status::FromErrno(errno, "create " + path);
    if (fsync(fd_.get()) != 0) return Status::FromErrno(errno, "sync " + path_);
    return std::unique_ptr<AuditFile>(std::make_unique<DirectoryAuditFile>(std::move(fd), path));
  }

 private:
  const UniqueFd fd_;
  const std::string path_;
};

}  // namespace

std::string AuditFileName(uint32_t number) {
  std::string digits = std::to_string(number);
  if (digits.size() < kDigits) digits.insert(0, kDigits - digits.size(), '0');
  return std::string(kPrefix) + digits + std::string(kSuffix);
}

uint32_t AuditFileNumber(std::string_view name) {
  if (name.size() != kPrefix.size() + kDigits + kSuffix.size() || !name.starts_with(kPrefix) ||
      !name.ends_with(kSuffix)) {
    return 0;
  }
  const std::string_view digits = name.substr(kPrefix.size(), kDigits);
  uint32_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + kDigits, number);
  return error == std::errc{} && end == digits.data() + kDigits ? number : 0;
}

Result<std::unique_ptr<AuditFiles>> OpenAuditDirectory(const std::string& path) {
  if (mkdir(path.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
    return Status::FromErrno(errno, "make " + path);
  }
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return Status::FromErrno(errno, "open " + path);
  return std::unique_ptr<AuditFiles>(std::make_unique<DirectoryAuditFiles>(std::move(fd), path));
}

}  // namespace reel::server

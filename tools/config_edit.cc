#include "tools/config_edit.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "engine/io/unique_fd.h"

namespace reel {
namespace {

bool IsNumber(const std::string& key) { return key == "pre_buffer_s" || key == "post_buffer_s"; }

// A basic string of TOML 1.0.
std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      std::array<char, 8> code{};
      std::snprintf(code.data(), code.size(), "\\u%04X", byte);
      quoted += code.data();
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

std::string List(std::string_view text) {
  std::string list = "[";
  while (!text.empty()) {
    const size_t end = std::min(text.find(';'), text.size());
    std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    if (!part.empty()) list += (list.size() == 1 ? "" : ", ") + Quoted(part);
  }
  return list + "]";
}

// What is no number is quoted, for the parser to complain of.
std::string ValueOf(const std::string& key, const std::string& text) {
  if (key == "schedule") return List(text);
  uint32_t number = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  const bool whole = read.ec == std::errc() && read.ptr == end;
  // Written anew: 007 is no number of TOML.
  return IsNumber(key) && whole ? std::to_string(number) : Quoted(text);
}

// Which entry and key each line of the text is of, by line from 1.
struct Spot {
  size_t entry = 0;
  std::string key;
};

class Writer {
 public:
  explicit Writer(std::string text) : text_(std::move(text)) {
    if (!text_.empty() && text_.back() != '\n') text_ += '\n';
    line_ = static_cast<uint32_t>(std::count(text_.begin(), text_.end(), '\n'));
  }
  void Add(size_t number, const CameraEntry& entry) {
    if (!text_.empty()) Line("");
    places_[line_ + 1] = {number, ""};
    Line("[[camera]]");
    for (const std::string& key : CameraKeys()) {
      const auto at = entry.find(key);
      if (at == entry.end() || at->second.empty()) continue;
      places_[line_ + 1] = {number, key};
      Line(key + " = " + ValueOf(key, at->second));
    }
  }
  const std::string& text() const { return text_; }
  const Spot* At(uint32_t line) const {
    const auto at = places_.find(line);
    return at == places_.end() ? nullptr : &at->second;
  }

 private:
  void Line(const std::string& line) {
    text_ += line + "\n";
    ++line_;
  }

  std::string text_;
  uint32_t line_ = 0;
  std::map<uint32_t, Spot> places_;
};

Result<std::string> ReadAll(int fd, const std::string& path) {
  std::string text;
  std::array<char, 65536> part{};
  for (;;) {
    const ssize_t got = read(fd, part.data(), part.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Status::FromErrno(errno, path);
    if (got == 0) return text;
    text.append(part.data(), static_cast<size_t>(got));
    if (text.size() > server::kMaxConfigBytes) {
      return InvalidArgument(path + " is longer than " + std::to_string(server::kMaxConfigBytes) +
                             " bytes");
    }
  }
}

std::string DirectoryOf(const std::string& path) {
  return path.substr(0, std::max<size_t>(path.rfind('/'), 1));  // a real path begins with one
}

Status WriteAll(int fd, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t moved = write(fd, text.data(), text.size());
    if (moved < 0 && errno == EINTR) continue;
    if (moved < 0) return Status::FromErrno(errno, "write " + path);
    text.remove_prefix(static_cast<size_t>(moved));
  }
  return fsync(fd) == 0 ? OkStatus() : Status::FromErrno(errno, "sync " + path);
}

// `fresh` beside the file, with its mode and owner, and then in its place.
Status Replace(const std::string& path, const std::string& text, const struct stat& about) {
  std::string fresh = path + ".XXXXXX";
  const UniqueFd fd(mkostemp(fresh.data(), O_CLOEXEC));
  if (!fd.valid()) return Status::FromErrno(errno, "make " + fresh);
  Status status = WriteAll(fd.get(), text, fresh);
  const bool kept = fchown(fd.get(), about.st_uid, about.st_gid) == 0 &&
                    fchmod(fd.get(), about.st_mode & 07777) == 0;
  if (status.ok() && !kept) status = Status::FromErrno(errno, "owner and mode of " + fresh);
  if (status.ok() && std::rename(fresh.c_str(), path.c_str()) != 0) {
    status = Status::FromErrno(errno, "name " + path);
  }
  if (!status.ok()) {
    (void)unlink(fresh.c_str());
    return status;
  }
  const UniqueFd directory(open(DirectoryOf(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid() || fsync(directory.get()) != 0) {
    return Status::FromErrno(errno, "sync the directory of " + path);
  }
  return OkStatus();
}

}  // namespace

const std::vector<std::string>& CameraKeys() {
  static const std::vector<std::string> keys = {
      "name",          "source",    "sub_source", "mode",     "sub_mode",     "user",
      "password_file", "transport", "ca_file",    "schedule", "pre_buffer_s", "post_buffer_s"};
  return keys;
}

Result<ConfigEdit> PlanCameras(const std::string& path, const std::vector<CameraEntry>& entries) {
  ConfigEdit edit;
  const std::unique_ptr<char, decltype(&std::free)> real(realpath(path.c_str(), nullptr),
                                                         &std::free);
  if (real == nullptr) return Status::FromErrno(errno, path);
  edit.path = real.get();
  const UniqueFd fd(open(edit.path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return Status::FromErrno(errno, edit.path);
  REEL_ASSIGN_OR_RETURN(edit.before, ReadAll(fd.get(), edit.path));
  const std::string directory = DirectoryOf(edit.path);
  std::string own;
  for (const server::Mistake& mistake : server::ParseConfig(edit.before, directory).mistakes) {
    own += (own.empty() ? "" : "\n") + edit.path + ":" + std::to_string(mistake.line) + ": " +
           mistake.what;
  }
  if (!own.empty()) return InvalidArgument("correct the file first: " + own);
  Writer writer(edit.before);
  for (size_t i = 0; i < entries.size(); ++i) writer.Add(i, entries[i]);
  edit.after = writer.text();
  for (const server::Mistake& mistake : server::ParseConfig(edit.after, directory).mistakes) {
    const Spot* place = writer.At(mistake.line);
    edit.mistakes.push_back(place == nullptr
                                ? EntryMistake{0, "", mistake.what}
                                : EntryMistake{place->entry, place->key, mistake.what});
  }
  if (edit.after.size() > server::kMaxConfigBytes) {
    edit.mistakes.push_back({0, "", edit.path + " would be longer than reeld reads"});
  }
  return edit;
}

Status WriteConfig(const ConfigEdit& edit) {
  const UniqueFd fd(open(edit.path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return Status::FromErrno(errno, edit.path);
  // Whoever comes second finds another file than it has read.
  if (flock(fd.get(), LOCK_EX) != 0) return Status::FromErrno(errno, "lock " + edit.path);
  struct stat about {};
  struct stat now {};
  if (fstat(fd.get(), &about) != 0 || stat(edit.path.c_str(), &now) != 0) {
    return Status::FromErrno(errno, edit.path);
  }
  REEL_ASSIGN_OR_RETURN(const std::string text, ReadAll(fd.get(), edit.path));
  if (text != edit.before || about.st_ino != now.st_ino) {
    return Status(Code::kAborted, edit.path + " has been changed meanwhile: do it again");
  }
  return Replace(edit.path, edit.after, about);
}

}  // namespace reel

#include "server/config/config_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <optional>

#include "server/config/address.h"
#include "server/config/table_reader.h"
#include "server/config/week.h"

namespace reel::server {
namespace {

constexpr size_t kMaxCameraName = 200;
constexpr std::string_view kSubSuffix = ".sub";

struct FileText {
  std::string text;
  mode_t mode = 0;
};

// At most `most` bytes: a longer file is refused, not cut.
Result<FileText> ReadText(const std::string& path, size_t most) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return Status::FromErrno(errno, path);
  FileText file;
  struct stat about {};
  Status status;
  if (::fstat(fd, &about) != 0) {
    status = Status::FromErrno(errno, path);
  } else if (!S_ISREG(about.st_mode)) {
    status = InvalidArgument(path + " is no file");
  }
  file.mode = about.st_mode;
  std::array<char, 65536> part{};
  while (status.ok()) {
    const ssize_t got = ::read(fd, part.data(), part.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) status = Status::FromErrno(errno, path);
    if (got <= 0) break;
    file.text.append(part.data(), static_cast<size_t>(got));
    if (file.text.size() > most)
      status = InvalidArgument(path + " is longer than " + std::to_string(most) + " bytes");
  }
  ::close(fd);
  if (!status.ok()) return status;
  return file;
}

class Reader {
 public:
  Reader(const std::string& directory, ParsedConfig* parsed)
      : directory_(directory), config_(parsed->config), mistakes_(parsed->mistakes) {}

  void ReadAll(const toml::table& file) {
    TableReader root(file, "the file", &mistakes_);
    if (const toml::table* table = root.Table("node")) ReadNode(*table);
    if (const toml::table* table = root.Table("listen")) ReadListen(*table);
    if (const toml::table* table = root.Table("audit")) ReadAudit(*table);
    for (const toml::table* table : root.Tables("grant")) ReadGrant(*table);
    const std::vector<const toml::table*> cameras = root.Tables("camera");
    if (cameras.size() > kMaxCameras) {
      root.Wrong("camera", "more than " + std::to_string(kMaxCameras) + " cameras");
    } else {
      for (const toml::table* table : cameras) ReadCamera(*table);
    }
    root.RefuseOthers();
  }

 private:
  TableReader Begin(const toml::table& table, std::string where) {
    return {table, std::move(where), &mistakes_};
  }

  bool Path(TableReader* reader, std::string_view key, std::string* path) {
    if (!reader->Text(key, path)) return false;
    if (path->empty()) {
      reader->Wrong(key, "must not be empty");
      return false;
    }
    if (path->front() != '/') *path = directory_ + "/" + *path;
    return true;
  }

  void ReadNode(const toml::table& table) {
    TableReader reader = Begin(table, "[node]");
    NodeConfig& node = config_.node;
    Path(&reader, "path", &node.path);
    uint64_t mib = 0;
    if (reader.Number("buffer_mib", 16, 65'536, &mib)) node.buffer_bytes = mib << 20;
    if (reader.Number("stream_buffer_mib", 1, 1024, &mib)) node.stream_buffer_bytes = mib << 20;
    uint64_t ms = 0;
    if (reader.Number("flush_interval_ms", 50, 2000, &ms))
      node.flush_interval = std::chrono::milliseconds(ms);
    uint64_t loops = 0;
    if (reader.Number("ingest_loops", 1, 16, &loops))
      node.ingest_loops = static_cast<uint32_t>(loops);
    reader.RefuseOthers();
  }

  static void Address(TableReader* reader, std::string_view key, bool loopback_only,
                      std::string* value) {
    if (!reader->Text(key, value)) return;
    const Result<HostPort> address = ParseHostPort(*value);
    if (!address.ok()) {
      reader->Wrong(key, address.status().message());
    } else if (loopback_only && !address->is_loopback()) {
      reader->Wrong(key, "'" + *value +
                             "' is not of this machine alone: what is not encrypted listens on "
                             "127.0.0.1 or [::1]; give other machines [listen] tls");
    }
  }

  void ReadListen(const toml::table& table) {
    TableReader reader = Begin(table, "[listen]");
    ListenConfig& listen = config_.listen;
    Path(&reader, "socket", &listen.socket);
    Address(&reader, "plaintext", true, &listen.plaintext);
    Address(&reader, "tls", false, &listen.tls);
    Address(&reader, "metrics", true, &listen.metrics);
    const std::array<std::pair<const char*, std::string*>, 3> files = {
        {{"tls_certificate", &listen.tls_certificate},
         {"tls_key", &listen.tls_key},
         {"tls_client_ca", &listen.tls_client_ca}}};
    for (const auto& [key, path] : files) {
      Path(&reader, key, path);
      if (!listen.tls.empty() && path->empty())
        reader.Wrong(key, "is missing: tls takes clients by their certificates alone");
      if (listen.tls.empty() && !path->empty()) reader.Wrong(key, "is of no use without tls");
    }
    reader.RefuseOthers();
  }

  void ReadAudit(const toml::table& table) {
    TableReader reader = Begin(table, "[audit]");
    Path(&reader, "directory", &config_.audit_directory);
    reader.RefuseOthers();
  }

  void ReadGrant(const toml::table& table) {
    TableReader reader = Begin(table, "[[grant]]");
    Grant grant;
    if (reader.Require("who", &grant.who) && !IsIdentity(grant.who)) {
      reader.Wrong("who", "'" + grant.who +
                              "' is nobody: write \"uid:1000\", \"user:www-data\", \"cn:alice\" or "
                              "\"loopback\"");
    }
    std::string role;
    reader.Choice<Role>("role",
                        {{"viewer", Role::kViewer},
                         {"investigator", Role::kInvestigator},
                         {"operator", Role::kOperator},
                         {"admin", Role::kAdmin}},
                        &grant.role);
    if (table.get("role") == nullptr) reader.Wrong("role", "is missing");
    if (!reader.Texts("cameras", &grant.cameras) && table.get("cameras") == nullptr)
      reader.Wrong("cameras", "is missing; [\"*\"] is all of them");
    reader.Flag("purpose_required", &grant.purpose_required);
    reader.RefuseOthers();
    config_.grants.push_back(std::move(grant));
  }

  static bool IsIdentity(const std::string& who) {
    if (who == "loopback") return true;
    for (const std::string_view kind : {"uid:", "user:", "cn:"}) {
      if (who.size() > kind.size() && who.compare(0, kind.size(), kind) == 0) return true;
    }
    return false;
  }

  void ReadCamera(const toml::table& table) {
    CameraConfig camera;
    std::string where = "[[camera]]";
    if (const auto* name = table.get_as<std::string>("name")) where = "camera '" + **name + "'";
    TableReader reader = Begin(table, where);
    if (reader.Require("name", &camera.name)) CheckName(&reader, camera.name);
    ReadSources(&reader, &camera);
    reader.Text("user", &camera.user);
    ReadPassword(&reader, &camera);
    reader.Choice<Transport>("transport", {{"tcp", Transport::kTcp}, {"udp", Transport::kUdp}},
                             &camera.transport);
    Path(&reader, "ca_file", &camera.ca_file);
    ReadSchedule(&reader, &camera);
    Seconds(&reader, "pre_buffer_s", 60, &camera.pre_buffer);
    Seconds(&reader, "post_buffer_s", 3600, &camera.post_buffer);
    reader.RefuseOthers();
    config_.cameras.push_back(std::move(camera));
  }

  static void CheckName(TableReader* reader, const std::string& name) {
    const bool bad_byte = std::any_of(name.begin(), name.end(), [](char c) {
      return static_cast<unsigned char>(c) < 0x20 || c == '/' || c == 0x7F;
    });
    if (name.size() > kMaxCameraName || bad_byte) {
      reader->Wrong("name", "must be at most " + std::to_string(kMaxCameraName) +
                                " bytes without slashes and control characters");
    }
  }

  void ReadSources(TableReader* reader, CameraConfig* camera) {
    SourceConfig main{camera->name, {}, RecordMode::kContinuous};
    if (reader->Require("source", &main.url)) CheckUrl(reader, "source", main.url);
    ReadMode(reader, "mode", &main.mode);
    SourceConfig sub{camera->name + std::string(kSubSuffix), {}, main.mode};
    const bool has_sub = reader->Text("sub_source", &sub.url);
    if (has_sub) CheckUrl(reader, "sub_source", sub.url);
    if (ReadMode(reader, "sub_mode", &sub.mode) && !has_sub)
      reader->Wrong("sub_mode", "is of no use without sub_source");
    camera->sources.push_back(std::move(main));
    if (has_sub) camera->sources.push_back(std::move(sub));
    for (const SourceConfig& source : camera->sources) {
      const auto [at, is_new] = lines_.try_emplace(source.stream, reader->line("name"));
      if (!is_new) {
        reader->Wrong("name", "the stream '" + source.stream + "' stands in line " +
                                  std::to_string(at->second) + " already");
      }
    }
  }

  static bool ReadMode(TableReader* reader, std::string_view key, RecordMode* mode) {
    return reader->Choice<RecordMode>(key,
                                      {{"continuous", RecordMode::kContinuous},
                                       {"schedule", RecordMode::kSchedule},
                                       {"event", RecordMode::kEvent},
                                       {"off", RecordMode::kOff}},
                                      mode);
  }

  static void CheckUrl(TableReader* reader, std::string_view key, const std::string& url) {
    if (const Status status = CheckSourceUrl(url); !status.ok())
      reader->Wrong(key, status.message());
  }

  void ReadPassword(TableReader* reader, CameraConfig* camera) {
    std::string path;
    if (!Path(reader, "password_file", &path)) return;
    if (camera->user.empty()) reader->Wrong("password_file", "needs a user");
    Result<FileText> file = ReadText(path, kMaxSecretBytes);
    if (!file.ok()) {
      reader->Wrong("password_file", file.status().message());
      return;
    }
    if ((file->mode & 0007) != 0) {
      reader->Wrong("password_file", path + " can be read by everybody: 'chmod o= " + path + "'");
    }
    std::string& text = file->text;
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    if (text.empty()) reader->Wrong("password_file", path + " is empty");
    camera->password = Secret(std::move(text));
  }

  static void ReadSchedule(TableReader* reader, CameraConfig* camera) {
    std::vector<std::string> texts;
    reader->Texts("schedule", &texts);
    for (const std::string& text : texts) {
      const Result<std::vector<WeekWindow>> windows = ParseWeek(text);
      if (!windows.ok()) {
        reader->Wrong("schedule", windows.status().message());
        continue;
      }
      camera->schedule.insert(camera->schedule.end(), windows->begin(), windows->end());
    }
    const bool wanted = std::any_of(
        camera->sources.begin(), camera->sources.end(),
        [](const SourceConfig& source) { return source.mode == RecordMode::kSchedule; });
    if (wanted && texts.empty()) reader->Wrong("schedule", "is missing: the mode asks for one");
    if (!wanted && !texts.empty())
      reader->Wrong("schedule", "is of no use: no mode of this camera is \"schedule\"");
  }

  static void Seconds(TableReader* reader, std::string_view key, uint64_t most, Duration* value) {
    uint64_t seconds = 0;
    if (reader->Number(key, 0, most, &seconds)) *value = std::chrono::seconds(seconds);
  }

  const std::string& directory_;
  Config& config_;
  std::vector<Mistake>& mistakes_;
  std::map<std::string, uint32_t> lines_;  // of each stream's camera
};

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

ParsedConfig ParseConfig(std::string_view text, const std::string& directory) {
  ParsedConfig parsed;
  try {
    Reader(directory, &parsed).ReadAll(toml::parse(text));
  } catch (const toml::parse_error& error) {  // how the packaged library says it
    parsed.mistakes.push_back(
        {error.source().begin.line, "not TOML: " + std::string(error.description())});
  }
  std::stable_sort(parsed.mistakes.begin(), parsed.mistakes.end(),
                   [](const Mistake& a, const Mistake& b) { return a.line < b.line; });
  return parsed;
}

Result<Config> ReadConfig(const std::string& path) {
  REEL_ASSIGN_OR_RETURN(const FileText file, ReadText(path, kMaxConfigBytes));
  ParsedConfig parsed = ParseConfig(file.text, DirectoryOf(path));
  if (parsed.mistakes.empty()) return std::move(parsed.config);
  std::string all;
  for (const Mistake& mistake : parsed.mistakes) {
    all +=
        (all.empty() ? "" : "\n") + path + ":" + std::to_string(mistake.line) + ": " + mistake.what;
  }
  return InvalidArgument(all);
}

}  // namespace reel::server

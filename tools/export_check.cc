// Checking an export package by what it says of itself.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "engine/base/digest.h"
#include "tools/export_package.h"
#include "tools/file_digest.h"

namespace reel {
namespace {

namespace fs = std::filesystem;

constexpr int kVersion = 1;
constexpr uint64_t kMaxManifestBytes = uint64_t{1} << 30;

std::string TextAt(const Json& json, const char* key) {
  const auto at = json.is_object() ? json.find(key) : json.end();
  return at != json.end() && at->is_string() ? at->get<std::string>() : std::string();
}

uint64_t NumberAt(const Json& json, const char* key) {
  const auto at = json.is_object() ? json.find(key) : json.end();
  return at != json.end() && at->is_number_unsigned() ? at->get<uint64_t>() : 0;
}

// An empty list where there is none.
const Json& ListAt(const Json& json, const char* key) {
  static const Json none = Json::array();
  const auto at = json.is_object() ? json.find(key) : json.end();
  return at != json.end() && at->is_array() ? *at : none;
}

std::string WhyUnread(const Status& status) {
  return status.code() == Code::kNotFound ? "is not there" : "cannot be read: " + status.message();
}

class Checker {
 public:
  explicit Checker(fs::path folder) : folder_(std::move(folder)) {}

  Result<PackageCheck> Check() {
    REEL_ASSIGN_OR_RETURN(const Json manifest, ReadManifest());
    for (const Json& stream : ListAt(manifest, "streams")) {
      for (const Json& file : ListAt(stream, "files")) {
        CheckFile(file);
        const auto frames = file.is_object() ? file.find("frames") : file.end();
        if (frames != file.end()) CheckFile(*frames);
      }
    }
    CheckSums();
    CheckNothingElse();
    return std::move(found_);
  }

 private:
  Result<Json> ReadManifest() {
    const fs::path path = folder_ / "manifest.json";
    std::error_code error;
    const uint64_t size = fs::file_size(path, error);
    if (error) return NotFound(folder_.string() + " is no export package: no manifest.json");
    if (size > kMaxManifestBytes) return InvalidArgument(path.string() + " is too large");
    std::ifstream in(path, std::ios::binary);
    Json manifest = Json::parse(in, nullptr, false);
    if (TextAt(manifest, "format") != "reel-export") {
      return InvalidArgument(path.string() + " is not the manifest of an export");
    }
    if (NumberAt(manifest, "version") != kVersion) {
      return FailedPrecondition(path.string() +
                                " is of another version: check it with a newer reel");
    }
    names_.insert("manifest.json");
    return manifest;
  }

  void Problem(const std::string& name, const std::string& what) {
    found_.problems.push_back(name + ": " + what);
  }

  void CheckFile(const Json& said) {
    const std::string name = TextAt(said, "file");
    if (name.empty() || name.find('/') != std::string::npos) {
      Problem("manifest.json", "names a file outside of the package");
      return;
    }
    names_.insert(name);
    const Result<FileDigest> there = DigestOfFile(folder_ / name);
    if (!there.ok()) {
      Problem(name, WhyUnread(there.status()));
      return;
    }
    ++found_.files;
    found_.bytes += there->size_bytes;
    const std::string digest = HexOf(there->sha256);
    if (there->size_bytes != NumberAt(said, "bytes")) {
      Problem(name, "has " + std::to_string(there->size_bytes) + " bytes instead of " +
                        std::to_string(NumberAt(said, "bytes")));
    } else if (digest != TextAt(said, "sha256")) {
      Problem(name, "was changed: its SHA-256 is " + digest);
    }
  }

  // The manifest itself is in the sums alone.
  void CheckSums() {
    names_.insert("SHA256SUMS");
    std::ifstream in(folder_ / "SHA256SUMS");
    if (!in) return Problem("SHA256SUMS", "is not there");
    std::set<std::string> summed;
    for (std::string line; std::getline(in, line);) {
      constexpr size_t kDigestChars = 64;
      const std::string name = line.size() > kDigestChars + 2 ? line.substr(kDigestChars + 2) : "";
      summed.insert(name);
      if (name != "manifest.json") continue;
      const Result<FileDigest> there = DigestOfFile(folder_ / name);
      const bool same = there.ok() && HexOf(there->sha256) == line.substr(0, kDigestChars);
      if (!same) Problem(name, "was changed");
    }
    if (!summed.contains("manifest.json")) Problem("SHA256SUMS", "does not name the manifest");
  }

  void CheckNothingElse() {
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder_, error)) {
      const std::string name = entry.path().filename().string();
      if (!names_.contains(name)) Problem(name, "is not of the package");
    }
  }

  const fs::path folder_;
  PackageCheck found_;
  std::set<std::string> names_;
};

}  // namespace

Result<PackageCheck> CheckPackage(const std::string& folder) { return Checker(folder).Check(); }

}  // namespace reel

// An export package: a folder with the files of one or several cameras, the frames of each, a
// manifest (docs/adr/0006-export-package.md) and SHA256SUMS for who has no Reel.
//
// Files go to DIR.partial, which takes its name in Commit and is removed by the destructor before
// that. Thread rule: one thread at a time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "reel/store.h"
#include "tools/exporter.h"

namespace reel {

struct PackageRequest {
  std::string folder;
  bool replace = false;  // an export package that is there already
  ExportOptions options;
  std::string by;      // who takes it out; may be empty
  std::string reason;  // why; may be empty
  WallTime now;        // when
};

class ExportPackage {
 public:
  // AlreadyExists unless `replace`; then only an earlier package is replaced.
  static Result<std::unique_ptr<ExportPackage>> Create(const PackageRequest& request);
  ~ExportPackage();
  ExportPackage(const ExportPackage&) = delete;
  ExportPackage& operator=(const ExportPackage&) = delete;

  // The files of one camera. One without footage in the range is in the manifest alone.
  Status Add(Store& store, const StreamInfo& stream, const Interrupt& interrupt);

  // The package is on disk under its name when this returns OK. NotFound: no camera has footage.
  Status Commit();

  struct Entry {
    std::string name;
    std::unique_ptr<VirtualMp4> file;
  };
  const std::vector<Entry>& entries() const { return entries_; }
  const std::vector<std::string>& damage() const { return damage_; }

 private:
  explicit ExportPackage(const PackageRequest& request);
  std::string Path(const std::string& name) const { return partial_ + "/" + name; }
  std::string NameFor(const std::string& stream);
  Result<Json> AddFile(VirtualMp4& file, const std::string& name, const Interrupt& interrupt);
  static Result<Json> ChunksJson(VirtualMp4& file);
  Status WriteText(const std::string& name, const std::string& text);

  PackageRequest request_;
  std::string partial_;  // empty once committed
  Json streams_ = Json::array();
  std::vector<std::string> names_;
  std::vector<std::pair<std::string, std::string>> sums_;  // digest, name
  std::vector<Entry> entries_;
  std::vector<std::string> damage_;
  Status nothing_;  // why a camera had nothing
};

// What was wrong with a package, by itself: needs no node.
struct PackageCheck {
  uint64_t files = 0;
  uint64_t bytes = 0;
  std::vector<std::string> problems;
};
// NotFound, InvalidArgument: no package. FailedPrecondition: of a newer format.
Result<PackageCheck> CheckPackage(const std::string& folder);

}  // namespace reel

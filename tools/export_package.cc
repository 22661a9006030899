#include "tools/export_package.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "engine/base/bytes.h"
#include "engine/base/digest.h"
#include "engine/io/unique_fd.h"
#include "tools/export_frames.h"

namespace reel {
namespace {

namespace fs = std::filesystem;

constexpr char kManifest[] = "manifest.json";

Status FromError(const std::error_code& error, const std::string& what) {
  return Status::FromErrno(error.value(), what);
}

Status SyncFolder(const std::string& path) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.valid() && fsync(fd.get()) == 0) return OkStatus();
  return Status::FromErrno(errno, "sync " + path);
}

Json FileJson(const std::string& name, const WrittenFile& written) {
  return {{"file", name}, {"sha256", HexOf(written.digest)}, {"bytes", written.bytes}};
}

Json OptionsJson(const ExportOptions& options) {
  return {{"fragmented", options.fragmented},
          {"split", options.split},
          {"extra_gop", options.extra_gop},
          {"leave_out_damage", options.damage == DamagePolicy::kLeaveOut}};
}

}  // namespace

ExportPackage::ExportPackage(const PackageRequest& request)
    : request_(request), partial_(request.folder + ".partial") {
  request_.options.content_ids = true;
}

ExportPackage::~ExportPackage() {
  std::error_code ignored;
  if (!partial_.empty()) fs::remove_all(partial_, ignored);
}

Result<std::unique_ptr<ExportPackage>> ExportPackage::Create(const PackageRequest& request) {
  PackageRequest named = request;
  while (named.folder.size() > 1 && named.folder.ends_with('/')) named.folder.pop_back();
  std::error_code error;
  if (fs::exists(named.folder, error)) {
    if (!named.replace) {
      return AlreadyExists(named.folder + " exists already; give another name or --force");
    }
    if (!fs::exists(named.folder + "/" + kManifest, error)) {
      return AlreadyExists(named.folder + " is no export package: it is not replaced");
    }
  }
  std::unique_ptr<ExportPackage> package(new ExportPackage(named));
  fs::remove_all(package->partial_, error);
  fs::create_directory(package->partial_, error);
  if (error) return FromError(error, "make " + package->partial_);
  return package;
}

// Letters, digits, dot, dash and underscore are safe on every file system.
std::string ExportPackage::NameFor(const std::string& stream) {
  std::string safe;
  for (const char c : stream) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                       c == '-' || c == '_' || (c == '.' && !safe.empty());
    safe += plain ? c : '_';
  }
  std::string name = safe;
  for (int i = 2; std::find(names_.begin(), names_.end(), name) != names_.end(); ++i) {
    name = safe + "-" + std::to_string(i);
  }
  names_.push_back(name);
  return name;
}

Status ExportPackage::Add(Store& store, const StreamInfo& stream, const Interrupt& interrupt) {
  Json json{{"stream", stream.name},
            {"id", ToString(stream.id)},
            {"missing", Json::array()},
            {"files", Json::array()}};
  REEL_ASSIGN_OR_RETURN(const Timeline timeline,
                        store.GetTimeline(stream.id, request_.options.range, Bucket::kDay));
  for (const GapRow& gap : timeline.gaps) json["missing"].push_back(GapJson(gap));
  Result<std::vector<std::unique_ptr<VirtualMp4>>> files =
      store.OpenExport(stream.id, request_.options);
  if (files.status().code() == Code::kNotFound) {
    nothing_ = files.status();
    streams_.push_back(std::move(json));
    return OkStatus();
  }
  if (!files.ok()) return files.status();
  const std::string base = NameFor(stream.name);
  for (size_t i = 0; i < files->size(); ++i) {
    std::string name = base;
    if (files->size() > 1) {
      std::string number = std::to_string(i + 1);
      number.insert(0, std::to_string(files->size()).size() - number.size(), '0');
      name += "-" + number;
    }
    REEL_ASSIGN_OR_RETURN(Json file, AddFile(*(*files)[i], name, interrupt));
    json["files"].push_back(std::move(file));
    entries_.push_back({name + ".mp4", std::move((*files)[i])});
  }
  streams_.push_back(std::move(json));
  return OkStatus();
}

Result<Json> ExportPackage::AddFile(VirtualMp4& file, const std::string& name,
                                    const Interrupt& interrupt) {
  const std::string mp4 = name + ".mp4";
  const std::string frames = name + ".frames.jsonl";
  const auto copy = [&](const ByteSink& sink) { return CopyOut(file, sink, interrupt); };
  REEL_ASSIGN_OR_RETURN(const WrittenFile written, WriteOut(Path(mp4), false, copy));
  const auto list = [&](const ByteSink& sink) {
    return PutFrames(file, mp4, written.digest, sink, interrupt);
  };
  REEL_ASSIGN_OR_RETURN(const WrittenFile listed, WriteOut(Path(frames), false, list));
  sums_.emplace_back(HexOf(written.digest), mp4);
  sums_.emplace_back(HexOf(listed.digest), frames);

  const ExportInfo& info = file.info();
  damage_.insert(damage_.end(), info.damage.begin(), info.damage.end());
  Json json = FileJson(mp4, written);
  json["media_type"] = file.media_type();
  json["identity"] = file.identity();
  json["given"] = RangeJson(info.given);
  json["frames"] = FileJson(frames, listed);
  json["frames"]["count"] = file.frame_count();
  json["tracks"] = Json::array();
  for (const TrackInfo& track : info.tracks) json["tracks"].push_back(TrackText(track));
  json["gaps"] = Json::array();
  for (const GapRow& gap : info.gaps) json["gaps"].push_back(GapJson(gap));
  json["damage"] = info.damage;
  json["notes"] = info.notes;
  REEL_ASSIGN_OR_RETURN(json["segments"], ChunksJson(file));
  return json;
}

// Chunks in the order of the file; those of one run that stand in one segment together.
Result<Json> ExportPackage::ChunksJson(VirtualMp4& file) {
  Json segments = Json::array();
  const std::vector<ExportChunk>& chunks = file.info().chunks;
  for (size_t i = 0; i < chunks.size(); ++i) {
    const ExportChunk& chunk = chunks[i];
    const bool joins =
        i > 0 && chunk.segment == chunks[i - 1].segment && chunk.run == chunks[i - 1].run;
    if (!joins) {
      segments.push_back({{"segment", ToString(chunk.segment)},
                          {"run", ToString(chunk.run)},
                          {"chunks", Json::array()}});
    }
    REEL_ASSIGN_OR_RETURN(const ContentId id, file.ContentIdOf(i));
    segments.back()["chunks"].push_back({{"content_id", ToString(id)},
                                         {"first_unit", chunk.first_unit.value},
                                         {"units", chunk.unit_count},
                                         {"begin", FormatWall(chunk.begin, 9)}});
  }
  return segments;
}

Status ExportPackage::WriteText(const std::string& name, const std::string& text) {
  const auto put = [&](const ByteSink& sink) { return sink(AsBytes(text)); };
  REEL_ASSIGN_OR_RETURN(const WrittenFile written, WriteOut(Path(name), false, put));
  sums_.emplace_back(HexOf(written.digest), name);
  return OkStatus();
}

Status ExportPackage::Commit() {
  if (entries_.empty()) return nothing_.ok() ? NotFound("no camera to export") : nothing_;
  Json manifest{{"format", "reel-export"},
                {"version", 1},
                {"tool", std::string("reel ") + REEL_VERSION},
                {"exported", FormatWall(request_.now, 9)},
                {"by", request_.by},
                {"reason", request_.reason},
                {"asked", RangeJson(request_.options.range)},
                {"options", OptionsJson(request_.options)},
                {"streams", streams_}};
  REEL_RETURN_IF_ERROR(
      WriteText(kManifest, manifest.dump(1, ' ', false, Json::error_handler_t::replace) + "\n"));
  std::string sums;
  for (const auto& [digest, name] : sums_) {
    sums.append(digest).append("  ").append(name).append("\n");
  }
  REEL_RETURN_IF_ERROR(WriteText("SHA256SUMS", sums));
  REEL_RETURN_IF_ERROR(SyncFolder(partial_));
  std::error_code error;
  if (request_.replace) fs::remove_all(request_.folder, error);
  fs::rename(partial_, request_.folder, error);
  if (error) return FromError(error, "name " + request_.folder);
  partial_.clear();
  const std::string above = fs::path(request_.folder).parent_path().string();
  return SyncFolder(above.empty() ? "." : above);
}

}  // namespace reel

#include "tests/av/av_testing.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "engine/av/av_handle.h"

namespace reel::av_testing {
namespace fs = std::filesystem;
namespace {

fs::path SharedFolder() {
  const char* elsewhere = std::getenv("REEL_FOOTAGE");
  if (elsewhere != nullptr) return elsewhere;
  return fs::path(REEL_SOURCE_DIR) / "../shared/media";
}

const std::array<fs::path, 2>& Folders() {
  static const std::array<fs::path, 2> folders = {
      fs::path(REEL_SOURCE_DIR) / "tests/data/media",
      SharedFolder(),
  };
  return folders;
}

bool IsMedia(const fs::path& path) {
  static const std::set<std::string> extensions = {".mp4",  ".ts",  ".mkv", ".h264",
                                                   ".h265", ".264", ".265", ".hevc"};
  return extensions.contains(path.extension().string());
}

// The video packets of the first track, as libavformat with its defaults delivers them.
std::vector<Bytes> PacketsOfFfmpeg(const std::string& path, Bytes* decoder_config) {
  AVFormatContext* raw = nullptr;
  AVDictionary* settings = nullptr;
  av_dict_set(&settings, "ignore_editlist", "1", 0);
  const int opened = avformat_open_input(&raw, AvFileUrl(path).c_str(), nullptr, &settings);
  av_dict_free(&settings);
  std::vector<Bytes> packets;
  if (opened < 0) return packets;
  const AvPtr<AVFormatContext> context(raw);
  avformat_find_stream_info(raw, nullptr);
  const int video = av_find_best_stream(raw, AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  if (video < 0) return packets;
  const AVCodecParameters& parameters = *raw->streams[video]->codecpar;
  const ByteSpan config =
      AvBytes(parameters.extradata, static_cast<size_t>(parameters.extradata_size));
  decoder_config->assign(config.begin(), config.end());
  const AvPtr<AVPacket> packet(av_packet_alloc());
  while (av_read_frame(raw, packet.get()) >= 0) {
    const ByteSpan bytes = AvBytes(packet->data, static_cast<size_t>(packet->size));
    if (packet->stream_index == video) packets.emplace_back(bytes.begin(), bytes.end());
    av_packet_unref(packet.get());
  }
  return packets;
}

}  // namespace

std::string FootagePath(const std::string& name) {
  for (const fs::path& folder : Folders()) {
    if (fs::exists(folder / name)) return (folder / name).string();
  }
  return {};
}

std::vector<std::string> FootageNames() {
  std::set<std::string> names;
  for (const fs::path& folder : Folders()) {
    if (!fs::is_directory(folder)) continue;
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (IsMedia(entry.path())) names.insert(entry.path().filename().string());
    }
  }
  return {names.begin(), names.end()};
}

bool HasSharedFootage() { return fs::is_directory(Folders()[1]); }

std::vector<std::string> AllNames() {
  std::set<std::string> names;
  for (const std::string& name : FootageNames()) names.insert(name);
  if (!HasSharedFootage()) return {names.begin(), names.end()};
  for (const auto& entry : fs::directory_iterator(Folders()[1])) {
    if (entry.is_regular_file()) names.insert(entry.path().filename().string());
  }
  return {names.begin(), names.end()};
}

TempFolder::TempFolder() {
  std::string name = (fs::temp_directory_path() / "reel_av_XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) std::perror("mkdtemp");
  path_ = name;
}

TempFolder::~TempFolder() { fs::remove_all(path_); }

std::vector<std::string> TempFolder::Files() const {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(path_)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

Bytes ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const ByteSpan bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

void WriteFile(const std::string& path, ByteSpan bytes) {
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.data()),
            static_cast<std::streamsize>(bytes.size()));
}

size_t ReadMedia::Count(uint8_t flag) const {
  return static_cast<size_t>(std::count_if(units.begin(), units.end(), [flag](const ReadUnit& u) {
    return (u.unit.flags & flag) != 0;
  }));
}

std::vector<const ReadUnit*> ReadMedia::OfTrack(uint8_t track) const {
  std::vector<const ReadUnit*> found;
  for (const ReadUnit& unit : units) {
    if (unit.unit.track.value == track) found.push_back(&unit);
  }
  return found;
}

Result<ReadMedia> ReadAll(const std::string& path, const SourceOptions& options) {
  REEL_ASSIGN_OR_RETURN(const std::unique_ptr<MediaSource> source, OpenMediaFile(path, options));
  ReadMedia media;
  media.first_tracks = source->tracks();
  for (;;) {
    Result<std::optional<SourceUnit>> unit = source->Next();
    if (unit.status().code() == Code::kInvalidArgument) {
      media.left_out.push_back(unit.status());
      continue;
    }
    media.end = unit.status();
    if (!unit.ok() || !*unit) break;
    const ByteSpan bytes = (*unit)->bytes;
    media.units.push_back({**std::move(unit), Bytes(bytes.begin(), bytes.end())});
    media.units.back().unit.bytes = media.units.back().bytes;
  }
  media.last_tracks = source->tracks();
  media.notes = source->notes();
  return media;
}

std::vector<Bytes> PlainNals(ByteSpan annex_b) {
  const auto is_code = [&](size_t i) {
    return i + 3 <= annex_b.size() && annex_b[i] == std::byte{0} &&
           annex_b[i + 1] == std::byte{0} && annex_b[i + 2] == std::byte{1};
  };
  std::vector<Bytes> nals;
  for (size_t at = 0; at < annex_b.size(); ++at) {
    if (!is_code(at)) continue;
    size_t end = at + 3;
    while (end < annex_b.size() && !is_code(end)) ++end;
    const size_t next = end;
    while (end > at + 3 && annex_b[end - 1] == std::byte{0}) --end;
    if (end > at + 3) {
      nals.emplace_back(annex_b.begin() + static_cast<ptrdiff_t>(at + 3),
                        annex_b.begin() + static_cast<ptrdiff_t>(end));
    }
    at = next - 1;
  }
  return nals;
}

std::vector<Bytes> PlainNals(ByteSpan unit, size_t length_bytes) {
  std::vector<Bytes> nals;
  for (size_t at = 0; at + length_bytes <= unit.size();) {
    size_t size = 0;
    for (size_t i = 0; i < length_bytes; ++i) {
      size = size << 8 | std::to_integer<size_t>(unit[at + i]);
    }
    at += length_bytes;
    size = std::min(size, unit.size() - at);
    nals.emplace_back(unit.begin() + static_cast<ptrdiff_t>(at),
                      unit.begin() + static_cast<ptrdiff_t>(at + size));
    at += size;
  }
  return nals;
}

std::vector<Bytes> NalsOfTrack(const ReadMedia& media, uint8_t track) {
  std::vector<Bytes> nals;
  for (const ReadUnit* unit : media.OfTrack(track)) {
    for (Bytes& nal : PlainNals(unit->bytes, 4)) nals.push_back(std::move(nal));
  }
  return nals;
}

bool IsMp4(const std::string& name) { return name.find(".mp4") != std::string::npos; }
bool IsTs(const std::string& name) { return name.find(".ts") != std::string::npos; }
bool IsMkv(const std::string& name) { return name.find(".mkv") != std::string::npos; }

std::vector<Bytes> NalsOfOriginal(const std::string& path, Codec codec, size_t* packet_count) {
  if (!IsMp4(path) && !IsTs(path) && !IsMkv(path)) return PlainNals(ReadFile(path));
  Bytes config;
  const std::vector<Bytes> packets = PacketsOfFfmpeg(path, &config);
  *packet_count = packets.size();
  std::vector<Bytes> nals;
  if (IsTs(path)) {
    Bytes stream;
    for (const Bytes& packet : packets) stream.insert(stream.end(), packet.begin(), packet.end());
    return PlainNals(stream);
  }
  const size_t at = codec == Codec::kH264 ? 4 : 21;  // of the length size in avcC and hvcC
  const size_t length_bytes = (std::to_integer<size_t>(config.at(at)) & 3) + 1;
  for (const Bytes& packet : packets) {
    for (Bytes& nal : PlainNals(packet, length_bytes)) nals.push_back(std::move(nal));
  }
  return nals;
}

Status Record(const std::string& from, TestNode* node) {
  REEL_ASSIGN_OR_RETURN(const std::unique_ptr<MediaSource> source, OpenMediaFile(from));
  REEL_RETURN_IF_ERROR(node->BeginRun(source->tracks()));
  for (;;) {
    const Result<std::optional<SourceUnit>> next = source->Next();
    if (next.status().code() == Code::kInvalidArgument) continue;
    if (!next.ok()) return next.status();
    if (!*next) return node->EndRun();
    const SourceUnit& unit = **next;
    if (unit.track_change) REEL_RETURN_IF_ERROR(node->SetTracks(source->tracks()));
    REEL_RETURN_IF_ERROR(node->Append(
        {unit.track, unit.flags, unit.pts, unit.dts, kStart + unit.offset, unit.bytes}));
  }
}

Status Export(const std::string& from, const std::string& to, const ExportOptions& options) {
  TestNode node;
  REEL_RETURN_IF_ERROR(Record(from, &node));
  return node.Write(to, options);
}

bool HasFfmpeg() {
  static const bool has = Ffmpeg({"-version"}).ok();
  return has;
}

namespace {

Result<std::string> Run(const std::string& command) {
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return Unavailable("popen");
  std::string out;
  std::array<char, 4096> room{};
  for (size_t got = 0; (got = fread(room.data(), 1, room.size(), pipe)) > 0;) {
    out.append(room.data(), got);
  }
  if (pclose(pipe) != 0) return Unavailable("failed: " + command);
  return out;
}

}  // namespace

Result<std::string> Ffmpeg(const std::vector<std::string>& arguments) {
  std::string command = "ffmpeg -nostdin -y -v error";
  for (const std::string& argument : arguments) command.append(" ").append(argument);
  return Run(command + " 2>/dev/null");
}

std::string Complaints(const std::string& path) {
  std::string complaints;
  for (const std::string& command :
       {"ffprobe -v warning -show_streams " + Quoted(path),
        "ffmpeg -nostdin -v warning -i " + Quoted(path) +
            " -map 0:v:0 -fps_mode passthrough -enc_time_base -1 -f null -"}) {
    const Result<std::string> said = Run(command + " 2>&1 >/dev/null || echo failed");
    std::istringstream lines(said.ok() ? *said : "did not run");
    for (std::string line; std::getline(lines, line);) {
      if (line.find("DTS discontinuity") == std::string::npos) complaints += line + "\n";
    }
  }
  return complaints;
}

std::vector<std::string> DecodedHashes(const std::string& path, const std::string& kind,
                                       const std::string& input_options) {
  // Passthrough: otherwise ffmpeg drops frames whose times are close together.
  const Result<std::string> out =
      Ffmpeg({input_options, "-threads 1 -i", Quoted(path), "-map 0:" + kind + ":0",
              "-fps_mode passthrough -frames:" + kind, std::to_string(kMaxHashedFrames),
              "-threads 1 -f framemd5 -"});
  std::vector<std::string> hashes;
  std::istringstream lines(out.ok() ? *out : std::string());
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line[0] != '#') hashes.push_back(line.substr(line.rfind(',') + 1));
  }
  return hashes;
}

std::string Quoted(const std::string& path) { return "'" + path + "'"; }

}  // namespace reel::av_testing

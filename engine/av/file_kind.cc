#include "engine/av/file_kind.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <string_view>
#include <vector>

#include "engine/av/av_handle.h"
#include "engine/av/input_file.h"
#include "engine/av/mp4_box.h"
#include "engine/base/bytes.h"
#include "engine/media/nal.h"

namespace reel {
namespace {

using Container = FileKind::Container;

// FFmpeg's own limit for finding out what a file is is 1 MiB.
constexpr size_t kProbeBytes = 1U << 20;
constexpr size_t kTsPacketBytes = 188;

std::string Extension(const std::string& path) {
  const size_t dot = path.rfind('.');
  if (dot == std::string::npos || path.find('/', dot) != std::string::npos) return {};
  std::string extension = path.substr(dot + 1);
  for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return extension;
}

std::optional<Codec> CodecOfName(const std::string& path) {
  const std::string extension = Extension(path);
  for (std::string_view name : {"h264", "264", "avc"}) {
    if (extension == name) return Codec::kH264;
  }
  for (std::string_view name : {"h265", "265", "hevc"}) {
    if (extension == name) return Codec::kH265;
  }
  return std::nullopt;
}

std::optional<FileKind> KindOfFormat(std::string_view format) {
  if (format == "mov,mp4,m4a,3gp,3g2,mj2") return FileKind{.container = Container::kMp4};
  if (format == "matroska,webm") return FileKind{.container = Container::kMatroska};
  if (format == "mpegts") return FileKind{.container = Container::kMpegTs};
  if (format == "h264") return FileKind{.codec = Codec::kH264};
  if (format == "hevc") return FileKind{.codec = Codec::kH265};
  return std::nullopt;
}

Status NotMedia(const std::string& path, std::string_view what) {
  return InvalidArgument(path + ": " + std::string(what) +
                         "; Reel reads MP4, MKV, MPEG-TS and raw H.264 or H.265: convert it first "
                         "(ffmpeg -i IN -c copy OUT.mp4)");
}

// Whether the bytes read as NAL units behind 4-byte lengths. A length of 256..511 looks like a
// start code, so that this has to be asked first; a start code hardly ever looks like a chain of
// lengths.
bool IsLengthPrefixed(ByteSpan head) {
  constexpr int kConvincing = 4;
  for (int chain = 0; chain < kConvincing; ++chain) {
    if (head.empty()) return chain > 0;
    if (head.size() <= kStoredLengthBytes) return false;
    uint64_t size = 0;
    for (std::byte b : head.first(kStoredLengthBytes)) {
      size = size << 8 | std::to_integer<uint64_t>(b);
    }
    const bool forbidden_bit = (head[kStoredLengthBytes] & std::byte{0x80}) != std::byte{0};
    if (size == 0 || size > head.size() - kStoredLengthBytes || forbidden_bit) return false;
    head = head.subspan(kStoredLengthBytes + size);
  }
  return true;
}

// Whether the bytes read as interleaved RTP and RTSP (RFC 2326 10.12): '$', a channel, a length.
bool IsInterleavedRtp(ByteSpan head) {
  constexpr int kConvincing = 4;
  constexpr size_t kHeaderBytes = 4;
  for (int chain = 0; chain < kConvincing; ++chain) {
    if (head.size() < kHeaderBytes || head[0] != std::byte{'$'}) return false;
    const size_t size = std::to_integer<size_t>(head[2]) << 8 | std::to_integer<size_t>(head[3]);
    if (size == 0 || size > head.size() - kHeaderBytes) return false;
    head = head.subspan(kHeaderBytes + size);
  }
  return true;
}

// What was written down of a network, in words; nullopt if `head` is not that. These are told apart
// from files of pictures, because converting them is not what helps.
std::optional<std::string> CaptureName(ByteSpan head) {
  constexpr size_t kTextBytes = 4096;
  const std::string_view text = AsText(head.first(std::min(head.size(), kTextBytes)));
  for (const char* magic :
       {"\xD4\xC3\xB2\xA1", "\xA1\xB2\xC3\xD4", "\x4D\x3C\xB2\xA1", "\xA1\xB2\x3C\x4D"}) {
    if (text.substr(0, 4) == magic) return "a network capture (pcap)";
  }
  if (text.substr(0, 4) == "\x0A\x0D\x0D\x0A") return "a network capture (pcapng)";
  if (text.substr(0, 4) == "v=0\r" || text.substr(0, 4) == "v=0\n") {
    return "a session description (SDP)";
  }
  if (text.substr(0, 5) == "RTSP/") {
    const bool describes = text.find("application/sdp") != std::string_view::npos;
    return describes ? "a session description (SDP) as a camera answered it over RTSP"
                     : "the record of an RTSP session";
  }
  if (IsInterleavedRtp(head)) return "the record of an RTSP session (interleaved RTP)";
  return std::nullopt;
}

Result<FileKind> KindOfHead(const std::string& path, std::vector<uint8_t>* padded, size_t size) {
  const ByteSpan head = AvBytes(padded->data(), size);
  if (const std::optional<std::string> capture = CaptureName(head)) {
    return InvalidArgument(path + ": " + *capture +
                           ", not a media file: its pictures come from the camera itself, or from "
                           "a file written by a program that receives RTP");
  }
  AVProbeData probe{"", padded->data(), static_cast<int>(size), nullptr};
  int score = 0;
  const AVInputFormat* format = av_probe_input_format3(&probe, 1, &score);
  const bool sure = format != nullptr && score > AVPROBE_SCORE_RETRY;
  const std::optional<FileKind> kind = sure ? KindOfFormat(format->name) : std::nullopt;
  if (kind && kind->container != Container::kElementary) return *kind;
  if (IsLengthPrefixed(head)) {
    return NotMedia(path,
                    "no raw video, which has start codes (00 00 01): its NAL units stand behind "
                    "lengths as in MP4");
  }
  if (kind) return *kind;
  const std::optional<Codec> named = CodecOfName(path);
  if (named && FindStartCode(head, 0)) return FileKind{.codec = *named};
  if (named) return NotMedia(path, "named as raw video, but has no start code (00 00 01)");
  if (sure) return NotMedia(path, std::string("a file of the kind ") + format->long_name);
  return NotMedia(path, "not a media file");
}

std::optional<std::string> FindMp4Cut(const InputFile& file) {
  uint64_t at = 0;
  while (at < file.size_bytes()) {
    const std::optional<Mp4Box> box = ReadMp4Box(file, at, file.size_bytes());
    if (!box) return "ends inside the header of a box at byte " + std::to_string(at);
    if (box->end_bytes() > file.size_bytes()) {
      return "its last box, " + box->type + ", ends " +
             std::to_string(box->end_bytes() - file.size_bytes()) + " bytes further on";
    }
    at = box->end_bytes();
  }
  return std::nullopt;
}

// An EBML number of 1..8 bytes: its length stands in the leading zeros of the first.
// nullopt: cut off, or all ones, which means "unknown".
std::optional<uint64_t> GetEbmlSize(ByteSpan* bytes) {
  if (bytes->empty()) return std::nullopt;
  const auto first = std::to_integer<uint8_t>((*bytes)[0]);
  const auto size = static_cast<size_t>(std::countl_zero(first)) + 1;
  if (size > 8 || size > bytes->size()) return std::nullopt;
  uint64_t value = first & (0xFFU >> size);
  for (size_t i = 1; i < size; ++i) value = value << 8 | std::to_integer<uint64_t>((*bytes)[i]);
  *bytes = bytes->subspan(size);
  if (value == (uint64_t{1} << (7 * size)) - 1) return std::nullopt;
  return value;
}

// An MKV file is an EBML header, then one Segment element that says how long it is.
std::optional<std::string> FindMatroskaCut(const InputFile& file) {
  constexpr size_t kIdBytes = 4;
  std::array<std::byte, 256> head{};
  const Result<size_t> got = file.ReadAt(0, head);
  if (!got.ok()) return std::nullopt;
  ByteSpan rest = ByteSpan(head).first(*got);
  uint64_t end_bytes = 0;
  for (int element = 0; element < 2; ++element) {
    if (rest.size() < kIdBytes) return std::nullopt;
    rest = rest.subspan(kIdBytes);
    const std::optional<uint64_t> size = GetEbmlSize(&rest);
    if (!size) return std::nullopt;
    const uint64_t begin_bytes = *got - rest.size();
    if (*size > (uint64_t{1} << 62)) return std::nullopt;
    end_bytes = begin_bytes + *size;
    if (element == 0) rest = *size <= rest.size() ? rest.subspan(*size) : ByteSpan{};
  }
  if (end_bytes <= file.size_bytes()) return std::nullopt;
  return "its segment ends " + std::to_string(end_bytes - file.size_bytes()) + " bytes further on";
}

std::optional<std::string> FindTsCut(const InputFile& file) {
  const uint64_t rest = file.size_bytes() % kTsPacketBytes;
  if (rest == 0) return std::nullopt;
  std::array<std::byte, 1> first{};
  const Result<size_t> got = file.ReadAt(file.size_bytes() - rest, first);
  // Other packet sizes exist (with time codes or check bytes); a sync byte at 188 tells.
  if (!got.ok() || first[0] != std::byte{0x47}) return std::nullopt;
  return "ends inside a transport packet";
}

}  // namespace

Result<FileKind> FindFileKind(const std::string& path) {
  REEL_ASSIGN_OR_RETURN(const InputFile file, InputFile::Open(path));
  std::vector<uint8_t> head(kProbeBytes + AVPROBE_PADDING_SIZE);
  REEL_ASSIGN_OR_RETURN(const size_t got,
                        file.ReadAt(0, std::as_writable_bytes(std::span(head).first(kProbeBytes))));
  return KindOfHead(path, &head, got);
}

Result<FileKind> FindKindOf(ByteSpan head, const std::string& name) {
  if (head.empty()) return InvalidArgument(name + ": empty; there is nothing to read");
  std::vector<uint8_t> padded(head.size() + AVPROBE_PADDING_SIZE);
  std::memcpy(padded.data(), head.data(), head.size());
  return KindOfHead(name, &padded, head.size());
}

std::optional<std::string> FindCut(const std::string& path, Container container) {
  const Result<InputFile> file = InputFile::Open(path);
  if (!file.ok()) return std::nullopt;
  switch (container) {
    case Container::kMp4:
      return FindMp4Cut(*file);
    case Container::kMatroska:
      return FindMatroskaCut(*file);
    case Container::kMpegTs:
      return FindTsCut(*file);
    case Container::kElementary:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace reel

#include "tests/media/footage.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>

#include "engine/base/bytes.h"
#include "engine/media/au_splitter.h"

namespace reel {
namespace {

uint64_t LoadBe(ByteSpan bytes, size_t at, size_t count) {
  uint64_t value = 0;
  for (size_t i = 0; i < count; ++i) value = value << 8 | std::to_integer<uint64_t>(bytes[at + i]);
  return value;
}

// The payload of the n-th box `path[0]`, in it the first `path[1]`, and so on; empty if missing.
ByteSpan Box(ByteSpan in, std::string_view type, size_t nth = 0) {
  size_t at = 0;
  while (at + 8 <= in.size()) {
    uint64_t size = LoadBe(in, at, 4);
    size_t header = 8;
    if (size == 1) {
      size = LoadBe(in, at + 8, 8);
      header = 16;
    }
    if (AsText(in.subspan(at + 4, 4)) == type && nth-- == 0)
      return in.subspan(at + header, size - header);
    at += size;
  }
  return {};
}

// avcC: 5 bytes, then counted SPS, then counted PPS. hvcC: 22 bytes, then arrays of counted sets.
void ReadConfig(ByteSpan config, Mp4Video* video) {
  const bool h264 = video->codec == Codec::kH264;
  size_t at = h264 ? 5 : 22;
  const auto length_bytes = LoadBe(config, h264 ? 4 : 21, 1) % 4 + 1;
  video->framing = length_bytes == 1   ? NalFraming::kLength1
                   : length_bytes == 2 ? NalFraming::kLength2
                                       : NalFraming::kLength4;
  const uint64_t arrays = h264 ? 2 : LoadBe(config, at++, 1);
  for (uint64_t a = 0; a < arrays; ++a) {
    uint64_t count = 0;
    if (h264) {
      count = LoadBe(config, at, 1) & 0x1F;
      at += 1;
    } else {
      count = LoadBe(config, at + 1, 2);
      at += 3;
    }
    for (; count > 0; --count) {
      const size_t size = LoadBe(config, at, 2);
      const ByteSpan set = config.subspan(at + 2, size);
      video->parameter_sets.emplace_back(set.begin(), set.end());
      at += 2 + size;
    }
  }
}

void ReadSamples(ByteSpan file, ByteSpan table, Mp4Video* video) {
  const ByteSpan sizes = Box(table, "stsz");
  const ByteSpan runs = Box(table, "stsc");
  const bool wide = Box(table, "stco").empty();
  const ByteSpan chunks = Box(table, wide ? "co64" : "stco");
  const size_t offset_bytes = wide ? 8 : 4;
  const uint64_t fixed_size = LoadBe(sizes, 4, 4);
  const uint64_t total = LoadBe(sizes, 8, 4);
  uint64_t run = 0;
  for (uint64_t chunk = 0; chunk < LoadBe(chunks, 4, 4); ++chunk) {
    const uint64_t run_count = LoadBe(runs, 4, 4);
    while (run + 1 < run_count && LoadBe(runs, 8 + 12 * (run + 1), 4) <= chunk + 1) ++run;
    uint64_t at = LoadBe(chunks, 8 + offset_bytes * chunk, offset_bytes);
    for (uint64_t n = LoadBe(runs, 8 + 12 * run + 4, 4); n > 0 && video->samples.size() < total;
         --n) {
      const uint64_t size =
          fixed_size != 0 ? fixed_size : LoadBe(sizes, 12 + 4 * video->samples.size(), 4);
      video->samples.push_back(file.subspan(at, size));
      at += size;
    }
  }
}

}  // namespace

Bytes ReadFootage(const std::string& name) {
  const std::filesystem::path root = REEL_SOURCE_DIR;
  for (const auto& path : {root / "tests/data/media" / name, root / "../shared/media" / name}) {
    std::ifstream file(path, std::ios::binary);
    if (!file) continue;
    const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    const ByteSpan bytes = AsBytes(text);
    return Bytes(bytes.begin(), bytes.end());
  }
  return {};
}

std::vector<Bytes> SplitUnits(Codec codec, ByteSpan stream, size_t piece_bytes) {
  AuSplitter splitter(codec);
  std::vector<Bytes> units;
  const auto drain = [&] {
    for (;;) {
      Result<std::optional<SplitUnit>> unit = splitter.Next();
      EXPECT_TRUE(unit.ok()) << unit.status().ToString();
      if (!unit.ok()) continue;
      if (!*unit) return;
      units.push_back(std::move((*unit)->bytes));
    }
  };
  while (!stream.empty()) {
    const ByteSpan piece = stream.first(std::min(piece_bytes, stream.size()));
    stream = stream.subspan(piece.size());
    splitter.Feed(piece);
    drain();
  }
  splitter.Finish();
  drain();
  return units;
}

Mp4Video ReadMp4(ByteSpan file) {
  const ByteSpan movie = Box(file, "moov");
  for (size_t i = 0;; ++i) {
    const ByteSpan track = Box(movie, "trak", i);
    if (track.empty()) return {};
    const ByteSpan table = Box(Box(Box(track, "mdia"), "minf"), "stbl");
    const ByteSpan description = Box(table, "stsd");
    constexpr size_t kEntriesAt = 8;
    const ByteSpan entries = description.subspan(std::min(kEntriesAt, description.size()));
    for (const auto& [entry, config, codec] :
         {std::tuple{"avc1", "avcC", Codec::kH264}, std::tuple{"hvc1", "hvcC", Codec::kH265},
          std::tuple{"hev1", "hvcC", Codec::kH265}}) {
      constexpr size_t kVisualEntryBytes = 78;
      const ByteSpan visual = Box(entries, entry);
      if (visual.size() < kVisualEntryBytes) continue;
      Mp4Video video{.codec = codec, .framing = {}, .parameter_sets = {}, .samples = {}};
      ReadConfig(Box(visual.subspan(kVisualEntryBytes), config), &video);
      ReadSamples(file, table, &video);
      return video;
    }
  }
}

}  // namespace reel

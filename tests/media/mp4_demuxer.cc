#include "tests/media/mp4_demuxer.h"

#include <gtest/gtest.h>

#include "engine/base/bytes.h"

namespace reel {
namespace {

constexpr uint64_t kMaxHeaderBytes = 256U << 20;  // of a box that is read whole

// Fields of a box, big endian.
class Fields {
 public:
  explicit Fields(Bytes bytes) : bytes_(std::move(bytes)) {}

  uint64_t Take(size_t size) {
    EXPECT_LE(at_ + size, bytes_.size()) << "a field behind the end of its box";
    uint64_t value = 0;
    for (size_t i = 0; i < size && at_ < bytes_.size(); ++i) {
      value = value << 8 | std::to_integer<uint64_t>(bytes_[at_++]);
    }
    return value;
  }
  int64_t Signed32() { return static_cast<int32_t>(Take(4)); }
  std::string Text(size_t size) {
    std::string text;
    for (size_t i = 0; i < size; ++i) text += static_cast<char>(Take(1));
    return text;
  }
  void Skip(size_t size) { at_ += size; }
  size_t left() const { return bytes_.size() - std::min(at_, bytes_.size()); }
  Bytes Rest(size_t size) {
    EXPECT_LE(size, left());
    const auto begin = bytes_.begin() + static_cast<ptrdiff_t>(at_);
    at_ += size;
    return {begin, begin + static_cast<ptrdiff_t>(size)};
  }

 private:
  Bytes bytes_;
  size_t at_ = 0;
};

using Children = std::vector<std::pair<std::string, Bytes>>;

Children Split(const Bytes& body) {
  Children children;
  Fields in(body);
  while (in.left() > 0) {
    const uint64_t size = in.Take(4);
    const std::string type = in.Text(4);
    if (size < 8 || size - 8 > in.left()) {
      ADD_FAILURE() << type << " of " << size << " bytes does not fit";
      break;
    }
    children.emplace_back(type, in.Rest(size - 8));
  }
  return children;
}

Bytes Find(const Bytes& body, const std::string& type) {
  for (auto& [name, child] : Split(body)) {
    if (name == type) return child;
  }
  return {};
}

void ReadTables(const Bytes& stbl, DemuxedTrack* track) {
  Fields stsd(Find(stbl, "stsd"));
  stsd.Skip(8);
  for (const auto& [name, entry] : Split(stsd.Rest(stsd.left()))) track->entries.push_back(name);

  Fields stsz(Find(stbl, "stsz"));
  stsz.Skip(4);
  EXPECT_EQ(stsz.Take(4), 0U);
  track->samples.resize(stsz.Take(4));
  for (DemuxedSample& sample : track->samples) sample.size = static_cast<uint32_t>(stsz.Take(4));
  EXPECT_EQ(stsz.left(), 0U);

  const auto each = [&](const Bytes& table, auto take) {
    Fields in(table);
    const bool is_signed = in.Take(4) >> 24 == 1;
    size_t sample = 0;
    for (uint64_t rows = in.Take(4); rows > 0; --rows) {
      const uint64_t count = in.Take(4);
      const int64_t value = is_signed ? in.Signed32() : static_cast<int64_t>(in.Take(4));
      for (uint64_t i = 0; i < count && sample < track->samples.size(); ++i) {
        take(track->samples[sample++], value);
      }
    }
    EXPECT_EQ(sample, track->samples.size());
    EXPECT_EQ(in.left(), 0U);
  };
  int64_t dts = 0;
  each(Find(stbl, "stts"), [&](DemuxedSample& sample, int64_t value) {
    sample.dts = dts;
    sample.duration = static_cast<uint32_t>(value);
    dts += value;
  });
  if (const Bytes ctts = Find(stbl, "ctts"); !ctts.empty()) {
    each(ctts, [](DemuxedSample& sample, int64_t value) { sample.delay = value; });
  }

  const Bytes stss = Find(stbl, "stss");
  for (DemuxedSample& sample : track->samples) sample.sync = stss.empty();
  if (!stss.empty()) {
    Fields in(stss);
    in.Skip(4);
    for (uint64_t rows = in.Take(4); rows > 0; --rows) {
      track->samples.at(in.Take(4) - 1).sync = true;
    }
  }

  const Bytes co64 = Find(stbl, "co64");
  Fields offsets(co64.empty() ? Find(stbl, "stco") : co64);
  offsets.Skip(4);
  std::vector<uint64_t> chunks(offsets.Take(4));
  for (uint64_t& chunk : chunks) chunk = offsets.Take(co64.empty() ? 4 : 8);
  Fields stsc(Find(stbl, "stsc"));
  stsc.Skip(4);
  std::vector<std::array<uint64_t, 3>> rows(stsc.Take(4));
  for (auto& row : rows) {
    for (uint64_t& field : row) field = stsc.Take(4);
  }
  size_t sample = 0;
  for (size_t i = 0, row = 0; i < chunks.size(); ++i) {
    while (row + 1 < rows.size() && rows[row + 1][0] <= i + 1) ++row;
    uint64_t at = chunks[i];
    for (uint64_t n = 0; n < rows[row][1]; ++n) {
      DemuxedSample& placed = track->samples.at(sample++);
      placed.offset = at;
      placed.entry = static_cast<uint32_t>(rows[row][2] - 1);
      at += placed.size;
    }
  }
  EXPECT_EQ(sample, track->samples.size());
}

void ReadTrack(const Bytes& trak, Demuxed* out) {
  Fields tkhd(Find(trak, "tkhd"));
  tkhd.Skip(4 + 16);
  DemuxedTrack& track = out->tracks[static_cast<uint32_t>(tkhd.Take(4))];
  if (const Bytes edts = Find(trak, "edts"); !edts.empty()) {
    Fields elst(Find(edts, "elst"));
    elst.Skip(4);
    track.edits.resize(elst.Take(4));
    for (DemuxedEdit& edit : track.edits) {
      edit.duration = elst.Take(8);
      edit.media_time = static_cast<int64_t>(elst.Take(8));
      EXPECT_EQ(elst.Take(4), 1U << 16);
    }
  }
  const Bytes mdia = Find(trak, "mdia");
  Fields mdhd(Find(mdia, "mdhd"));
  mdhd.Skip(4 + 16);
  track.timescale = static_cast<uint32_t>(mdhd.Take(4));
  Fields hdlr(Find(mdia, "hdlr"));
  hdlr.Skip(8);
  track.handler = hdlr.Text(4);
  ReadTables(Find(Find(mdia, "minf"), "stbl"), &track);
}

void ReadMoov(const Bytes& moov, Demuxed* out) {
  Fields mvhd(Find(moov, "mvhd"));
  EXPECT_EQ(mvhd.Take(4) >> 24, 1U);
  out->created_seconds = mvhd.Take(8);
  mvhd.Skip(8);
  out->timescale = static_cast<uint32_t>(mvhd.Take(4));
  out->duration = mvhd.Take(8);
  for (const auto& [type, trak] : Split(moov)) {
    if (type == "trak") ReadTrack(trak, out);
  }
}

void ReadMoof(const Bytes& moof, uint64_t moof_at, Demuxed* out) {
  for (const auto& [type, traf] : Split(moof)) {
    if (type != "traf") continue;
    Fields tfhd(Find(traf, "tfhd"));
    EXPECT_EQ(tfhd.Take(4), 0x0002'0002U);
    DemuxedTrack& track = out->tracks.at(static_cast<uint32_t>(tfhd.Take(4)));
    const auto entry = static_cast<uint32_t>(tfhd.Take(4) - 1);
    Fields tfdt(Find(traf, "tfdt"));
    tfdt.Skip(4);
    auto dts = static_cast<int64_t>(tfdt.Take(8));
    for (const auto& [name, trun] : Split(traf)) {
      if (name != "trun") continue;
      Fields in(trun);
      EXPECT_EQ(in.Take(4), 0x0100'0F01U);
      const uint64_t count = in.Take(4);
      uint64_t at = moof_at + static_cast<uint64_t>(in.Signed32());
      for (uint64_t i = 0; i < count; ++i) {
        DemuxedSample sample;
        sample.offset = at;
        sample.dts = dts;
        sample.duration = static_cast<uint32_t>(in.Take(4));
        sample.size = static_cast<uint32_t>(in.Take(4));
        sample.sync = (in.Take(4) & 0x0001'0000) == 0;
        sample.delay = in.Signed32();
        sample.entry = entry;
        at += sample.size;
        dts += sample.duration;
        track.samples.push_back(sample);
      }
    }
  }
}

void ReadMfra(const Bytes& mfra, Demuxed* out) {
  Fields tfra(Find(mfra, "tfra"));
  tfra.Skip(12);
  for (uint64_t rows = tfra.Take(4); rows > 0; --rows) {
    const auto time = static_cast<int64_t>(tfra.Take(8));
    out->start_points.emplace_back(time, tfra.Take(8));
    tfra.Skip(3);
  }
  Fields mfro(Find(mfra, "mfro"));
  mfro.Skip(4);
  EXPECT_EQ(mfro.Take(4), mfra.size() + 8);
}

}  // namespace

Demuxed Demux(const Mp4Bytes& file, uint64_t size_bytes) {
  Demuxed out;
  for (uint64_t at = 0; at < size_bytes;) {
    Fields head(file(at, std::min<uint64_t>(16, size_bytes - at)));
    uint64_t size = head.Take(4);
    uint64_t header = 8;
    const std::string type = head.Text(4);
    if (size == 1) {
      size = head.Take(8);
      header = 16;
    }
    if (size < header || size > size_bytes - at) {
      ADD_FAILURE() << type << " of " << size << " bytes at " << at << " does not fit";
      return out;
    }
    out.boxes.push_back(type);
    const bool is_read = type != "mdat";
    EXPECT_TRUE(!is_read || size < kMaxHeaderBytes);
    const Bytes body = is_read ? file(at + header, size - header) : Bytes();
    if (type == "moov") ReadMoov(body, &out);
    if (type == "moof") ReadMoof(body, at, &out);
    if (type == "mfra") ReadMfra(body, &out);
    if (type == "prft") {
      Fields prft(body);
      prft.Skip(8);
      out.ntp_times.push_back(prft.Take(8));
    }
    at += size;
  }
  return out;
}

}  // namespace reel

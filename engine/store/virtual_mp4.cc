#include "engine/store/virtual_mp4.h"

#include <algorithm>
#include <map>
#include <optional>

#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "engine/base/digest.h"
#include "engine/media/adts.h"
#include "engine/media/mp4_layout.h"
#include "engine/store/chunk_loader.h"
#include "engine/store/export_movie.h"

namespace reel {
namespace {

class Identity {
 public:
  template <std::integral T>
  void Put(T value) {
    digest_.Put(std::as_bytes(std::span(&value, 1)));
  }
  void PutBytes(ByteSpan bytes) {
    Put(bytes.size());
    digest_.Put(bytes);
  }
  std::string Finish() { return HexOf(digest_.Finish()); }

 private:
  Sha256Stream digest_;
};

// All that decides a byte of the file: the movie, and the checksum of each unit.
std::string IdentityOf(const Mp4Movie& movie, const std::vector<ExportMovie::Source>& sources) {
  Identity identity;
  identity.Put<uint8_t>(movie.fragmented ? 1 : 0);
  identity.Put(movie.timescale);
  identity.Put(movie.created.ns);
  for (const Mp4Track& track : movie.tracks) {
    identity.Put(track.timescale);
    for (const Bytes& entry : track.entries) identity.PutBytes(entry);
    for (const Mp4Edit& edit : track.edits) {
      identity.Put(edit.media_time);
      identity.Put(edit.duration);
    }
    identity.Put(track.last_duration);
  }
  for (const Mp4Sample& sample : movie.samples) {
    identity.Put(sample.dts);
    identity.Put(sample.delay);
    identity.Put(sample.size_bytes);
    identity.Put(sample.entry);
    identity.Put(sample.track);
    identity.Put<uint8_t>(sample.sync ? 1 : 0);
    identity.Put(sample.wall.ns);
  }
  for (const ExportMovie::Source& source : sources) {
    identity.Put(source.crc32c);
    identity.Put(source.skip_bytes);
  }
  return identity.Finish();
}

// Chunks of the whole scan, as this stretch counts them.
std::vector<ScannedChunk> TakeChunks(const std::vector<ScannedChunk>& all,
                                     std::vector<ExportMovie::Source>* sources) {
  std::vector<ScannedChunk> chunks;
  std::map<uint32_t, uint32_t> number;
  for (ExportMovie::Source& source : *sources) {
    const auto [at, is_new] =
        number.try_emplace(source.chunk, static_cast<uint32_t>(chunks.size()));
    if (is_new) chunks.push_back(all[source.chunk]);
    source.chunk = at->second;
  }
  return chunks;
}

class VirtualMp4Impl final : public VirtualMp4 {
 public:
  VirtualMp4Impl(Footage& footage, ExportInfo info, Mp4Layout layout, ExportMovie movie,
                 std::vector<ScannedChunk> chunks, std::string identity, bool wants_content_ids)
      : footage_(footage),
        info_(std::move(info)),
        layout_(std::move(layout)),
        sources_(std::move(movie.sources)),
        zeros_(std::move(movie.zeros)),
        media_type_(std::move(movie.media_type)),
        chunks_(std::move(chunks)),
        loader_(footage, chunks_),
        content_ids_(chunks_.size()),
        identity_(std::move(identity)),
        wants_content_ids_(wants_content_ids) {}

  uint64_t size_bytes() const override { return layout_.size_bytes(); }
  const std::string& media_type() const override { return media_type_; }
  const std::string& identity() const override { return identity_; }
  const ExportInfo& info() const override { return info_; }
  size_t frame_count() const override { return sources_.size(); }

  ExportFrame frame(size_t index) const override {
    REEL_CHECK(index < sources_.size(), "a frame of this file");
    const ExportMovie::Source& source = sources_[index];
    const Mp4Sample& sample = layout_.movie().samples[index];
    const TrackInfo& track = info_.tracks[sample.track];
    const ScannedChunk& chunk = chunks_[source.chunk];
    ExportFrame frame;
    frame.track = track.id;
    frame.run = chunk.chunk.run;
    frame.unit = {chunk.chunk.first_unit.value + source.index};
    frame.flags = source.flags;
    frame.shown = source.shown;
    frame.dts = sample.dts - zeros_[sample.track];
    frame.pts = frame.dts + sample.delay;
    constexpr int64_t kNsPerSecond = 1'000'000'000;
    const int64_t scale = track.timescale;
    frame.time = sample.wall + Duration{sample.delay / scale * kNsPerSecond +
                                        sample.delay % scale * kNsPerSecond / scale};
    frame.uncertainty_us = chunk.uncertainty_us;
    frame.size_bytes = sample.size_bytes;
    return frame;
  }

  Result<size_t> Read(uint64_t offset_bytes, MutableByteSpan into) override {
    size_t done = 0;
    while (done < into.size() && offset_bytes < size_bytes()) {
      const Mp4Piece piece = layout_.At(offset_bytes);
      const uint64_t from = offset_bytes - piece.begin_bytes;
      const auto size =
          static_cast<size_t>(std::min<uint64_t>(piece.size_bytes - from, into.size() - done));
      const MutableByteSpan part = into.subspan(done, size);
      if (piece.is_sample) {
        REEL_ASSIGN_OR_RETURN(const ByteSpan sample, SampleBytes(piece.index));
        std::copy_n(sample.begin() + static_cast<ptrdiff_t>(from), size, part.begin());
      } else {
        layout_.CopyHeader(piece, from, part);
      }
      done += size;
      offset_bytes += size;
    }
    return done;
  }

  Result<ContentId> ContentIdOf(size_t chunk) override {
    REEL_CHECK(chunk < chunks_.size(), "a chunk of this file");
    if (!content_ids_[chunk]) {
      REEL_RETURN_IF_ERROR(Load(chunk));
      content_ids_[chunk] = loader_.content_id();
    }
    return *content_ids_[chunk];
  }

 private:
  Status Load(size_t chunk) {
    const Status status = loader_.Load(chunk);
    if (!status.ok()) return Fail(chunk, status);
    if (wants_content_ids_ && !content_ids_[chunk]) content_ids_[chunk] = loader_.content_id();
    return OkStatus();
  }

  Result<ByteSpan> SampleBytes(size_t index) {
    const ExportMovie::Source& source = sources_[index];
    const Mp4Sample& sample = layout_.movie().samples[index];
    REEL_RETURN_IF_ERROR(Load(source.chunk));
    const Result<ByteSpan> unit = loader_.Unit(source.index);
    if (!unit.ok()) return Fail(source.chunk, unit.status());
    const bool is_aac = info_.tracks[sample.track].codec == Codec::kAac;
    if (is_aac && AdtsHeaderBytesOf(*unit) != source.skip_bytes) {
      return Fail(source.chunk,
                  FailedPrecondition("some AAC frames of a track have ADTS headers and others " +
                                     std::string("have none; leave out damage to export it")));
    }
    return unit->subspan(source.skip_bytes);
  }

  // The error as an investigator needs it: camera, time, place.
  Status Fail(size_t chunk, const Status& status) {
    const ExportChunk& at = chunks_[chunk].chunk;
    Status told(status.code(),
                "stream " + info_.name + " run " + ToString(at.run) + " units " +
                    std::to_string(at.first_unit.value) + ".." +
                    std::to_string(at.first_unit.value + at.unit_count - 1) + ", " +
                    FormatWall(at.begin) + " to " + FormatWall(at.end) + ", on volume " +
                    std::to_string(at.volume.value) + " segment " +
                    std::to_string(at.serial.value) + ": " + status.message(),
                status.system_errno());
    if (told.code() == Code::kDataLoss) footage_.OnDamage(info_.stream, told);
    return told;
  }

  Footage& footage_;
  const ExportInfo info_;
  const Mp4Layout layout_;
  const std::vector<ExportMovie::Source> sources_;
  const std::vector<int64_t> zeros_;
  const std::string media_type_;
  const std::vector<ScannedChunk> chunks_;
  ChunkLoader loader_;
  std::vector<std::optional<ContentId>> content_ids_;
  const std::string identity_;
  const bool wants_content_ids_;
};

// Gaps before the first and behind the last unit are not the file's.
std::vector<GapRow> GapsInside(const ExportStretch& stretch) {
  WallTime first = kWallMax;
  WallTime last = kWallMin;
  for (const ScannedUnit& unit : stretch.units) {
    first = std::min(first, unit.wall);
    last = std::max(last, unit.wall);
  }
  std::vector<GapRow> inside;
  for (GapRow gap : stretch.gaps) {
    gap.begin = std::max(gap.begin, first);
    gap.end = std::min(gap.end, last);
    if (gap.begin < gap.end) inside.push_back(gap);
  }
  return inside;
}

Result<std::unique_ptr<VirtualMp4>> MakeFile(Footage& footage, const ExportScan& scan,
                                             const ExportStretch& stretch, ExportInfo info,
                                             const ExportOptions& options) {
  REEL_ASSIGN_OR_RETURN(ExportMovie movie, MakeExportMovie(stretch, scan.configs(), options));
  std::vector<ScannedChunk> chunks = TakeChunks(scan.chunks(), &movie.sources);
  info.given = movie.given;
  info.tracks = movie.tracks;
  info.runs = stretch.runs;
  info.gaps = GapsInside(stretch);
  info.damage = stretch.damage;
  info.notes = stretch.notes;
  info.notes.insert(info.notes.end(), movie.notes.begin(), movie.notes.end());
  for (const ScannedChunk& chunk : chunks) info.chunks.push_back(chunk.chunk);
  for (const Mp4Sample& sample : movie.movie.samples) info.unit_bytes += sample.size_bytes;
  std::string identity = IdentityOf(movie.movie, movie.sources);
  Result<Mp4Layout> layout = Mp4Layout::Plan(std::move(movie.movie));
  if (!layout.ok()) {
    return layout.status().code() == Code::kFailedPrecondition
               ? FailedPrecondition(layout.status().message() + ": split the export at its gaps, " +
                                    "or write fragments")
               : layout.status();
  }
  return std::unique_ptr<VirtualMp4>(std::make_unique<VirtualMp4Impl>(
      footage, std::move(info), *std::move(layout), std::move(movie), std::move(chunks),
      std::move(identity), options.content_ids));
}

}  // namespace

Result<std::vector<std::unique_ptr<VirtualMp4>>> OpenVirtualMp4s(Footage& footage, StreamId stream,
                                                                 const std::string& name,
                                                                 const ExportOptions& options) {
  if (options.range.empty()) return InvalidArgument("the range to export is empty");
  ExportScan scan(footage, stream, options);
  const Status scanned = scan.Run();
  if (!scanned.ok()) return scanned.WithContext("stream " + name);
  std::vector<std::unique_ptr<VirtualMp4>> files;
  for (ExportStretch& stretch : scan.stretches()) {
    ExportInfo info;
    info.stream = stream;
    info.name = name;
    info.asked = options.range;
    Result<std::unique_ptr<VirtualMp4>> file =
        MakeFile(footage, scan, stretch, std::move(info), options);
    if (!file.ok()) return file.status().WithContext("stream " + name);
    files.push_back(*std::move(file));
    stretch = ExportStretch();  // its memory is needed no more
  }
  return files;
}

}  // namespace reel

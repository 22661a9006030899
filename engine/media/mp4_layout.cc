#include "engine/media/mp4_layout.h"

#include <algorithm>
#include <limits>
#include <string>

#include "engine/base/check.h"

namespace reel {
namespace {

constexpr int64_t kMaxTime = int64_t{1} << 60;
constexpr uint32_t kMaxSampleBytes = 1U << 30;
constexpr int64_t kMaxFragmentSeconds = 10;
constexpr uint64_t kMaxNarrowBytes = std::numeric_limits<uint32_t>::max();

Status CheckTrack(const Mp4Track& track, size_t index) {
  constexpr uint32_t kMaxTimescale = std::numeric_limits<int32_t>::max();
  const std::string name = "MP4 track " + std::to_string(index + 1);
  if (track.timescale == 0 || track.timescale > kMaxTimescale) {
    return InvalidArgument(name + ": timescale " + std::to_string(track.timescale));
  }
  if (track.entries.empty() || track.entries.size() > std::numeric_limits<uint16_t>::max()) {
    return InvalidArgument(name + ": " + std::to_string(track.entries.size()) + " sample entries");
  }
  if (track.last_duration > Mp4Layout::kMaxDuration || track.width > 0xFFFF ||
      track.height > 0xFFFF) {
    return InvalidArgument(name + ": a duration or size beyond MP4's");
  }
  for (const Mp4Edit& edit : track.edits) {
    if (edit.media_time < Mp4Edit::kNothing || edit.duration > uint64_t{kMaxTime}) {
      return InvalidArgument(name + ": an edit beyond MP4's");
    }
  }
  return OkStatus();
}

void PutMdatHeader(uint64_t payload_bytes, bool wide, BoxWriter* out) {
  constexpr uint64_t kNarrowHeader = 8;
  constexpr uint64_t kWideHeader = 16;
  out->Put32(wide ? 1 : payload_bytes + kNarrowHeader);
  out->PutText("mdat");
  if (wide) out->Put64(payload_bytes + kWideHeader);
}

}  // namespace

Result<Mp4Layout> Mp4Layout::Plan(Mp4Movie movie) {
  Mp4Layout layout(std::move(movie));
  REEL_RETURN_IF_ERROR(layout.Check());
  REEL_RETURN_IF_ERROR(layout.FillDurations());
  layout.origins_ = Mp4Origins(layout.movie_);
  uint64_t payload = 0;
  for (size_t i = 0; i < layout.movie_.samples.size(); ++i) {
    if (i % kMarkEvery == 0) layout.marks_.push_back(payload);
    payload += layout.movie_.samples[i].size_bytes;
  }
  if (layout.movie_.fragmented) layout.PlaceFragments();
  if (!layout.movie_.fragmented) layout.PlaceWhole();
  return layout;
}

Status Mp4Layout::Check() const {
  constexpr uint32_t kMaxTimescale = std::numeric_limits<int32_t>::max();
  if (movie_.tracks.empty() || movie_.tracks.size() > kMaxTracks || movie_.timescale == 0 ||
      movie_.timescale > kMaxTimescale) {
    return InvalidArgument("an MP4 file of " + std::to_string(movie_.tracks.size()) + " tracks");
  }
  for (size_t i = 0; i < movie_.tracks.size(); ++i) {
    REEL_RETURN_IF_ERROR(CheckTrack(movie_.tracks[i], i));
  }
  if (movie_.samples.size() > kMaxSamples) {
    return ResourceExhausted("an MP4 file of " + std::to_string(movie_.samples.size()) +
                             " samples: at most " + std::to_string(kMaxSamples) +
                             " fit; ask for a shorter range");
  }
  std::vector<const Mp4Sample*> last(movie_.tracks.size());
  for (size_t i = 0; i < movie_.samples.size(); ++i) {
    const Mp4Sample& sample = movie_.samples[i];
    const bool fits = sample.track < movie_.tracks.size() &&
                      sample.entry < movie_.tracks[sample.track].entries.size() &&
                      sample.size_bytes > 0 && sample.size_bytes <= kMaxSampleBytes &&
                      sample.dts > -kMaxTime && sample.dts < kMaxTime &&
                      (last[sample.track] == nullptr || last[sample.track]->dts <= sample.dts);
    if (!fits) return InvalidArgument("MP4 sample " + std::to_string(i) + " makes no sense");
    last[sample.track] = &sample;
  }
  return OkStatus();
}

Status Mp4Layout::FillDurations() {
  std::vector<const Mp4Sample*> next(movie_.tracks.size());
  for (size_t i = movie_.samples.size(); i-- > 0;) {
    Mp4Sample& sample = movie_.samples[i];
    const Mp4Sample*& behind = next[sample.track];
    int64_t duration = movie_.tracks[sample.track].last_duration;
    if (behind != nullptr) duration = behind->dts - sample.dts;
    if (duration > kMaxDuration && !movie_.fragmented) {
      return FailedPrecondition("two samples " +
                                std::to_string(duration / movie_.tracks[sample.track].timescale) +
                                " s apart do not fit one MP4 file");
    }
    sample.duration = static_cast<uint32_t>(std::min(duration, kMaxDuration));
    behind = &sample;
  }
  return OkStatus();
}

void Mp4Layout::AddSection(Section section) {
  section.begin_bytes = size_bytes_;
  size_bytes_ += section.header_bytes + PayloadBefore(section.end) - PayloadBefore(section.first);
  sections_.push_back(section);
}

void Mp4Layout::AddStored(Bytes header, size_t first, size_t end) {
  Section section;
  section.first = static_cast<uint32_t>(first);
  section.end = static_cast<uint32_t>(end);
  section.header_bytes = static_cast<uint32_t>(header.size());
  section.stored = static_cast<uint32_t>(headers_.size());
  headers_.push_back(std::move(header));
  AddSection(section);
}

// How long moov is does not depend on what its offsets are, only on how wide.
void Mp4Layout::PlaceWhole() {
  const uint64_t payload = PayloadBefore(movie_.samples.size());
  const auto build = [&](const Mp4DataPlace& data) {
    Bytes header;
    BoxWriter out(&header);
    PutMp4FileType(movie_, &out);
    PutMp4Moov(movie_, &data, &out);
    PutMdatHeader(payload, data.wide, &out);
    return header;
  };
  Mp4DataPlace data;
  Bytes header = build(data);
  data.wide = header.size() + payload > kMaxNarrowBytes;
  if (data.wide) header = build(data);
  data.begin_bytes = header.size();
  AddStored(build(data), 0, movie_.samples.size());
}

std::vector<Mp4Fragment> Mp4Layout::CutFragments() const {
  const uint8_t reference = Mp4ReferenceTrack(movie_);
  std::vector<Mp4Fragment> fragments;
  std::vector<int> entries(movie_.tracks.size(), -1);
  uint64_t bytes = 0;
  int64_t last_dts = 0;  // of the reference track, where the fragment's first of it is
  bool timed = false;
  for (size_t i = 0; i < movie_.samples.size(); ++i) {
    const Mp4Sample& sample = movie_.samples[i];
    const bool is_reference = sample.track == reference;
    const int64_t long_ticks = kMaxFragmentSeconds * movie_.tracks[reference].timescale;
    const bool cut = fragments.empty() || (is_reference && sample.sync) ||
                     (entries[sample.track] >= 0 && entries[sample.track] != sample.entry) ||
                     i - fragments.back().first >= kMaxFragmentSamples ||
                     bytes + sample.size_bytes > kMaxFragmentBytes ||
                     (is_reference && timed && sample.dts - last_dts >= long_ticks);
    if (cut) {
      fragments.push_back({i, i, 0});
      bytes = 0;
      timed = false;
    }
    if (is_reference && !timed) {
      last_dts = sample.dts;
      timed = true;
    }
    entries[sample.track] = sample.entry;
    bytes += sample.size_bytes;
    fragments.back().end = i + 1;
  }
  return fragments;
}

void Mp4Layout::PlaceFragments() {
  Bytes header;
  BoxWriter out(&header);
  PutMp4FileType(movie_, &out);
  PutMp4Moov(movie_, nullptr, &out);
  AddStored(std::move(header), 0, 0);
  std::vector<Mp4Fragment> fragments = CutFragments();
  for (Mp4Fragment& fragment : fragments) {
    fragment.begin_bytes = size_bytes_;
    Section section;
    section.first = static_cast<uint32_t>(fragment.first);
    section.end = static_cast<uint32_t>(fragment.end);
    AddSection(section);
    const size_t number = sections_.size() - 1;
    const auto header_bytes = static_cast<uint32_t>(FragmentHeader(number).size());
    sections_[number].header_bytes = header_bytes;
    size_bytes_ += header_bytes;
  }
  Bytes tail;
  BoxWriter tail_out(&tail);
  PutMp4Mfra(movie_, origins_, fragments, &tail_out);
  AddStored(std::move(tail), movie_.samples.size(), movie_.samples.size());
}

Bytes Mp4Layout::FragmentHeader(size_t section) const {
  Bytes header;
  BoxWriter out(&header);
  const Section& at = sections_[section];
  // The section before the fragments is the file's header: fragments count from 1.
  PutMp4Fragment(movie_, origins_, {at.first, at.end, at.begin_bytes},
                 static_cast<uint32_t>(section), &out);
  return header;
}

uint64_t Mp4Layout::PayloadBefore(size_t sample) const {
  if (marks_.empty()) return 0;
  const size_t mark = std::min(sample / kMarkEvery, marks_.size() - 1);
  uint64_t bytes = marks_[mark];
  for (size_t i = mark * kMarkEvery; i < sample; ++i) bytes += movie_.samples[i].size_bytes;
  return bytes;
}

Mp4Piece Mp4Layout::At(uint64_t offset_bytes) const {
  REEL_CHECK(offset_bytes < size_bytes_, "an offset within the file");
  const auto behind = std::upper_bound(
      sections_.begin(), sections_.end(), offset_bytes,
      [](uint64_t offset, const Section& section) { return offset < section.begin_bytes; });
  const Section& section = *std::prev(behind);
  const uint64_t data_begin = section.begin_bytes + section.header_bytes;
  if (offset_bytes < data_begin) {
    const auto number = static_cast<size_t>(std::prev(behind) - sections_.begin());
    return {section.begin_bytes, section.header_bytes, false, number};
  }
  const uint64_t base = PayloadBefore(section.first);
  const uint64_t payload = base + (offset_bytes - data_begin);
  const auto mark = std::prev(std::upper_bound(marks_.begin(), marks_.end(), payload));
  size_t sample = static_cast<size_t>(mark - marks_.begin()) * kMarkEvery;
  uint64_t begin = *mark;
  while (begin + movie_.samples[sample].size_bytes <= payload) {
    begin += movie_.samples[sample++].size_bytes;
  }
  // A fragment's first sample may stand behind the mark, never before the fragment.
  return {data_begin + begin - base, movie_.samples[sample].size_bytes, true, sample};
}

void Mp4Layout::CopyHeader(const Mp4Piece& piece, uint64_t from_bytes, MutableByteSpan into) const {
  REEL_CHECK(!piece.is_sample && from_bytes + into.size() <= piece.size_bytes,
             "bytes within the header");
  const Section& section = sections_[piece.index];
  const bool is_stored = section.stored != Section::kGenerated;
  const Bytes generated = is_stored ? Bytes() : FragmentHeader(piece.index);
  const Bytes& header = is_stored ? headers_[section.stored] : generated;
  std::copy_n(header.begin() + static_cast<ptrdiff_t>(from_bytes), into.size(), into.begin());
}

}  // namespace reel

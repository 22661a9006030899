#include "engine/av/picture_job.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

namespace reel {
namespace {

template <class T>
void Put(const T& value, Bytes* out) {
  static_assert(std::is_trivially_copyable_v<T> && std::has_unique_object_representations_v<T>);
  const auto* begin = reinterpret_cast<const std::byte*>(&value);
  out->insert(out->end(), begin, begin + sizeof value);
}

void PutBytes(ByteSpan bytes, Bytes* out) { out->insert(out->end(), bytes.begin(), bytes.end()); }

template <class T>
bool Take(ByteSpan* bytes, T* value) {
  if (bytes->size() < sizeof *value) return false;
  std::memcpy(value, bytes->data(), sizeof *value);
  *bytes = bytes->subspan(sizeof *value);
  return true;
}

bool TakeBytes(ByteSpan* bytes, size_t size_bytes, ByteSpan* taken) {
  if (bytes->size() < size_bytes) return false;
  *taken = bytes->first(size_bytes);
  *bytes = bytes->subspan(size_bytes);
  return true;
}

bool IsWidth(uint32_t width) { return width == 0 || Image::IsSize(width, 2); }

Status BadJob(const char* what) { return InvalidArgument(std::string("decode job: ") + what); }
Status BadAnswer() { return Internal("the decoder answered what is no answer"); }

}  // namespace

Result<Bytes> EncodeJob(const PictureJob& job) {
  if (job.units.empty() || job.units.size() > kMaxJobUnits) {
    return BadJob("no units, or too many to decode one picture");
  }
  if (!IsWidth(job.width)) return BadJob("a width that is odd or out of bounds");
  size_t size_bytes = sizeof(JobHead) + job.parameter_sets.size();
  for (const PictureJob::Coded& unit : job.units) {
    if (unit.bytes.size() > kMaxUnitBytes) return BadJob("a unit over the limit");
    size_bytes += sizeof(JobUnitHead) + unit.bytes.size();
  }
  if (size_bytes > kMaxJobBytes) return BadJob("too many bytes to decode one picture");
  Bytes out;
  out.reserve(size_bytes);
  Put(JobHead{kJobMagic, static_cast<uint32_t>(job.codec), static_cast<uint32_t>(job.units.size()),
              job.width, static_cast<uint32_t>(job.parameter_sets.size())},
      &out);
  PutBytes(job.parameter_sets, &out);
  for (const PictureJob::Coded& unit : job.units) {
    Put(JobUnitHead{unit.rank, static_cast<uint32_t>(unit.bytes.size())}, &out);
    PutBytes(unit.bytes, &out);
  }
  return out;
}

Result<PictureJob> DecodeJob(ByteSpan bytes) {
  JobHead head;
  PictureJob job;
  if (!Take(&bytes, &head) || head.magic != kJobMagic) return BadJob("no job");
  const bool h264 = head.codec == static_cast<uint32_t>(Codec::kH264);
  const bool h265 = head.codec == static_cast<uint32_t>(Codec::kH265);
  if (!h264 && !h265) return BadJob("not H.264 or H.265");
  job.codec = h264 ? Codec::kH264 : Codec::kH265;
  if (head.unit_count == 0 || head.unit_count > kMaxJobUnits) return BadJob("number of units");
  if (!IsWidth(head.width)) return BadJob("width");
  job.width = head.width;
  if (!TakeBytes(&bytes, head.parameter_sets_bytes, &job.parameter_sets)) return BadJob("cut off");
  for (uint32_t i = 0; i < head.unit_count; ++i) {
    JobUnitHead unit;
    PictureJob::Coded coded;
    if (!Take(&bytes, &unit) || !TakeBytes(&bytes, unit.size_bytes, &coded.bytes)) {
      return BadJob("cut off");
    }
    if (unit.rank >= head.unit_count) return BadJob("rank");
    coded.rank = unit.rank;
    job.units.push_back(coded);
  }
  if (!bytes.empty()) return BadJob("bytes left over");
  return job;
}

Bytes EncodeAnswer(const Result<PictureAnswer>& answer) {
  Bytes out;
  if (!answer.ok()) {
    const std::string text = answer.status().message().substr(0, kMaxAnswerText);
    Put(AnswerHead{kAnswerMagic, static_cast<uint32_t>(answer.status().code()), 0, 0, 0, 0,
                   static_cast<uint32_t>(text.size())},
        &out);
    PutBytes(std::as_bytes(std::span(text)), &out);
    return out;
  }
  Put(AnswerHead{kAnswerMagic, 0, answer->rank, answer->concealed ? 1U : 0U, answer->image.width,
                 answer->image.height, static_cast<uint32_t>(answer->image.planes.size())},
      &out);
  PutBytes(answer->image.planes, &out);
  return out;
}

Result<PictureAnswer> DecodeAnswer(ByteSpan bytes, size_t unit_count) {
  AnswerHead head;
  if (!Take(&bytes, &head) || head.magic != kAnswerMagic || head.size_bytes != bytes.size()) {
    return BadAnswer();
  }
  if (head.code != 0) {
    if (head.code > static_cast<uint32_t>(Code::kDataLoss) || bytes.size() > kMaxAnswerText) {
      return BadAnswer();
    }
    // Of a message nothing but plain characters is passed on.
    std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
    return Status(static_cast<Code>(head.code), text);
  }
  const bool is_image = Image::IsSize(head.width, head.height) &&
                        bytes.size() == Image::SizeBytes(head.width, head.height);
  if (!is_image || head.rank >= unit_count || head.concealed > 1) return BadAnswer();
  PictureAnswer answer;
  answer.rank = head.rank;
  answer.concealed = head.concealed == 1;
  answer.image = {head.width, head.height, Bytes(bytes.begin(), bytes.end())};
  return answer;
}

}  // namespace reel

#include "engine/format/ledger_record.h"

#include <cstring>

#include "engine/base/bytes.h"
#include "engine/base/check.h"

namespace reel::format {
namespace {

enum class Type : uint8_t {
  kNone = 0,
  kStream = 1,
  kGap = 2,
  kRun = 3,
  kSession = 4,
  kRetired = 5,
  kImport = 6,
  kRetirement = 7
};
constexpr uint8_t kRecordVersion = 1;

void PutWall(ByteWriter* writer, WallTime t) { writer->Put(t.ns); }
WallTime GetWall(ByteReader* reader) { return {reader->Get<int64_t>()}; }

Status CheckImport(const ImportRow& row) {
  const Status owner = CheckNote("owner", row.owner);
  return owner.ok() ? CheckNote("source", row.source) : owner;
}

struct Encoder {
  ByteWriter writer;

  void Begin(Type type) {
    writer.Put(static_cast<uint8_t>(type));
    writer.Put(kRecordVersion);
  }
  void operator()(const StreamRecord& r) {
    REEL_CHECK(CheckStreamName(r.row.name).ok(), "a name that could not be read back");
    Begin(Type::kStream);
    writer.PutUuid(r.row.stream);
    writer.PutString(r.row.name);
    writer.Put(r.row.retention_class.value);
    PutWall(&writer, r.row.created);
    writer.Put(r.revision);
  }
  void operator()(const GapRow& r) {
    Begin(Type::kGap);
    writer.PutUuid(r.stream);
    PutWall(&writer, r.begin);
    PutWall(&writer, r.end);
    writer.Put(static_cast<uint8_t>(r.cause));
    writer.Put(r.units_lost);
  }
  void operator()(const RunRow& r) {
    Begin(Type::kRun);
    writer.PutUuid(r.stream);
    writer.PutUuid(r.run);
    PutWall(&writer, r.begin);
    PutWall(&writer, r.end);
    writer.Put(static_cast<uint8_t>(r.cause));
  }
  void operator()(const SessionRecord& r) {
    Begin(Type::kSession);
    writer.PutUuid(r.volume);
    writer.Put(r.epoch.value);
    PutWall(&writer, r.opened);
  }
  void operator()(const RetiredRecord& r) {
    Begin(Type::kRetired);
    writer.PutUuid(r.volume);
    writer.Put(r.serial.value);
    writer.PutUuid(r.uid);
    PutWall(&writer, r.begin);
    PutWall(&writer, r.end);
    writer.Put(r.chunk_count);
    PutWall(&writer, r.retired);
  }
  void operator()(const ImportRow& r) {
    REEL_CHECK(CheckImport(r).ok(), "texts that could not be read back");
    Begin(Type::kImport);
    writer.PutUuid(r.stream);
    writer.PutUuid(r.run);
    PutWall(&writer, r.begin);
    PutWall(&writer, r.end);
    PutWall(&writer, r.imported);
    writer.Put(int64_t{r.clock_offset.count()});
    writer.Put(r.source_bytes);
    writer.PutBytes(std::as_bytes(std::span(r.source_sha256)));
    writer.PutString(r.owner);
    writer.PutString(r.source);
  }
  void operator()(const RetirementRecord& r) {
    Begin(Type::kRetirement);
    writer.PutUuid(r.stream);
    PutWall(&writer, r.retired);
    writer.Put(r.revision);
  }
  void operator()(const OpaqueRecord& r) { writer.PutBytes(r.bytes); }
};

StreamRecord GetStream(ByteReader* reader) {
  StreamRecord r;
  r.row.stream = reader->GetUuid<StreamId>();
  r.row.name = reader->GetString(kMaxNameBytes);
  r.row.retention_class = {reader->Get<uint16_t>()};
  r.row.created = GetWall(reader);
  r.revision = reader->Get<uint64_t>();
  return r;
}

GapRow GetGap(ByteReader* reader) {
  GapRow r;
  r.stream = reader->GetUuid<StreamId>();
  r.begin = GetWall(reader);
  r.end = GetWall(reader);
  r.cause = static_cast<GapCause>(reader->Get<uint8_t>());
  r.units_lost = reader->Get<uint64_t>();
  return r;
}

RunRow GetRun(ByteReader* reader) {
  RunRow r;
  r.stream = reader->GetUuid<StreamId>();
  r.run = reader->GetUuid<RunId>();
  r.begin = GetWall(reader);
  r.end = GetWall(reader);
  r.cause = static_cast<EndCause>(reader->Get<uint8_t>());
  return r;
}

SessionRecord GetSession(ByteReader* reader) {
  SessionRecord r;
  r.volume = reader->GetUuid<VolumeId>();
  r.epoch = {reader->Get<uint32_t>()};
  r.opened = GetWall(reader);
  return r;
}

RetiredRecord GetRetired(ByteReader* reader) {
  RetiredRecord r;
  r.volume = reader->GetUuid<VolumeId>();
  r.serial = {reader->Get<uint64_t>()};
  r.uid = reader->GetUuid<SegmentUid>();
  r.begin = GetWall(reader);
  r.end = GetWall(reader);
  r.chunk_count = reader->Get<uint32_t>();
  r.retired = GetWall(reader);
  return r;
}

ImportRow GetImport(ByteReader* reader) {
  ImportRow r;
  r.stream = reader->GetUuid<StreamId>();
  r.run = reader->GetUuid<RunId>();
  r.begin = GetWall(reader);
  r.end = GetWall(reader);
  r.imported = GetWall(reader);
  r.clock_offset = Duration{reader->Get<int64_t>()};
  r.source_bytes = reader->Get<uint64_t>();
  const ByteSpan digest = reader->GetBytes(r.source_sha256.size());
  if (reader->ok()) std::memcpy(r.source_sha256.data(), digest.data(), digest.size());
  r.owner = reader->GetString(kMaxNameBytes);
  r.source = reader->GetString(kMaxNameBytes);
  return r;
}

RetirementRecord GetRetirement(ByteReader* reader) {
  RetirementRecord r;
  r.stream = reader->GetUuid<StreamId>();
  r.retired = GetWall(reader);
  r.revision = reader->Get<uint64_t>();
  return r;
}

// Switches without a default: the compiler asks for every new cause.
bool IsKnown(GapCause cause) {
  switch (cause) {
    case GapCause::kUnknown:
    case GapCause::kNotRecorded:
    case GapCause::kSourceLost:
    case GapCause::kOverload:
    case GapCause::kDiskError:
    case GapCause::kDiskFull:
    case GapCause::kRecorderDown:
    case GapCause::kExpired:
    case GapCause::kVolumeOffline:
    case GapCause::kDamaged:
    case GapCause::kLoginRefused:
    case GapCause::kSourceStalled:
    case GapCause::kPacketsLost:
    case GapCause::kOffSchedule:
      return true;
  }
  return false;
}
bool IsKnown(EndCause cause) {
  switch (cause) {
    case EndCause::kOpen:
    case EndCause::kEnded:
    case EndCause::kSourceLost:
    case EndCause::kTimeBreak:
    case EndCause::kShutdown:
      return true;
  }
  return false;
}
template <class Record>
bool CauseIsKnown(const Record& record) {
  if constexpr (requires { record.cause; }) return IsKnown(record.cause);
  return true;
}

// Length of the UTF-8 sequence at text[i], 0 if it is malformed (RFC 3629: no overlong forms, no
// surrogates, nothing above U+10FFFF).
size_t Utf8Length(std::string_view text, size_t i) {
  const auto at = [&](size_t k) {
    return k < text.size() ? static_cast<uint8_t>(text[k]) : uint8_t{0};
  };
  const auto continues = [&](size_t k) { return (at(k) & 0xC0) == 0x80; };
  const uint8_t lead = at(i);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return continues(i + 1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const bool overlong = lead == 0xE0 && at(i + 1) < 0xA0;
    const bool surrogate = lead == 0xED && at(i + 1) > 0x9F;
    return continues(i + 1) && continues(i + 2) && !overlong && !surrogate ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const bool overlong = lead == 0xF0 && at(i + 1) < 0x90;
    const bool too_high = lead == 0xF4 && at(i + 1) > 0x8F;
    return continues(i + 1) && continues(i + 2) && continues(i + 3) && !overlong && !too_high ? 4
                                                                                              : 0;
  }
  return 0;
}

// U+0000..U+001F and U+007F..U+009F, in UTF-8.
bool IsControl(std::string_view character) {
  const auto lead = static_cast<uint8_t>(character[0]);
  if (character.size() == 1) return lead < 0x20 || lead == 0x7F;
  return lead == 0xC2 && static_cast<uint8_t>(character[1]) < 0xA0;
}

}  // namespace

Bytes EncodeLedgerRecord(const LedgerRecord& record) {
  Bytes out;
  std::visit(Encoder{ByteWriter(&out)}, record);
  return out;
}

Result<LedgerRecord> DecodeLedgerRecord(ByteSpan bytes) {
  ByteReader reader(bytes);
  const auto type = static_cast<Type>(reader.Get<uint8_t>());
  const auto version = reader.Get<uint8_t>();
  if (!reader.ok()) return DataLoss("ledger record is cut off");
  if (type == Type::kNone) return DataLoss("ledger record has no type");
  const LedgerRecord opaque = OpaqueRecord{Bytes(bytes.begin(), bytes.end())};
  if (version != kRecordVersion) return opaque;
  LedgerRecord record;
  switch (type) {
    case Type::kStream:
      record = GetStream(&reader);
      break;
    case Type::kGap:
      record = GetGap(&reader);
      break;
    case Type::kRun:
      record = GetRun(&reader);
      break;
    case Type::kSession:
      record = GetSession(&reader);
      break;
    case Type::kRetired:
      record = GetRetired(&reader);
      break;
    case Type::kImport:
      record = GetImport(&reader);
      break;
    case Type::kRetirement:
      record = GetRetirement(&reader);
      break;
    default:
      return opaque;
  }
  if (!reader.ok() || !reader.at_end()) return DataLoss("ledger record is malformed");
  if (!std::visit([](const auto& r) { return CauseIsKnown(r); }, record)) return opaque;
  if (const auto* stream = std::get_if<StreamRecord>(&record)) {
    const Status name = CheckStreamName(stream->row.name);
    if (!name.ok()) return DataLoss("ledger record: " + name.message());
  }
  if (const auto* import = std::get_if<ImportRow>(&record)) {
    const Status texts = CheckImport(*import);
    if (!texts.ok()) return DataLoss("ledger record: " + texts.message());
  }
  return record;
}

Status CheckNote(std::string_view what, std::string_view text) {
  const std::string subject(what);
  if (text.size() > kMaxNameBytes) {
    return InvalidArgument(subject + ": at most " + std::to_string(kMaxNameBytes) +
                           " bytes, this has " + std::to_string(text.size()));
  }
  for (size_t i = 0; i < text.size();) {
    const size_t length = Utf8Length(text, i);
    if (length == 0) return InvalidArgument(subject + ": must be UTF-8");
    if (IsControl(text.substr(i, length))) {
      return InvalidArgument(subject + ": cannot hold control characters");
    }
    i += length;
  }
  return OkStatus();
}

Status CheckStreamName(std::string_view name) {
  if (name.empty()) return InvalidArgument("a stream's name cannot be empty");
  REEL_RETURN_IF_ERROR(CheckNote("a stream's name", name));
  if (name.front() == ' ' || name.back() == ' ') {
    return InvalidArgument("a stream's name cannot begin or end with a space: '" +
                           std::string(name) + "'");
  }
  if (name.find('/') != std::string_view::npos) {
    return InvalidArgument("a stream's name cannot hold '/': '" + std::string(name) + "'");
  }
  return OkStatus();
}

}  // namespace reel::format

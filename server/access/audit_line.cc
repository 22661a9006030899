#include "server/access/audit_line.h"

#include <charconv>

#include "engine/base/digest.h"

namespace reel::server {
namespace {

constexpr std::string_view kHead = "{\"n\":";
constexpr std::string_view kPrev = R"(,"prev":")";
constexpr std::string_view kHash = R"(,"hash":")";
constexpr std::string_view kTail = "\"}";
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// Bytes of the UTF-8 character at `at`; 0 if there is none (RFC 3629).
size_t Utf8Length(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at);
  if (lead < 0x80) return 1;
  size_t length = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    if (lead == 0xE0) low = 0xA0;   // shorter forms exist
    if (lead == 0xED) high = 0x9F;  // surrogates
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;  // beyond U+10FFFF
  }
  if (length == 0 || at + length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i) {
    if (byte(at + i) < low || byte(at + i) > high) return 0;
    low = 0x80;
    high = 0xBF;
  }
  return length;
}

void AppendEscaped(std::string_view text, std::string* out) {
  constexpr std::string_view kHex = "0123456789abcdef";
  if (text.size() > kMaxAuditText) text = text.substr(0, kMaxAuditText);
  for (size_t at = 0; at < text.size();) {
    const char c = text[at];
    const auto value = static_cast<unsigned char>(c);
    const size_t length = Utf8Length(text, at);
    if (length == 0) {
      *out += kReplacement;
      ++at;
      continue;
    }
    if (c == '"' || c == '\\') {
      *out += '\\';
      *out += c;
    } else if (value < 0x20 || value == 0x7F) {
      *out += "\\u00";
      *out += kHex[value >> 4];
      *out += kHex[value & 15];
    } else {
      *out += text.substr(at, length);
    }
    at += length;
  }
}

std::string HashOf(std::string_view body) {
  return HexOf(Sha256(std::as_bytes(std::span(body.data(), body.size()))));
}

bool IsHash(std::string_view text) {
  if (text.size() != kAuditHashChars) return false;
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string Nanoseconds(WallTime time) { return FormatWall(time, 9); }

}  // namespace

std::string EncodeAuditLine(const AuditLink& link, WallTime time,
                            const std::vector<AuditField>& fields) {
  std::string line(kHead);
  line += std::to_string(link.number);
  line += kPrev;
  line += link.prev;
  line += R"(","t":")" + Nanoseconds(time) + "\"";
  for (const AuditField& field : fields) {
    line += ",\"";
    line += field.name;
    line += "\":";
    if (field.number) {
      line += field.value;
      continue;
    }
    line += '"';
    AppendEscaped(field.value, &line);
    line += '"';
  }
  const std::string hash = HashOf(line);
  line += kHash;
  line += hash;
  line += kTail;
  return line;
}

std::vector<AuditField> FieldsOf(const AuditRecord& record) {
  std::vector<AuditField> fields;
  const auto text = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) fields.push_back({name, value});
  };
  text("who", record.who);
  text("from", record.from);
  text("what", record.what);
  text("call", record.call);
  text("stream", record.stream);
  if (record.range) {
    text("begin", Nanoseconds(record.range->begin));
    text("end", Nanoseconds(record.range->end));
  }
  text("purpose", record.purpose.purpose);
  text("requester", record.purpose.requester);
  text("performer", record.purpose.performer);
  text("case", record.purpose.case_number);
  text("result", record.result);
  text("reason", record.reason);
  if (record.units != 0) fields.push_back({"units", std::to_string(record.units), true});
  if (record.bytes != 0) fields.push_back({"bytes", std::to_string(record.bytes), true});
  return fields;
}

std::optional<AuditLineEnds> ReadAuditLine(std::string_view line) {
  const size_t end_size = kHash.size() + kAuditHashChars + kTail.size();
  if (line.size() > kMaxAuditLine || line.size() < kHead.size() + end_size) return std::nullopt;
  if (!line.starts_with(kHead) || !line.ends_with(kTail)) return std::nullopt;
  const std::string_view body = line.substr(0, line.size() - end_size);
  const std::string_view end = line.substr(body.size());
  if (!end.starts_with(kHash)) return std::nullopt;
  const std::string_view hash = end.substr(kHash.size(), kAuditHashChars);
  AuditLineEnds ends;
  const char* const number_end = body.data() + body.size();
  const auto [at, error] =
      std::from_chars(body.data() + kHead.size(), number_end, ends.link.number);
  if (error != std::errc{}) return std::nullopt;
  std::string_view rest = body.substr(static_cast<size_t>(at - body.data()));
  if (!rest.starts_with(kPrev)) return std::nullopt;
  rest.remove_prefix(kPrev.size());
  ends.link.prev = rest.substr(0, kAuditHashChars);
  if (!IsHash(ends.link.prev) || !IsHash(hash) || HashOf(body) != hash) return std::nullopt;
  ends.hash = hash;
  return ends;
}

std::optional<std::string> AuditValue(std::string_view line, std::string_view name) {
  const std::string key = ",\"" + std::string(name) + "\":";
  const size_t found = line.find(key);
  if (found == std::string_view::npos) return std::nullopt;
  std::string_view rest = line.substr(found + key.size());
  const bool text = rest.starts_with('"');
  if (text) rest.remove_prefix(1);
  const size_t end = rest.find_first_of(text ? "\"\\" : ",}");
  if (end == std::string_view::npos || rest[end] == '\\') return std::nullopt;
  return std::string(rest.substr(0, end));
}

}  // namespace reel::server

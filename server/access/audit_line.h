// One line of an audit file: JSON, chained by SHA-256.
//
//   {"n":7,"prev":"<hash of line 6>","t":"2026-11-22T21:16:00.250000000Z","who":..,"hash":"<hash>"}
//
// `hash` is over the bytes of the line up to and without `,"hash"`; `prev` stands among those, so
// that whoever changes, removes or adds a line breaks every later one. The chain is read from fixed
// places at both ends of a line, and no JSON is parsed for it.
//
// Thread rule: pure functions. Lines are at most kMaxAuditLine bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reel/time.h"
#include "server/access/audit.h"

namespace reel::server {

inline constexpr size_t kMaxAuditLine = 64U << 10;
inline constexpr size_t kAuditHashChars = 64;
// What the first line of all is chained to.
inline constexpr std::string_view kAuditOrigin =
    "0000000000000000000000000000000000000000000000000000000000000000";

struct AuditField {
  std::string_view name;
  std::string value;
  bool number = false;
};

// What stands in front of who and what.
struct AuditLink {
  uint64_t number = 0;
  std::string prev;
};

// Without its newline. Its hash is its end.
std::string EncodeAuditLine(const AuditLink& link, WallTime time,
                            const std::vector<AuditField>& fields);
std::vector<AuditField> FieldsOf(const AuditRecord& record);

struct AuditLineEnds {
  AuditLink link;
  std::string hash;
};
// nullopt: it has not the shape, or its hash is not that of its bytes.
std::optional<AuditLineEnds> ReadAuditLine(std::string_view line);

// The value of `"name":` of a line that has been read; nullopt if it has none. Numbers and texts
// without escapes alone: for what the log itself writes in a file's first line.
std::optional<std::string> AuditValue(std::string_view line, std::string_view name);

}  // namespace reel::server

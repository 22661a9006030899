// Tables as spreadsheets write them (RFC 4180): a row of names, then rows of values. Fields are
// apart by commas, or by semicolons where the first row has no comma; one in quotes may hold both,
// line ends, and a quote as two. A byte order mark and empty rows are passed over; a byte 0, as in
// UTF-16, is an error.
//
// Thread rule: pure function. Bounds: kMaxCsvBytes, kMaxCsvRows.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "reel/status.h"

namespace reel {

inline constexpr size_t kMaxCsvBytes = 16U << 20;
inline constexpr size_t kMaxCsvRows = 20'000;

struct CsvRow {
  uint32_t line = 0;  // from 1, where it begins
  std::vector<std::string> fields;
};

// The first one has the names. InvalidArgument: "line N: what".
Result<std::vector<CsvRow>> ParseCsv(std::string_view text);

}  // namespace reel

// A table of cameras: whatever stands in the file, it is read or its line named, and nothing
// breaks.
#include <string>
#include <string_view>

#include "engine/base/check.h"
#include "tools/csv.h"

namespace {

// As a spreadsheet would write it: every field in quotes.
std::string Written(const std::vector<reel::CsvRow>& rows) {
  std::string text;
  for (const reel::CsvRow& row : rows) {
    std::string line;
    for (const std::string& field : row.fields) {
      line += line.empty() ? "\"" : ",\"";
      for (const char c : field) line += c == '"' ? std::string("\"\"") : std::string(1, c);
      line += '"';
    }
    text += line + "\n";
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto rows = reel::ParseCsv(text);
  if (!rows.ok()) {
    const std::string why = rows.status().message();
    const bool placed = why.rfind("line ", 0) == 0 || why.rfind("more than ", 0) == 0;
    REEL_CHECK(placed, "a mistake without its place");
    return 0;
  }
  uint32_t line = 0;
  for (const reel::CsvRow& row : *rows) {
    REEL_CHECK(row.line > line, "rows go down");
    REEL_CHECK(!row.fields.empty(), "a row without fields");
    line = row.line;
  }
  REEL_CHECK(rows->size() <= reel::kMaxCsvRows, "the bound holds");
  // What was read is what is read when it is written anew.
  const auto again = reel::ParseCsv(Written(*rows));
  REEL_CHECK(again.ok(), "what was written cannot be read");
  REEL_CHECK(again->size() == rows->size(), "other rows than were written");
  for (size_t i = 0; i < rows->size(); ++i) {
    REEL_CHECK((*again)[i].fields == (*rows)[i].fields, "other fields than were written");
  }
  return 0;
}

#include "tools/csv.h"

#include <algorithm>
#include <utility>

namespace reel {
namespace {

std::string Trimmed(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

// What stands between the fields of the first row: what is in quotes does not count.
char SeparatorOf(std::string_view text) {
  bool quoted = false;
  bool begins = true;  // a field
  bool semicolons = false;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (quoted) {
      const bool pair = c == '"' && at + 1 < text.size() && text[at + 1] == '"';
      if (pair) ++at;
      quoted = pair || c != '"';
      continue;
    }
    if (c == '\n') break;
    if (c == ',') return ',';
    quoted = begins && c == '"';
    semicolons = semicolons || c == ';';
    begins = c == ';';
  }
  return semicolons ? ';' : ',';
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {
    constexpr std::string_view kMark = "\xEF\xBB\xBF";
    if (text_.starts_with(kMark)) text_.remove_prefix(kMark.size());
    separator_ = SeparatorOf(text_);
  }

  Result<std::vector<CsvRow>> Read() {
    std::vector<CsvRow> rows;
    while (at_ < text_.size()) {
      CsvRow row;
      row.line = line_;
      REEL_RETURN_IF_ERROR(ReadRow(&row));
      const bool empty = row.fields.size() == 1 && row.fields[0].empty();
      if (!empty) rows.push_back(std::move(row));
      if (rows.size() > kMaxCsvRows) {
        return InvalidArgument("more than " + std::to_string(kMaxCsvRows) + " rows");
      }
    }
    return rows;
  }

 private:
  bool AtEnd() const { return at_ == text_.size() || text_[at_] == '\n'; }

  Status ReadRow(CsvRow* row) {
    for (;;) {
      std::string field;
      REEL_RETURN_IF_ERROR(ReadField(&field));
      row->fields.push_back(std::move(field));
      if (AtEnd()) break;
      ++at_;  // the separator
    }
    if (at_ < text_.size()) ++at_;
    ++line_;
    return OkStatus();
  }

  Status ReadField(std::string* field) {
    if (at_ < text_.size() && text_[at_] == '"') return ReadQuoted(field);
    while (!AtEnd() && text_[at_] != separator_) *field += text_[at_++];
    if (!field->empty() && field->back() == '\r') field->pop_back();
    *field = Trimmed(*field);
    return OkStatus();
  }

  Status ReadQuoted(std::string* field) {
    const uint32_t begun = line_;
    for (++at_;; ++at_) {
      if (at_ == text_.size()) {
        return InvalidArgument("line " + std::to_string(begun) + ": a quote that does not end");
      }
      if (text_[at_] == '\n') ++line_;
      if (text_[at_] != '"') {
        *field += text_[at_];
        continue;
      }
      if (at_ + 1 == text_.size() || text_[at_ + 1] != '"') break;
      *field += text_[++at_];
    }
    ++at_;
    if (at_ < text_.size() && text_[at_] == '\r') ++at_;
    if (AtEnd() || text_[at_] == separator_) return OkStatus();
    return InvalidArgument("line " + std::to_string(line_) + ": text behind a closing quote");
  }

  std::string_view text_;
  char separator_ = ',';
  size_t at_ = 0;
  uint32_t line_ = 1;
};

}  // namespace

Result<std::vector<CsvRow>> ParseCsv(std::string_view text) {
  if (text.size() > kMaxCsvBytes) {
    return InvalidArgument("longer than " + std::to_string(kMaxCsvBytes) + " bytes");
  }
  const size_t nul = text.find('\0');
  if (nul != std::string_view::npos) {
    const auto line =
        1 + std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(nul), '\n');
    return InvalidArgument("line " + std::to_string(line) +
                           ": holds what is no text; save the table as CSV in UTF-8");
  }
  return Reader(text).Read();
}

}  // namespace reel

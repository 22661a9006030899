// Whether the audit is as it was written: reads every file and follows the chain.
//
// What it finds: a line that was changed, removed, put in or put elsewhere; a file that is gone
// from the middle. What it cannot find is a chain that somebody with the rights to write the files
// made anew from some line on: keep copies, or the last hash, elsewhere.
// Thread rule: one thread at a time.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "server/access/audit_files.h"
#include "server/access/audit_line.h"

namespace reel::server {

struct AuditVerdict {
  struct Broken {
    std::string file;
    uint64_t line = 0;  // of the file, from 1
    std::string why;
  };
  uint64_t files = 0;
  uint64_t lines = 0;              // whole and in the chain
  std::optional<Broken> broken;    // the first
  std::vector<std::string> notes;  // crashes and failed writes that the audit itself tells of
  AuditLink last;                  // of the last line that holds
};

// Errors: files that cannot be read.
Result<AuditVerdict> VerifyAudit(AuditFiles& files);

// Follows the chain through one file's text after another. Never fails on what the bytes are.
class AuditChain {
 public:
  // False: broken, and nothing behind it counts.
  bool AddFile(const std::string& name, std::string_view text);
  AuditVerdict Finish();

 private:
  struct Line {
    AuditLink link;          // its number; its own hash in `prev`
    uint64_t end_bytes = 0;  // of all files' bytes, behind its newline
  };

  bool AddLine(std::string_view line, bool first_of_file);
  bool JoinFile(const AuditLineEnds& ends, std::string_view line);
  bool Break(uint64_t line, std::string why);

  AuditVerdict verdict_;
  std::deque<Line> lines_;  // the last ones: where a file may join
  std::string file_;
  uint64_t file_begin_ = 0;  // of all files' bytes
  uint64_t line_end_ = 0;
  // What did not read as a line: fine at the end of a file if the next one tells of it.
  std::optional<AuditVerdict::Broken> tail_;
};

}  // namespace reel::server

#include "server/access/audit_verify.h"

#include <utility>

#include "server/access/audit_log.h"

namespace reel::server {

bool AuditChain::Break(uint64_t line, std::string why) {
  verdict_.broken = AuditVerdict::Broken{file_, line, std::move(why)};
  return false;
}

bool AuditChain::AddFile(const std::string& name, std::string_view text) {
  if (verdict_.broken) return false;
  file_ = name;
  ++verdict_.files;
  const uint64_t begin = file_begin_;
  file_begin_ += text.size();
  bool first = true;
  uint64_t line_number = 0;
  size_t at = 0;
  while (at < text.size()) {
    ++line_number;
    const size_t end = text.find('\n', at);
    const std::string_view line = text.substr(at, end - at);
    line_end_ = begin + (end == std::string_view::npos ? text.size() : end + 1);
    const bool whole = end != std::string_view::npos && ReadAuditLine(line).has_value();
    if (!whole) {
      // Several files in a row may have been begun and cut short.
      if (!tail_) {
        tail_ = AuditVerdict::Broken{name, line_number,
                                     end == std::string_view::npos
                                         ? "cut short"
                                         : "its hash is not that of its text, or it is no record"};
      }
      // Nothing behind it in this file counts, unless there is more than a crash can leave (A2).
      if (text.size() - at > kMaxAuditBatch) {
        return Break(tail_->line, tail_->why);
      }
      return true;
    }
    if (!AddLine(line, std::exchange(first, false))) {
      if (verdict_.broken->line == 0) verdict_.broken->line = line_number;
      return false;
    }
    at = end + 1;
  }
  return true;
}

bool AuditChain::AddLine(std::string_view line, bool first_of_file) {
  const AuditLineEnds ends = *ReadAuditLine(line);
  if (first_of_file) {
    if (!JoinFile(ends, line)) return false;
  } else {
    const AuditLink& before = verdict_.last;
    if (ends.link.prev != before.prev || ends.link.number != before.number + 1) {
      return Break(0, "it does not follow line " + std::to_string(before.number) +
                          " of the audit: one was removed, added or moved");
    }
  }
  ++verdict_.lines;
  verdict_.last = {ends.link.number, ends.hash};
  lines_.push_back({verdict_.last, line_end_});
  // Further back no file can join (A2).
  while (lines_.front().end_bytes + 2 * kMaxAuditBatch < line_end_) lines_.pop_front();
  return true;
}

// The first line of a file says behind which line it goes on.
bool AuditChain::JoinFile(const AuditLineEnds& ends, std::string_view line) {
  if (verdict_.lines == 0 && !tail_) {
    if (ends.link.prev != kAuditOrigin) {
      verdict_.notes.push_back("the audit begins with record " + std::to_string(ends.link.number) +
                               ": files before " + file_ + " are not here");
    }
    return true;
  }
  const bool joins = AuditValue(line, "what") == "audit-file";
  while (!lines_.empty() && lines_.back().link.number >= ends.link.number) {
    lines_.pop_back();
    --verdict_.lines;
  }
  const bool at_origin = lines_.empty() && ends.link.prev == kAuditOrigin;
  const bool follows = !lines_.empty() && lines_.back().link.number + 1 == ends.link.number &&
                       lines_.back().link.prev == ends.link.prev;
  const uint64_t end = lines_.empty() ? 0 : lines_.back().end_bytes;
  const uint64_t file_begins_at = line_end_ - line.size() - 1;
  const uint64_t left = file_begins_at - end;
  if (!joins || !(follows || at_origin) || left > kMaxAuditBatch) {
    if (tail_) {
      file_ = tail_->file;
      return Break(tail_->line, tail_->why);
    }
    return Break(0, "it does not follow the file before it");
  }
  if (left > 0) {
    verdict_.notes.push_back(std::to_string(left) + " bytes before " + file_ +
                             " were never acknowledged: a crash or a failed write");
  }
  tail_.reset();
  return true;
}

AuditVerdict AuditChain::Finish() {
  if (tail_ && !verdict_.broken) {
    verdict_.notes.push_back(tail_->file + " line " + std::to_string(tail_->line) + ": " +
                             tail_->why +
                             "; it is being written, or a crash that no start has told of yet");
  }
  return std::move(verdict_);
}

Result<AuditVerdict> VerifyAudit(AuditFiles& files) {
  REEL_ASSIGN_OR_RETURN(const std::vector<std::string> names, files.List());
  AuditChain chain;
  for (const std::string& name : names) {
    REEL_ASSIGN_OR_RETURN(const std::string text, files.Read(name, kMaxAuditFile + kMaxAuditBatch));
    if (!chain.AddFile(name, text)) break;
  }
  return chain.Finish();
}

}  // namespace reel::server

// AuditFiles: the seam between the audit and the disk. Files are added to a directory and grow at
// their end; nothing is ever removed or written twice.
//
// Thread rule: one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "reel/status.h"

namespace reel::server {

class AuditFile {
 public:
  virtual ~AuditFile() = default;
  // Behind what is there. An error leaves it open what of `bytes` is in the file.
  virtual Status Append(std::string_view bytes) = 0;
  // Durable on success: all that was appended. Never tried again after an error.
  virtual Status Sync() = 0;
};

class AuditFiles {
 public:
  virtual ~AuditFiles() = default;
  // Names of audit files, ascending.
  virtual Result<std::vector<std::string>> List() = 0;
  // ResourceExhausted: longer than `max_bytes`.
  virtual Result<std::string> Read(const std::string& name, size_t max_bytes) = 0;
  // A new, empty file; its name is durable on return.
  virtual Result<std::unique_ptr<AuditFile>> Create(const std::string& name) = 0;
};

// "audit-000001.jsonl"; names of other shapes are none of the audit's.
std::string AuditFileName(uint32_t number);
// 0: no audit file.
uint32_t AuditFileNumber(std::string_view name);

// Of a real directory, which is made (0700) if it is not there; files are 0600. Kept open: what is
// mounted over it later does not matter.
Result<std::unique_ptr<AuditFiles>> OpenAuditDirectory(const std::string& path);

}  // namespace reel::server

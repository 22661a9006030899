// Audit files of any content: the text before the first 00 is one file, what is behind it the next.
// The chain never accepts a line whose hash is not that of its bytes.
#include <cstdint>
#include <string_view>

#include "engine/base/check.h"
#include "server/access/audit_verify.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  reel::server::AuditChain chain;
  uint64_t newlines = 0;
  for (uint32_t number = 1; !rest.empty(); ++number) {
    const std::string_view text = rest.substr(0, rest.find('\0'));
    for (const char c : text) newlines += c == '\n' ? 1 : 0;
    if (!chain.AddFile(reel::server::AuditFileName(number), text)) break;
    rest.remove_prefix(std::min(rest.size(), text.size() + 1));
  }
  const reel::server::AuditVerdict verdict = chain.Finish();
  REEL_CHECK(verdict.lines <= newlines, "a line that holds ends with a newline");
  return 0;
}

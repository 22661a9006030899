// Ledger records: what decodes survives being written again, and holds no name that is refused.
#include "engine/format/ledger_record.h"

#include "engine/base/bytes.h"
#include "fuzz/format_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const reel::Bytes bytes = reel::FuzzBytes(data, size);
  const std::string_view text = reel::AsText(bytes);
  if (reel::format::CheckStreamName(text).ok()) {
    REEL_CHECK(!text.empty() && text.find('/') == std::string_view::npos, "a proper name");
  }
  const auto record = reel::format::DecodeLedgerRecord(bytes);
  if (!record.ok()) return 0;
  const auto again = reel::format::DecodeLedgerRecord(reel::format::EncodeLedgerRecord(*record));
  REEL_CHECK(again.ok() && *again == *record, "the record survives");
  return 0;
}

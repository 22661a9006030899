#include "tools/exporter.h"

#include <algorithm>

#include "engine/base/digest.h"
#include "tools/output_file.h"
#include "tools/time_args.h"

namespace reel {
namespace {

constexpr size_t kCopyBytes = 1U << 20;

size_t CountHidden(const VirtualMp4& file) {
  size_t hidden = 0;
  for (size_t i = 0; i < file.frame_count(); ++i) hidden += file.frame(i).shown ? 0U : 1U;
  return hidden;
}

}  // namespace

Result<Sha256Digest> CopyOut(VirtualMp4& file, const ByteSink& sink, const Interrupt& interrupt) {
  Bytes buffer(kCopyBytes);
  Sha256Stream digest;
  for (uint64_t at = 0; at < file.size_bytes();) {
    if (interrupt.requested()) {
      return Status(Code::kCancelled, "export stopped by a signal; nothing of it was kept");
    }
    REEL_ASSIGN_OR_RETURN(const size_t got, file.Read(at, buffer));
    const ByteSpan bytes = ByteSpan(buffer).first(got);
    digest.Put(bytes);
    REEL_RETURN_IF_ERROR(sink(bytes));
    at += got;
  }
  return digest.Finish();
}

Result<Sha256Digest> WriteOut(VirtualMp4& file, const std::string& path, bool replace,
                              const Interrupt& interrupt) {
  REEL_ASSIGN_OR_RETURN(OutputFile out, OutputFile::Create(path, replace));
  const ByteSink sink = [&out](ByteSpan bytes) { return out.Write(bytes); };
  REEL_ASSIGN_OR_RETURN(const Sha256Digest digest, CopyOut(file, sink, interrupt));
  REEL_RETURN_IF_ERROR(out.Commit());
  return digest;
}

Json ExportJson(const VirtualMp4& file, const std::string& path) {
  const ExportInfo& info = file.info();
  Json json{{"file", path},
            {"stream", info.name},
            {"id", ToString(info.stream)},
            {"units", file.frame_count()},
            {"hidden", CountHidden(file)},
            {"bytes", info.unit_bytes},
            {"runs", info.runs.size()},
            {"range", RangeJson(info.given)},
            {"media_type", file.media_type()},
            {"identity", file.identity()},
            {"gaps", Json::array()},
            {"damage", info.damage},
            {"notes", info.notes}};
  for (const GapRow& gap : info.gaps) {
    Json item = RangeJson({gap.begin, gap.end});
    item["cause"] = std::string(GapCauseName(gap.cause));
    json["gaps"].push_back(std::move(item));
  }
  return json;
}

void PrintExport(const VirtualMp4& file, const std::string& path) {
  const ExportInfo& info = file.info();
  PrintLine(path + "  " + info.name + "  " + RangeText(info.given) + "  " +
            Count(file.frame_count(), "unit") + "  " + FormatSize(info.unit_bytes));
  if (const size_t hidden = CountHidden(file); hidden > 0) {
    PrintLine("    " + Count(hidden, "unit") + " hidden: needed to decode, or outside the range");
  }
  for (const GapRow& gap : info.gaps) {
    PrintLine("    gap " + RangeText({gap.begin, gap.end}) + "  " +
              FormatDuration(gap.end - gap.begin) + "  " + std::string(GapCauseName(gap.cause)));
  }
  for (const std::string& note : info.notes) PrintLine("    note: " + OneLine(note));
  for (const std::string& damage : info.damage) PrintLine("    damaged: " + OneLine(damage));
}

}  // namespace reel

#include "tools/exporter.h"

#include <algorithm>

#include "engine/base/digest.h"
#include "tools/output_file.h"
#include "tools/progress.h"
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

Status CopyOut(VirtualMp4& file, const ByteSink& sink, const Interrupt& interrupt) {
  Bytes buffer(kCopyBytes);
  Progress progress({file.info().name, 0, file.size_bytes(), true, ""});
  for (uint64_t at = 0; at < file.size_bytes();) {
    if (interrupt.requested()) {
      return Status(Code::kCancelled, "export stopped by a signal; nothing of it was kept");
    }
    REEL_ASSIGN_OR_RETURN(const size_t got, file.Read(at, buffer));
    REEL_RETURN_IF_ERROR(sink(ByteSpan(buffer).first(got)));
    at += got;
    progress.Update(at);
  }
  return OkStatus();
}

Result<WrittenFile> WriteOut(const std::string& path, bool replace,
                             const std::function<Status(const ByteSink&)>& write) {
  REEL_ASSIGN_OR_RETURN(OutputFile out, OutputFile::Create(path, replace));
  WrittenFile written;
  Sha256Stream digest;
  const ByteSink sink = [&](ByteSpan bytes) {
    digest.Put(bytes);
    written.bytes += bytes.size();
    return out.Write(bytes);
  };
  REEL_RETURN_IF_ERROR(write(sink));
  REEL_RETURN_IF_ERROR(out.Commit());
  written.digest = digest.Finish();
  return written;
}

Json GapJson(const GapRow& gap) {
  Json json = RangeJson({gap.begin, gap.end});
  json["cause"] = std::string(GapCauseName(gap.cause));
  if (gap.units_lost > 0) json["units_lost"] = gap.units_lost;
  return json;
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
  for (const GapRow& gap : info.gaps) json["gaps"].push_back(GapJson(gap));
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

#include "tools/import_files.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <thread>

#include "tools/print.h"
#include "tools/progress.h"
#include "tools/time_args.h"

namespace reel {
namespace {

namespace fs = std::filesystem;

// Files at once: paced ones must all run; others are bound by the disk long before.
constexpr size_t kMaxPacedFiles = 512;
constexpr size_t kMaxBulkThreads = 16;

// Standard input comes once, to one stream, which nothing but the caller can name.
Status CheckStandardInput(const std::vector<ImportPlan>& plans) {
  size_t count = 0;
  for (const ImportPlan& plan : plans) {
    if (plan.path != kStandardInput) continue;
    if (plan.stream == kStandardInput)
      return InvalidArgument("standard input needs a stream to go to: NAME=-");
    if (plan.keep_origin) {
      return InvalidArgument(
          "standard input cannot be imported, where it came from is not known: "
          "'reel record' takes it, or save it to a file first");
    }
    if (plan.repeat)
      return InvalidArgument("standard input cannot be repeated: leave --loop and --for out");
    if (++count > 1) return InvalidArgument("standard input can go to one stream alone");
  }
  return OkStatus();
}

Status CheckNames(const std::vector<ImportPlan>& plans) {
  std::map<std::string, std::string> taken;  // stream -> path
  for (const ImportPlan& plan : plans) {
    const auto [at, fresh] = taken.emplace(plan.stream, plan.path);
    if (fresh) continue;
    return InvalidArgument(at->second + " and " + plan.path + " both go to stream '" + plan.stream +
                           "': name the streams, NAME=FILE");
  }
  return OkStatus();
}

void PrintReport(const ImportPlan& plan, const ImportReport& report, bool json) {
  const bool any = report.units > 0;
  if (json) {
    Json line{{"event", "end"},
              {"stream", plan.stream},
              {"id", ToString(report.stream)},
              {"run", ToString(report.run)},
              {"file", plan.path},
              {"units", report.units},
              {"bytes", report.bytes},
              {"units_shed", report.units_shed},
              {"durable", report.durable.value},
              {"notes", report.notes}};
    if (any) line["range"] = RangeJson(report.range);
    line["status"] = std::string(CodeName(report.status.code()));
    PrintJson(line);
    return;
  }
  if (any) {
    std::string line = plan.stream + "  " + Count(report.units, "unit") + "  " +
                       FormatSize(report.bytes) + "  " + RangeText(report.range);
    for (const TrackInfo& track : report.tracks) line += "  " + TrackText(track);
    const bool whole = report.durable.value >= report.units + report.units_shed;
    line += whole ? "  durable" : "  durable up to unit " + std::to_string(report.durable.value);
    if (report.units_shed != 0) line += "  shed " + Count(report.units_shed, "unit");
    PrintLine(line);
  }
  for (const std::string& note : report.notes) PrintMessage("note: " + plan.path + ": " + note);
}

// What the files hold together, for the progress; 0 where they are repeated.
uint64_t BytesToRead(const std::vector<ImportPlan>& plans) {
  uint64_t bytes = 0;
  for (const ImportPlan& plan : plans) {
    std::error_code error;
    const uint64_t size = fs::file_size(plan.path, error);
    if (plan.repeat) return 0;
    if (!error) bytes += size;
  }
  return bytes;
}

std::vector<ImportReport> ImportAll(Store& store, const Interrupt& interrupt,
                                    const std::vector<ImportPlan>& plans, const std::string& what) {
  std::vector<ImportReport> reports(plans.size());
  ImportProgress progress;
  std::atomic<size_t> next = 0;
  std::atomic<size_t> threads_done = 0;
  const auto work = [&] {
    for (size_t i = next++; i < plans.size(); i = next++) {
      reports[i] = Importer(store, interrupt, plans[i], progress).Run();
    }
    ++threads_done;
  };
  const size_t count =
      plans.front().pace > 0 ? plans.size() : std::min(plans.size(), kMaxBulkThreads);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < count; ++i) threads.emplace_back(work);
  {
    Progress shown({what, 0, BytesToRead(plans), true, ""});
    constexpr Duration kLookEvery = std::chrono::milliseconds{100};
    while (threads_done < count && !interrupt.WaitFor(kLookEvery)) {
      shown.Update(progress.bytes.load());
    }
  }
  for (std::thread& thread : threads) thread.join();
  return reports;
}

}  // namespace

ImportPlan PlanOfFile(const std::string& text) {
  ImportPlan plan;
  std::error_code error;
  const size_t equals = text.find('=');
  const bool pair = equals != std::string::npos && equals > 0 && !fs::exists(text, error);
  plan.path = pair ? text.substr(equals + 1) : text;
  plan.stream = pair ? text.substr(0, equals) : fs::path(text).stem().string();
  return plan;
}

Status CheckPlans(const std::vector<ImportPlan>& plans) {
  if (plans.front().pace > 0 && plans.size() > kMaxPacedFiles) {
    return InvalidArgument(std::to_string(plans.size()) +
                           " files cannot keep pace at once: give at most " +
                           std::to_string(kMaxPacedFiles));
  }
  REEL_RETURN_IF_ERROR(CheckStandardInput(plans));
  return CheckNames(plans);
}

Status ImportAndReport(NodeSession& session, const Interrupt& interrupt,
                       std::vector<ImportPlan> plans, const ImportManner& manner) {
  if (manner.json) {
    for (ImportPlan& plan : plans) {
      plan.on_durable = [stream = plan.stream](UnitNumber end) {
        PrintJson({{"event", "durable"}, {"stream", stream}, {"units", end.value}});
      };
    }
  }
  const std::vector<ImportReport> reports =
      ImportAll(session.store(), interrupt, plans, manner.what);
  // Before anything is reported: nothing becomes durable afterwards.
  const Status closed = session.Close();
  Status first;
  for (size_t i = 0; i < plans.size(); ++i) {
    PrintReport(plans[i], reports[i], manner.json);
    const Status& status = reports[i].status;
    if (status.ok()) continue;
    if (!first.ok() && status.code() != Code::kCancelled) PrintMessage(status.message());
    if (first.ok()) first = status;
  }
  if (first.code() == Code::kCancelled) {
    return {Code::kCancelled, manner.what + " stopped by a signal; what was accepted is durable"};
  }
  return first.ok() ? closed : first;
}

}  // namespace reel

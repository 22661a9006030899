// reel verify: reads and checks every stored byte.
#include "tools/command.h"
#include "tools/node_session.h"
#include "tools/place.h"
#include "tools/print.h"
#include "tools/store_check.h"
#include "tools/terminal.h"
#include "tools/time_args.h"

namespace reel {
namespace {

struct VerifyArgs {
  Place place;
  bool json = false;
};

Status RunVerify(const VerifyArgs& args) {
  const Interrupt interrupt;
  REEL_ASSIGN_OR_RETURN(const auto session, NodeSession::OpenForReading(args.place));
  CheckPlan plan;
  plan.what = "verify";
  REEL_ASSIGN_OR_RETURN(const CheckResult result, CheckStore(session->store(), plan, interrupt));
  const Store::VerifyReport& report = result.report;
  const std::vector<std::string>& problems = result.problems;
  if (args.json) {
    PrintJson({{"segments", report.segments},
               {"chunks", report.chunks},
               {"bytes", report.bytes},
               {"whole", !report.stopped},
               {"problems", problems}});
  } else {
    for (const std::string& problem : problems) {
      PrintLine(Painted(Colour::kRed, "problem: ") + OneLine(problem));
    }
    const std::string verdict = problems.empty()
                                    ? Painted(Colour::kGreen, "sound")
                                    : Painted(Colour::kRed, Count(problems.size(), "problem"));
    PrintLine("verified " + Count(report.segments, "segment") + ", " +
              Count(report.chunks, "chunk") + ", " + FormatSize(report.bytes) + ": " + verdict);
  }
  if (!problems.empty()) {
    return DataLoss(args.place.name() + ": " + Count(problems.size(), "problem") +
                    " found, the first: " + problems.front());
  }
  if (result.interrupted) return {Code::kCancelled, "verify stopped by a signal, not all was read"};
  return OkStatus();
}

}  // namespace

void AddVerify(CLI::App& app, Action* chosen) {
  auto args = std::make_shared<VerifyArgs>();
  CLI::App& verb = *app.add_subcommand(
      "verify", "Read everything and check it; exit code 4 if anything is wrong");
  AddPlaceOptions(verb, &args->place);
  AddJsonFlag(verb, &args->json);
  SetExamples(verb,
              {{"verify --node /var/lib/reel", "every stored byte, as fast as the disks read"}});
  OnChosen(verb, args, RunVerify, chosen);
}

}  // namespace reel

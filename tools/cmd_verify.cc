// reel verify: reads and checks every stored byte.
#include "tools/command.h"
#include "tools/node_session.h"
#include "tools/print.h"
#include "tools/time_args.h"

namespace reel {
namespace {

struct VerifyArgs {
  std::string node;
  bool json = false;
};

Status RunVerify(const VerifyArgs& args) {
  REEL_ASSIGN_OR_RETURN(const auto session, NodeSession::OpenForReading(args.node));
  std::vector<std::string> problems;
  REEL_ASSIGN_OR_RETURN(
      const Store::VerifyReport report,
      session->store().Verify([&](const std::string& problem) { problems.push_back(problem); }));
  if (args.json) {
    PrintJson({{"segments", report.segments},
               {"chunks", report.chunks},
               {"bytes", report.bytes},
               {"problems", problems}});
  } else {
    for (const std::string& problem : problems) PrintLine("problem: " + OneLine(problem));
    const std::string verdict = problems.empty() ? "sound" : Count(problems.size(), "problem");
    PrintLine("verified " + Count(report.segments, "segment") + ", " +
              Count(report.chunks, "chunk") + ", " + FormatSize(report.bytes) + ": " + verdict);
  }
  if (problems.empty()) return OkStatus();
  return DataLoss(args.node + ": " + Count(problems.size(), "problem") +
                  " found, the first: " + problems.front());
}

}  // namespace

void AddVerify(CLI::App& app, Action* chosen) {
  auto args = std::make_shared<VerifyArgs>();
  CLI::App& verb = *app.add_subcommand(
      "verify", "Read everything and check it; exit code 4 if anything is wrong");
  AddNodeOption(verb, &args->node);
  AddJsonFlag(verb, &args->json);
  OnChosen(verb, args, RunVerify, chosen);
}

}  // namespace reel

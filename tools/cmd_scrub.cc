// reel scrub: verify in portions, at a capped rate, from where it was.
#include "tools/command.h"
#include "tools/local_time.h"
#include "tools/node_session.h"
#include "tools/place.h"
#include "tools/print.h"
#include "tools/scrub_state.h"
#include "tools/terminal.h"
#include "tools/time_args.h"

namespace reel {
namespace {

// A kill loses at most what was checked since.
constexpr Duration kSaveEvery = std::chrono::seconds{10};

struct ScrubArgs {
  std::string node;
  std::string rate = "32M";
  std::string length;
  std::string every;
  bool anew = false;
  bool status = false;
  bool json = false;
};

std::string RoundText(const ScrubRound& round) {
  return LocalText(round.begun, 0) + (round.ended ? " .. " + LocalText(*round.ended, 0) : "") +
         "  " + Count(round.segments, "segment") + ", " + FormatSize(round.bytes) + ": " +
         (round.problems == 0 ? Painted(Colour::kGreen, "sound")
                              : Painted(Colour::kRed, Count(round.problems, "problem")));
}

void PrintState(const ScrubState& state, const std::vector<std::string>& problems, bool json) {
  if (json) {
    Json document{{"problems", problems}};
    if (state.now) document["now"] = RoundJson(*state.now);
    if (state.last) document["last"] = RoundJson(*state.last);
    PrintJson(document);
    return;
  }
  for (const std::string& problem : problems) {
    PrintLine(Painted(Colour::kRed, "problem: ") + OneLine(problem));
  }
  if (state.now) PrintLine("under way   " + RoundText(*state.now));
  if (state.last) PrintLine("last round  " + RoundText(*state.last));
  if (!state.now && !state.last) PrintLine("never scrubbed");
}

void AddReport(const Store::VerifyReport& report, ScrubRound* round) {
  round->segments += report.segments;
  round->bytes += report.bytes;
  round->problems += report.problems;
}

// Whether a new round may wait: the last one began less than `every` ago.
bool NothingDue(const ScrubState& state, Duration every, WallTime now) {
  return !state.now && state.last && now - state.last->begun < every;
}

Result<CheckPlan> PlanOf(const ScrubArgs& args) {
  CheckPlan plan;
  plan.what = "scrub";
  REEL_ASSIGN_OR_RETURN(plan.bytes_per_second, ParseSize(args.rate));
  if (plan.bytes_per_second == 0) return InvalidArgument("--rate must be above 0, as in 32M");
  if (!args.length.empty()) {
    REEL_ASSIGN_OR_RETURN(plan.length, ParseDuration(args.length));
  }
  return plan;
}

Status RunScrub(const ScrubArgs& args) {
  REEL_ASSIGN_OR_RETURN(CheckPlan plan, PlanOf(args));
  Duration every{0};
  if (!args.every.empty()) {
    REEL_ASSIGN_OR_RETURN(every, ParseDuration(args.every));
  }
  const Interrupt interrupt;
  REEL_ASSIGN_OR_RETURN(const auto session, NodeSession::OpenForReading(args.node));
  ScrubState state = LoadScrub(args.node);
  const WallTime now = SystemClock().WallNow();
  if (args.status || (!args.anew && NothingDue(state, every, now))) {
    PrintState(state, {}, args.json);
    return OkStatus();
  }
  if (args.anew || !state.now) {
    state.now = ScrubRound{now, {}, 0, 0, 0};
    state.checked.clear();
  }
  const ScrubRound before = *state.now;
  MonoTime saved = SystemClock().MonoNow();
  plan.checked = state.checked;
  plan.on_segment = [&](const CheckedUpTo& checked, const Store::VerifyReport& report) {
    if (SystemClock().MonoNow() - saved < kSaveEvery) return;
    state.now = before;
    AddReport(report, &*state.now);
    state.checked = checked;
    // One that cannot be saved now is tried at the end, and told then.
    if (SaveScrub(args.node, state).ok()) saved = SystemClock().MonoNow();
  };
  REEL_ASSIGN_OR_RETURN(const CheckResult result, CheckStore(session->store(), plan, interrupt));
  state.now = before;
  AddReport(result.report, &*state.now);
  state.checked = result.checked;
  if (!result.report.stopped) {
    state.now->ended = SystemClock().WallNow();
    state.last = std::exchange(state.now, std::nullopt);
    state.checked.clear();
  }
  REEL_RETURN_IF_ERROR(SaveScrub(args.node, state));
  PrintState(state, result.problems, args.json);
  if (!result.problems.empty()) {
    return DataLoss(args.node + ": " + Count(result.problems.size(), "problem") +
                    " found, the first: " + result.problems.front());
  }
  if (result.interrupted) {
    return {Code::kCancelled, "scrub stopped by a signal; the next one goes on from here"};
  }
  return OkStatus();
}

}  // namespace

void AddScrub(CLI::App& app, Action* chosen) {
  auto args = std::make_shared<ScrubArgs>();
  CLI::App& verb = *app.add_subcommand(
      "scrub", "Verify at a capped rate, in portions, going on where it was; for a timer");
  AddNodeOption(verb, &args->node);
  verb.add_option("--rate", args->rate, "Bytes a second at most (default: 32M)")->type_name("SIZE");
  verb.add_option("--for", args->length, "Stop after that long")->type_name("DURATION");
  verb.add_option("--every", args->every,
                  "Do nothing if the last whole round began less than that long ago")
      ->type_name("DURATION");
  verb.add_flag("--anew", args->anew, "Begin a new round instead of going on");
  verb.add_flag("--status", args->status, "Only say how far it is");
  RefuseServer(verb,
               "how far it is stands in the state directory: give --node there, beside reeld, or "
               "'reel verify --server'");
  AddJsonFlag(verb, &args->json);
  SetExamples(verb, {{"scrub --node /var/lib/reel --for 2h --rate 20M --every 14d",
                      "each night from a timer: two hours of it, a round in two weeks at most"},
                     {"scrub --node /var/lib/reel --status", "how far it is"}});
  OnChosen(verb, args, RunScrub, chosen);
}

}  // namespace reel

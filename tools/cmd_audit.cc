// reel audit verify: whether a reeld's audit is as it was written.
#include <filesystem>

#include "server/access/audit_files.h"
#include "server/access/audit_verify.h"
#include "tools/command.h"
#include "tools/place.h"
#include "tools/print.h"
#include "tools/terminal.h"

namespace reel {
namespace {

struct AuditArgs {
  std::string directory;
  bool json = false;
};

Status RunVerifyAudit(const AuditArgs& args) {
  // Opening it for writing would make it.
  std::error_code error;
  if (!std::filesystem::is_directory(args.directory, error))
    return NotFound(args.directory +
                    ": no such directory; [audit] of reeld's configuration names it");
  REEL_ASSIGN_OR_RETURN(const auto files, server::OpenAuditDirectory(args.directory));
  REEL_ASSIGN_OR_RETURN(const server::AuditVerdict verdict, server::VerifyAudit(*files));
  if (verdict.lines == 0 && !verdict.broken)
    return NotFound(args.directory + " holds no whole line of an audit");
  const std::string& last = verdict.last.prev;
  if (args.json) {
    Json json{{"files", verdict.files},
              {"lines", verdict.lines},
              {"sound", !verdict.broken.has_value()},
              {"last_hash", last},
              {"notes", verdict.notes}};
    if (verdict.broken) {
      json["broken"] = {{"file", verdict.broken->file},
                        {"line", verdict.broken->line},
                        {"why", verdict.broken->why}};
    }
    PrintJson(json);
  } else {
    for (const std::string& note : verdict.notes) PrintLine("note: " + OneLine(note));
    PrintLine(
        Count(verdict.lines, "line") + " in " + Count(verdict.files, "file") + ": " +
        (verdict.broken ? Painted(Colour::kRed, "broken") : Painted(Colour::kGreen, "sound")));
    PrintLine("last hash " + last + "; keep it elsewhere to know later that nothing was rewritten");
  }
  if (!verdict.broken) return OkStatus();
  return DataLoss(args.directory + "/" + verdict.broken->file + " line " +
                  std::to_string(verdict.broken->line) + ": " + verdict.broken->why +
                  "; nothing behind it counts");
}

}  // namespace

void AddAudit(CLI::App& app, Action* chosen) {
  auto args = std::make_shared<AuditArgs>();
  CLI::App& audit = *app.add_subcommand("audit", "Who did what on a reeld");
  audit.require_subcommand(1);
  SetExamples(audit, {{"audit verify /var/lib/reel/audit", "is it as it was written?"}});
  CLI::App& verify = *audit.add_subcommand(
      "verify",
      "Follow the chain through an audit; exit code 4 names the first line that breaks it");
  verify.add_option("directory", args->directory, "The audit's, [audit] of reeld's configuration")
      ->required()
      ->type_name("DIR");
  RefuseServer(verify,
               "who checks an audit does not ask its writer: give the directory, or a copy of it");
  AddJsonFlag(verify, &args->json);
  SetExamples(verify, {{"audit verify /var/lib/reel/audit", "every line, from the first"}});
  OnChosen(verify, args, RunVerifyAudit, chosen);
}

}  // namespace reel

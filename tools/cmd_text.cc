// reel completion, reel man: the command described by its own definitions.
#include "tools/command.h"
#include "tools/command_text.h"
#include "tools/place.h"
#include "tools/print.h"

namespace reel {
namespace {

struct CompletionArgs {
  const CLI::App* app = nullptr;
  std::string shell;
};
struct ManArgs {
  const CLI::App* app = nullptr;
};

std::string WithoutLastNewline(std::string text) {
  if (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

Status RunCompletion(const CompletionArgs& args) {
  PrintLine(WithoutLastNewline(args.shell == "zsh" ? ZshCompletion(*args.app)
                                                   : BashCompletion(*args.app)));
  return OkStatus();
}

Status RunMan(const ManArgs& args) {
  PrintLine(WithoutLastNewline(ManPage(*args.app)));
  return OkStatus();
}

}  // namespace

void AddCompletion(CLI::App& app, Action* chosen) {
  auto args = std::make_shared<CompletionArgs>();
  args->app = &app;
  CLI::App& verb = *app.add_subcommand("completion", "Print completion for a shell, to be sourced");
  verb.add_option("shell", args->shell, "bash or zsh")
      ->required()
      ->type_name("SHELL")
      ->check(CLI::IsMember({"bash", "zsh"}));
  RefuseServer(verb, "it asks no node: leave --server away");
  SetExamples(verb, {{"completion bash > /etc/bash_completion.d/reel", "for every user"}});
  OnChosen(verb, args, RunCompletion, chosen);
}

void AddMan(CLI::App& app, Action* chosen) {
  auto args = std::make_shared<ManArgs>();
  args->app = &app;
  CLI::App& verb = *app.add_subcommand("man", "Print the man page");
  RefuseServer(verb, "it asks no node: leave --server away");
  SetExamples(verb, {{"man | man -l -", "read it"}});
  OnChosen(verb, args, RunMan, chosen);
}

}  // namespace reel

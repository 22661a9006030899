#include "tools/command_text.h"

#include <sstream>
#include <vector>

namespace reel {
namespace {

std::vector<const CLI::App*> VerbsOf(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

std::vector<const CLI::Option*> OptionsOf(const CLI::App& app) {
  // Those without a group are not shown.
  return app.get_options([](const CLI::Option* option) { return !option->get_group().empty(); });
}

// For roff: nothing at the beginning of a line or behind a backslash is a command.
std::string Escaped(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\') escaped += "\\e";
    if (c == '-') escaped += "\\-";
    if (c != '\\' && c != '-') escaped += c;
  }
  const bool command = !escaped.empty() && (escaped[0] == '.' || escaped[0] == '\'');
  return command ? "\\&" + escaped : escaped;
}

std::string OneLineOf(const std::string& text) {
  std::string line = text;
  for (char& c : line) c = c == '\n' ? ' ' : c;
  return line;
}

void PutOption(const CLI::Option& option, std::ostream& out) {
  const std::string type = option.get_type_name();
  std::string head = "\\fB" + Escaped(option.get_name(option.get_positional(), true)) + "\\fR";
  if (!type.empty() && option.get_items_expected_max() > 0)
    head += " \\fI" + Escaped(type) + "\\fR";
  out << ".TP\n" << head << "\n" << Escaped(OneLineOf(option.get_description())) << "\n";
}

// Lines as they stand.
void PutVerbatim(const std::string& text, std::ostream& out) {
  out << ".nf\n";
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) out << Escaped(line) << "\n";
  out << ".fi\n";
}

void PutVerb(const CLI::App& verb, const std::string& name, std::ostream& out) {
  out << ".SS " << Escaped(name) << "\n" << Escaped(OneLineOf(verb.get_description())) << ".\n";
  const std::vector<const CLI::App*> below = VerbsOf(verb);
  if (below.empty()) {
    for (const CLI::Option* option : OptionsOf(verb)) PutOption(*option, out);
    out << ".PP\n";
    PutVerbatim(verb.get_footer(), out);
  }
  for (const CLI::App* sub : below) PutVerb(*sub, name + " " + sub->get_name(), out);
}

std::string WordsOf(const CLI::App& verb) {
  std::string words;
  for (const CLI::App* sub : VerbsOf(verb)) words += (words.empty() ? "" : " ") + sub->get_name();
  for (const CLI::Option* option : OptionsOf(verb)) {
    for (const std::string& name : option->get_lnames()) {
      words += (words.empty() ? "--" : " --") + name;
    }
  }
  return words;
}

// "streams rename" and the words that may follow it.
void PutCases(const CLI::App& app, const std::string& path, std::ostream& out) {
  out << "    '" << path << "') words='" << WordsOf(app) << "' ;;\n";
  for (const CLI::App* sub : VerbsOf(app)) {
    PutCases(*sub, path + (path.empty() ? "" : " ") + sub->get_name(), out);
  }
}

// The paths of verbs that take the name of a stream.
void PutStreamVerbs(const CLI::App& app, const std::string& path, std::ostream& out) {
  for (const CLI::Option* option : OptionsOf(app)) {
    const bool stream = option->get_positional() && option->get_type_name() == "STREAM";
    if (stream) out << "|" << path;
  }
  for (const CLI::App* sub : VerbsOf(app)) {
    PutStreamVerbs(*sub, path + (path.empty() ? "" : " ") + sub->get_name(), out);
  }
}

}  // namespace

std::string ManPage(const CLI::App& app) {
  std::ostringstream out;
  out << ".TH REEL 1\n.SH NAME\nreel \\- " << Escaped(app.get_description())
      << "\n.SH SYNOPSIS\n.B reel\n\\fIVERB\\fR [\\fIOPTIONS\\fR] [\\fIARGUMENTS\\fR]\n"
      << ".SH DESCRIPTION\n";
  PutVerbatim(app.get_footer(), out);
  out << ".PP\nPrinted as JSON (\\fB\\-\\-json\\fR), a result keeps its names and types from "
         "version to version.\n.SH VERBS\n";
  for (const CLI::App* verb : VerbsOf(app)) PutVerb(*verb, verb->get_name(), out);
  out << ".SH ENVIRONMENT\n"
         ".TP\n\\fBREEL_NODE\\fR\nThe state directory, where \\-\\-node is not given.\n"
         ".TP\n\\fBTZ\\fR\nThe zone of times that are typed without an offset, and of those "
         "printed.\n"
         ".TP\n\\fBNO_COLOR\\fR\nSet to anything: no colours.\n";
  return out.str();
}

std::string BashCompletion(const CLI::App& app) {
  std::ostringstream streams;
  PutStreamVerbs(app, "", streams);
  std::ostringstream out;
  out << "# Completion of reel for bash, made by 'reel completion bash'.\n"
         "_reel() {\n"
         "  local current=${COMP_WORDS[COMP_CWORD]} path='' node=$REEL_NODE words='' i word\n"
         "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "    word=${COMP_WORDS[i]}\n"
         "    [[ $word == --node ]] && node=${COMP_WORDS[i + 1]}\n"
         "    case \"$path${path:+ }$word\" in\n"
         "    ";
  std::string known;
  for (const CLI::App* verb : VerbsOf(app)) {
    known += (known.empty() ? "'" : "|'") + verb->get_name() + "'";
    for (const CLI::App* sub : VerbsOf(*verb)) {
      known += "|'" + verb->get_name() + " " + sub->get_name() + "'";
    }
  }
  out << known
      << ") path=\"$path${path:+ }$word\" ;;\n"
         "    esac\n"
         "  done\n"
         "  case $path in\n";
  PutCases(app, "", out);
  out << "  esac\n"
         "  case \"|$path|\" in\n";
  // Each path stands between bars, so that "seek" is not found in another word.
  std::istringstream paths(streams.str());
  for (std::string path; std::getline(paths, path, '|');) {
    if (path.empty()) continue;
    out << "    '|" << path
        << "|')\n"
           "      [[ -n $node && $current != -* ]] && words+=\" $(reel streams list --names"
           " --node \"$node\" 2>/dev/null)\" ;;\n";
  }
  out << "  esac\n"
         "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
         "  ((${#COMPREPLY[@]})) || mapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
         "}\n"
         "complete -o filenames -F _reel reel\n";
  return out.str();
}

std::string ZshCompletion(const CLI::App& app) {
  return "#compdef reel\nautoload -U +X bashcompinit && bashcompinit\n" + BashCompletion(app);
}

}  // namespace reel

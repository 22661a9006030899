// reel cameras add, import: cameras into reeld's configuration, and reeld told of them.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <utility>

#include "engine/base/near_name.h"
#include "tools/cameras_args.h"
#include "tools/csv.h"
#include "tools/print.h"

namespace reel {
namespace {

struct Change {
  std::vector<CameraEntry> entries;
  ConfigEdit edit;
};

// Behind a change that is written: reeld takes it over, where it is known.
Status Finish(const CamerasArgs& args, const Change& change) {
  Json names = Json::array();
  for (const CameraEntry& entry : change.entries) names.push_back(entry.at("name"));
  Json json{{"config", change.edit.path}, {"added", names}, {"written", !args.dry_run}};
  std::string text = Count(change.entries.size(), "camera") +
                     (args.dry_run ? " would be added to " : " added to ") + change.edit.path;
  if (!args.dry_run) {
    REEL_RETURN_IF_ERROR(WriteConfig(change.edit));
    if (args.at.is_remote()) {
      Result<std::unique_ptr<server::CameraList>> list = OpenCameraList(args);
      Result<size_t> cameras = list.ok() ? (*list)->ReloadConfig() : list.status();
      if (!cameras.ok()) {
        return Status(cameras.status().code(),
                      text + ", but reeld has not taken it over: " + cameras.status().message());
      }
      json["reloaded"] = *cameras;
      text += "; reeld has " + Count(*cameras, "camera") + " now";
    } else {
      text += "; to have it taken over: systemctl reload reeld";
    }
  }
  if (args.json) {
    PrintJson(json);
  } else {
    PrintLine(text);
  }
  return OkStatus();
}

Status RunAdd(const CamerasArgs& args) {
  Change change;
  change.entries = {args.camera};
  REEL_ASSIGN_OR_RETURN(change.edit, PlanCameras(args.config, change.entries));
  std::string all;
  for (const EntryMistake& mistake : change.edit.mistakes) {
    all += (all.empty() ? "" : "; ") + mistake.what;
  }
  if (!all.empty()) return InvalidArgument(all + "; nothing has been changed");
  return Finish(args, change);
}

// ---- import ----

struct CsvMistake {
  uint32_t line = 0;
  std::string column;  // empty: of the line as a whole
  std::string what;
};

Result<std::string> ReadTable(const std::string& path) {
  std::error_code none;
  if (std::filesystem::is_directory(path, none)) return InvalidArgument(path + " is a directory");
  std::ifstream file(path, std::ios::binary);
  if (!file) return Status::FromErrno(errno, path);
  std::string text(kMaxCsvBytes + 1, '\0');  // one more than ParseCsv() takes
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return Unavailable(path + " cannot be read");
  text.resize(static_cast<size_t>(file.gcount()));
  return text;
}

// Each name once, and one that a camera has.
std::vector<CsvMistake> CheckHeader(const CsvRow& header) {
  std::vector<CsvMistake> mistakes;
  const std::vector<std::string>& keys = CameraKeys();
  std::set<std::string> seen;
  if (header.fields.size() == 1 && header.fields[0].find('\t') != std::string::npos) {
    return {{header.line, "", "its columns are apart by tabs: save it with commas or semicolons"}};
  }
  for (const std::string& name : header.fields) {
    if (!seen.insert(name).second) {
      mistakes.push_back({header.line, name, "stands there twice"});
    } else if (name == "password") {
      mistakes.push_back({header.line, name,
                          "passwords stand in files of their own: name those in password_file"});
    } else if (std::find(keys.begin(), keys.end(), name) == keys.end()) {
      const std::optional<std::string> near = NearestName(name, keys);
      mistakes.push_back({header.line, name,
                          near ? "is none; did you mean " + *near + "?" : "is none of a camera"});
    }
  }
  for (const char* needed : {"name", "source"}) {
    if (!seen.contains(needed)) mistakes.push_back({header.line, needed, "is missing"});
  }
  return mistakes;
}

struct Table {
  std::vector<CameraEntry> entries;
  std::vector<uint32_t> lines;  // of each
  std::vector<CsvMistake> mistakes;
};

Table ReadRows(const std::vector<CsvRow>& rows) {
  Table table;
  const CsvRow& header = rows.front();
  table.mistakes = CheckHeader(header);
  if (!table.mistakes.empty()) return table;
  std::map<std::string, uint32_t> lines_by_name;
  for (size_t i = 1; i < rows.size(); ++i) {
    const CsvRow& row = rows[i];
    if (row.fields.size() != header.fields.size()) {
      table.mistakes.push_back({row.line, "",
                                Count(row.fields.size(), "field") + " where " +
                                    std::to_string(header.fields.size()) + " are named"});
      continue;
    }
    CameraEntry entry;
    for (size_t k = 0; k < row.fields.size(); ++k) entry[header.fields[k]] = row.fields[k];
    const auto [at, fresh] = lines_by_name.emplace(entry["name"], row.line);
    if (!fresh && !entry["name"].empty()) {
      table.mistakes.push_back(
          {row.line, "name",
           "'" + at->first + "' stands in line " + std::to_string(at->second) + " already"});
      continue;
    }
    table.entries.push_back(std::move(entry));
    table.lines.push_back(row.line);
  }
  return table;
}

// What is wrong with the table is said line by line on stderr; the status sums it up.
Status Refuse(const std::string& path, std::vector<CsvMistake> mistakes) {
  std::stable_sort(mistakes.begin(), mistakes.end(),
                   [](const CsvMistake& a, const CsvMistake& b) { return a.line < b.line; });
  for (const CsvMistake& mistake : mistakes) {
    const std::string column = mistake.column.empty() ? "" : "column " + mistake.column + ": ";
    PrintMessage(path + ":" + std::to_string(mistake.line) + ": " + column + mistake.what);
  }
  return InvalidArgument(Count(mistakes.size(), "mistake") + " in " + path +
                         "; nothing has been changed");
}

Status RunImport(const CamerasArgs& args) {
  REEL_ASSIGN_OR_RETURN(const std::string text, ReadTable(args.table));
  const Result<std::vector<CsvRow>> rows = ParseCsv(text);
  if (!rows.ok()) return InvalidArgument(args.table + ": " + rows.status().message());
  if (rows->size() < 2) {
    return InvalidArgument(args.table +
                           " has no cameras: a line of names, name and source at "
                           "least, and a line for each camera");
  }
  Table table = ReadRows(*rows);
  Change change;
  change.entries = std::move(table.entries);
  REEL_ASSIGN_OR_RETURN(change.edit, PlanCameras(args.config, change.entries));
  for (const EntryMistake& mistake : change.edit.mistakes) {
    const uint32_t line = mistake.entry < table.lines.size() ? table.lines[mistake.entry] : 1;
    table.mistakes.push_back({line, mistake.key, mistake.what});
  }
  if (!table.mistakes.empty()) return Refuse(args.table, std::move(table.mistakes));
  return Finish(args, change);
}

void AddEditOptions(CLI::App& verb, CamerasArgs* args) {
  verb.add_option("--config", args->config, "The file of reeld")
      ->type_name("FILE")
      ->capture_default_str();
  verb.add_flag("--dry-run", args->dry_run, "Look for mistakes, change nothing");
  AddServerOptions(verb, &args->at);
  AddJsonFlag(verb, &args->json);
}

}  // namespace

void AddCameraEdits(CLI::App& cameras, const std::shared_ptr<CamerasArgs>& args, Action* chosen) {
  CLI::App& add = *cameras.add_subcommand(
      "add", "Add a camera to reeld's file; with --server reeld takes it over at once");
  const auto option = [&](const char* name, const char* key, const char* type, const char* what) {
    return add.add_option(name, args->camera[key], what)->type_name(type);
  };
  option("name", "name", "NAME", "Of the camera and its main stream")->required();
  option("source", "source", "URL", "rtsp://, rtsps:// or ffmpeg:, without user and password")
      ->required();
  option("--sub-source", "sub_source", "URL", "Of its smaller stream, recorded as NAME.sub");
  option("--mode", "mode", "MODE", "continuous, schedule, event or off");
  option("--sub-mode", "sub_mode", "MODE", "Of the smaller stream; else as --mode");
  option("--user", "user", "NAME", "Whom to log in as");
  option("--password-file", "password_file", "FILE",
         "Holds the password, and nobody else reads it");
  option("--transport", "transport", "HOW", "tcp or udp");
  option("--ca-file", "ca_file", "FILE", "rtsps: whom to trust");
  option("--schedule", "schedule", "HOURS", "'mon-fri 07:00-19:00; sat 10:00-12:00'");
  option("--pre-buffer", "pre_buffer_s", "SECONDS", "Recorded before an event: 0 to 60");
  option("--post-buffer", "post_buffer_s", "SECONDS", "And behind the last one: 0 to 3600");
  AddEditOptions(add, args.get());
  SetExamples(add, {{"cameras add gate rtsp://192.0.2.7/main --user reel --password-file "
                     "/etc/reel/secrets/gate",
                     "into /etc/reel/reeld.toml"},
                    {"cameras add gate rtsp://192.0.2.7/main --server unix:/run/reeld/reeld.sock",
                     "and recorded at once"}});
  OnChosen(add, args, RunAdd, chosen);

  CLI::App& import = *cameras.add_subcommand(
      "import", "Add all cameras of a CSV file, or say every mistake in it");
  import
      .add_option("table", args->table,
                  "CSV: a line of names as in the file of reeld (name, source, user, "
                  "password_file, mode ...), a line for each camera")
      ->required()
      ->type_name("FILE");
  AddEditOptions(import, args.get());
  SetExamples(import, {{"cameras import site.csv --dry-run", "look for mistakes"},
                       {"cameras import site.csv --server unix:/run/reeld/reeld.sock",
                        "all of them, recorded at once"}});
  OnChosen(import, args, RunImport, chosen);
}

}  // namespace reel

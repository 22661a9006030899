// reel adopt: gives disks that hold footage already to a node.
#include <unistd.h>

#include <filesystem>

#include "engine/store/node_file.h"
#include "tools/command.h"
#include "tools/node_session.h"
#include "tools/place.h"
#include "tools/print.h"

namespace reel {
namespace {

namespace fs = std::filesystem;

constexpr char kScratchName[] = "adopting";

struct AdoptArgs {
  std::string node;
  std::vector<std::string> paths;
  bool json = false;
};

Json AdoptionJson(const std::string& path, const Store::Adoption& adoption) {
  Json json{{"number", adoption.number.value},
            {"id", ToString(adoption.id)},
            {"path", path},
            {"owner_before", ToString(adoption.owner_before)},
            {"streams", Json::array()}};
  for (const Store::Adoption::Stream& stream : adoption.streams) {
    Json row{{"stream", stream.name}, {"id", ToString(stream.id)}};
    if (stream.name != stream.name_before) row["name_before"] = stream.name_before;
    json["streams"].push_back(std::move(row));
  }
  return json;
}

void PrintAdoption(const std::string& path, const Store::Adoption& adoption) {
  PrintLine("volume " + std::to_string(adoption.number.value) + "  " + path + "  adopted with " +
            Count(adoption.streams.size(), "stream"));
  for (const Store::Adoption::Stream& stream : adoption.streams) {
    std::string line = "    " + stream.name;
    if (stream.name != stream.name_before) {
      line += "  was '" + stream.name_before + "', a name that is taken here";
    }
    PrintLine(line);
  }
}

// A directory of the node's that is there while this lives.
class Scratch {
 public:
  static Result<std::unique_ptr<Scratch>> Make(const std::string& node) {
    auto scratch = std::make_unique<Scratch>(fs::path(node) / kScratchName);
    std::error_code error;
    fs::create_directories(scratch->path_, error);
    if (error) return Status::FromErrno(error.value(), "make " + scratch->path());
    return scratch;
  }
  explicit Scratch(fs::path path) : path_(std::move(path)) {}
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  std::string path() const { return path_.string(); }

 private:
  const fs::path path_;
};

Result<Store::Adoption> Adopt(const std::string& node, const std::string& path) {
  REEL_ASSIGN_OR_RETURN(const auto scratch, Scratch::Make(node));
  return Store::Adopt(QuietStoreOptions(node), {path, scratch->path()});
}

// However they are written, one directory is one volume.
Result<std::vector<std::string>> WholePaths(const std::vector<std::string>& paths) {
  std::vector<std::string> whole;
  for (const std::string& path : paths) {
    std::error_code error;
    whole.push_back(fs::canonical(path, error).string());
    if (error) return NotFound(path + ": no such directory; mount the disk there first");
  }
  return whole;
}

Status RunAdopt(const AdoptArgs& args) {
  REEL_ASSIGN_OR_RETURN(const std::vector<std::string> paths, WholePaths(args.paths));
  std::error_code error;
  const bool made = fs::create_directory(args.node, error);
  if (error) return Status::FromErrno(error.value(), "make the state directory " + args.node);
  Json list = Json::array();
  for (const std::string& path : paths) {
    const Result<Store::Adoption> adoption = Adopt(args.node, path);
    if (!adoption.ok()) {
      if (made && list.empty()) {
        fs::remove(fs::path(args.node) / kNodeLockName, error);
        ::rmdir(args.node.c_str());  // only if there is nothing else in it
      }
      return adoption.status();
    }
    list.push_back(AdoptionJson(path, *adoption));
    if (!args.json) PrintAdoption(path, *adoption);
  }
  if (args.json) PrintJson(list);
  return OkStatus();
}

}  // namespace

void AddAdopt(CLI::App& app, Action* chosen) {
  auto args = std::make_shared<AdoptArgs>();
  CLI::App& verb = *app.add_subcommand(
      "adopt", "Give a node disks with footage on them, of another node or of one that is lost");
  AddNodeOption(verb, &args->node);
  verb.add_option("volumes", args->paths,
                  "Where the disks are mounted. A stream whose name is taken here becomes\n"
                  "NAME~ and the first digits of its UUID")
      ->required()
      ->type_name("PATH");
  RefuseServer(
      verb, "disks are given to a node on its own machine: give --node there, with reeld stopped");
  AddJsonFlag(verb, &args->json);
  SetExamples(verb, {{"adopt --node /var/lib/reel /mnt/pulled",
                      "a disk pulled from another node; recording to it can begin at once"},
                     {"adopt --node /var/lib/new /mnt/disk1 /mnt/disk2",
                      "a new node of the disks of one whose state directory is lost"}});
  OnChosen(verb, args, RunAdopt, chosen);
}

}  // namespace reel

// reel init: makes a node and its volumes.
#include <vector>

#include "reel/node.h"
#include "tools/command.h"
#include "tools/node_session.h"
#include "tools/place.h"
#include "tools/print.h"
#include "tools/time_args.h"

namespace reel {
namespace {

struct InitArgs {
  std::string node;
  std::vector<std::string> volumes;
  bool json = false;
};

Status SetKey(const std::string& key, const std::string& value, Store::InitVolume* volume) {
  if (key == "placement") {
    volume->placement = value;
    return OkStatus();
  }
  REEL_ASSIGN_OR_RETURN(const uint64_t bytes, ParseSize(value));
  if (key == "size") {
    volume->bytes = bytes;
  } else if (key == "segment") {
    volume->segment_bytes = bytes;
  } else if (key == "granule" && bytes <= UINT32_MAX) {
    volume->granule_bytes = static_cast<uint32_t>(bytes);
  } else {
    return InvalidArgument("no such setting; there are size, segment, granule and placement");
  }
  return OkStatus();
}

// PATH[,key=value...]
Result<Store::InitVolume> ParseVolume(const std::string& text) {
  Store::InitVolume volume;
  const std::vector<std::string> parts = CLI::detail::split(text, ',');
  volume.path = parts.front();
  for (size_t i = 1; i < parts.size(); ++i) {
    const size_t equals = parts[i].find('=');
    const std::string value = equals == std::string::npos ? "" : parts[i].substr(equals + 1);
    const Status status = SetKey(parts[i].substr(0, equals), value, &volume);
    if (!status.ok()) return status.WithContext("--volume " + text + ", '" + parts[i] + "'");
  }
  return volume;
}

Status RunInit(const InitArgs& args) {
  std::vector<Store::InitVolume> volumes;
  for (const std::string& text : args.volumes) {
    REEL_ASSIGN_OR_RETURN(Store::InitVolume volume, ParseVolume(text));
    volumes.push_back(std::move(volume));
  }
  REEL_RETURN_IF_ERROR(Node::Init(args.node, volumes));
  REEL_ASSIGN_OR_RETURN(const auto session, NodeSession::OpenForReading(args.node));
  Json json{{"node", args.node}, {"volumes", Json::array()}};
  if (!args.json) PrintLine("node " + args.node);
  for (const VolumeInfo& volume : session->store().Volumes()) {
    json["volumes"].push_back({{"number", volume.number.value},
                               {"id", ToString(volume.id)},
                               {"path", volume.path},
                               {"segments", volume.segments_max},
                               {"segment_bytes", volume.segment_bytes},
                               {"granule_bytes", volume.granule_bytes},
                               {"placement", volume.placement}});
    if (args.json) continue;
    PrintLine("volume " + std::to_string(volume.number.value) + "  " + volume.path + "  " +
              Count(volume.segments_max, "segment") + " of " + FormatSize(volume.segment_bytes) +
              ", placement " + volume.placement);
  }
  if (args.json) PrintJson(json);
  return OkStatus();
}

}  // namespace

void AddInit(CLI::App& app, Action* chosen) {
  auto args = std::make_shared<InitArgs>();
  CLI::App& verb = *app.add_subcommand("init", "Make a node, or give one more volumes");
  // Everywhere else a node is named by --node: here as well.
  verb.add_option("node,--node", args->node,
                  "State directory, made if need be; not on a recording disk")
      ->required()
      ->type_name("DIR");
  verb.add_option(
          "--volume", args->volumes,
          "Directory of a disk to record to, with size= (default: what is free), segment=,\n"
          "granule= and placement=log|gop|auto")
      ->required()
      ->type_name("PATH[,key=value...]");
  RefuseServer(verb,
               "disks are given to a node on its own machine: run this there, with reeld stopped");
  AddJsonFlag(verb, &args->json);
  SetExamples(verb, {{"init /var/lib/reel --volume /mnt/disk1 --volume /mnt/disk2",
                      "a node with two disks, all that is free on them"},
                     {"init /var/lib/reel --volume /mnt/disk3,size=2T",
                      "one more disk for a node, 2 TiB of it"}});
  OnChosen(verb, args, RunInit, chosen);
}

}  // namespace reel

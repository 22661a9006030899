// reel volumes: the disks of a node, their health and their room.
#include <filesystem>

#include "tools/command.h"
#include "tools/node_session.h"
#include "tools/place.h"
#include "tools/print.h"
#include "tools/volume_report.h"

namespace reel {
namespace {

struct VolumesArgs {
  Place place;
  std::string volume;  // number or path
  bool json = false;
};

Status RunList(const VolumesArgs& args) {
  REEL_ASSIGN_OR_RETURN(const auto session, NodeSession::OpenForReading(args.place));
  REEL_ASSIGN_OR_RETURN(
      const std::vector<VolumeReport> reports,
      ReportVolumes(session->store(), SystemClock().WallNow(), !args.place.is_remote()));
  Json list = Json::array();
  for (const VolumeReport& report : reports) {
    if (args.json) list.push_back(VolumeJson(report));
    if (!args.json) PrintVolume(report);
  }
  if (args.json) PrintJson(list);
  return OkStatus();
}

bool Names(const std::string& text, const format::NodeVolume& volume) {
  std::error_code error;  // of a path that is there no more: as it is written then
  const std::string whole = std::filesystem::weakly_canonical(text, error).string();
  return text == std::to_string(volume.number.value) || text == volume.path ||
         whole == volume.path || text == ToString(volume.id);
}

Status RunForget(const VolumesArgs& args) {
  REEL_ASSIGN_OR_RETURN(const format::NodeState node, ReadNode(args.place.node));
  for (const format::NodeVolume& volume : node.volumes) {
    if (volume.forgotten() || !Names(args.volume, volume)) continue;
    REEL_RETURN_IF_ERROR(Store::Forget(QuietStoreOptions(args.place.node), volume.number));
    if (args.json) {
      PrintJson(
          {{"forgotten", volume.number.value}, {"id", ToString(volume.id)}, {"path", volume.path}});
    } else {
      PrintLine("volume " + std::to_string(volume.number.value) + "  " + volume.path +
                "  forgotten; what is on it was not touched");
    }
    return OkStatus();
  }
  return NotFound(args.place.node + " has no volume '" + args.volume +
                  "': give its number or path as 'reel inspect " + args.place.node +
                  "' shows them");
}

}  // namespace

void AddVolumes(CLI::App& app, Action* chosen) {
  auto args = std::make_shared<VolumesArgs>();
  CLI::App& volumes = *app.add_subcommand("volumes", "List the disks of a node, forget one");
  SetExamples(volumes, {{"volumes --node /var/lib/reel", "health, room and footage of each"}});

  CLI::App& list = *volumes.add_subcommand("list", "Health, room and footage of each disk");
  AddPlaceOptions(list, &args->place);
  AddJsonFlag(list, &args->json);
  SetExamples(list, {{"volumes list --node /var/lib/reel", "health, room and footage of each"}});
  OnChosen(list, args, RunList, chosen);

  CLI::App& forget = *volumes.add_subcommand(
      "forget", "Expect a disk no longer: it died, or went to another node");
  // REEL_NODE is read for every verb there is: it would go before what the others were given.
  const auto local = std::make_shared<VolumesArgs>();
  AddNodeOption(forget, &local->place.node);
  RefuseServer(forget,
               "a disk is forgotten on the node itself: give --node there, with reeld stopped");
  forget.add_option("volume", local->volume, "Its number or path")->required()->type_name("VOLUME");
  AddJsonFlag(forget, &local->json);
  SetExamples(forget, {{"volumes forget --node /var/lib/reel /mnt/disk2",
                        "the dead disk that was mounted there"}});
  OnChosen(forget, local, RunForget, chosen);

  AddPlaceOptions(volumes, &args->place);
  AddJsonFlag(volumes, &args->json);
  OnNoneChosen(volumes, args, RunList, chosen);
}

}  // namespace reel

// reel plan: how many disks, how much memory.
#include <array>
#include <cstdio>

#include "tools/command.h"
#include "tools/place.h"
#include "tools/print.h"
#include "tools/sizing.h"
#include "tools/time_args.h"

namespace reel {
namespace {

struct PlanArgs {
  std::vector<std::string> cameras;
  double days = 30;
  std::string gop = "2s";
  double pictures = 25;
  std::string disk = "16T";
  std::string disk_rate = "80M";
  bool json = false;
};

uint64_t Whole(double value) { return static_cast<uint64_t>(value); }

std::string Days(double days) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f days", days);
  return text.data();
}

Result<SizingRequest> RequestOf(const PlanArgs& args) {
  SizingRequest request;
  for (const std::string& text : args.cameras) {
    REEL_ASSIGN_OR_RETURN(const CameraGroup group, ParseCameras(text));
    request.cameras.push_back(group);
  }
  REEL_ASSIGN_OR_RETURN(request.gop, ParseDuration(args.gop));
  REEL_ASSIGN_OR_RETURN(request.disk_bytes, ParseSize(args.disk));
  REEL_ASSIGN_OR_RETURN(request.disk_bytes_per_second, ParseSize(args.disk_rate));
  request.days = args.days;
  request.pictures_per_second = args.pictures;
  const bool sane = request.days > 0 && request.days <= 36'500 && request.gop > Duration{0} &&
                    request.disk_bytes > 0 && request.disk_bytes_per_second > 0 &&
                    request.pictures_per_second > 0 && request.pictures_per_second <= 1000;
  if (!sane) {
    return InvalidArgument(
        "--days, --gop, --fps, --disk and --disk-rate must be above 0, days at most 36500");
  }
  return request;
}

Status RunPlan(const PlanArgs& args) {
  REEL_ASSIGN_OR_RETURN(const SizingRequest request, RequestOf(args));
  const Sizing sizing = SizeOf(request);
  if (args.json) {
    PrintJson({{"streams", sizing.streams},
               {"days", request.days},
               {"media_bytes_per_second", Whole(sizing.media_bytes_per_second)},
               {"stored_bytes_per_second", Whole(sizing.stored_bytes_per_second)},
               {"needed_bytes", Whole(sizing.needed_bytes)},
               {"disk_bytes", request.disk_bytes},
               {"disks", sizing.disks},
               {"disks_for_room", sizing.disks_for_room},
               {"disks_for_rate", sizing.disks_for_rate},
               {"days_of_disks", sizing.days_of_disks},
               {"gops", Whole(sizing.gops)},
               {"index_bytes", Whole(sizing.index_bytes)},
               {"memory_bytes", Whole(sizing.memory_bytes)}});
    return OkStatus();
  }
  PrintLine("cameras  " + std::to_string(sizing.streams) + ", " +
            FormatSize(Whole(sizing.media_bytes_per_second)) + "/s; " +
            FormatSize(Whole(sizing.stored_bytes_per_second)) + "/s as stored");
  PrintLine("room     " + FormatSize(Whole(sizing.needed_bytes)) + " for " + Days(request.days));
  PrintLine("disks    " + std::to_string(sizing.disks) + " of " + FormatSize(request.disk_bytes) +
            ": " + std::to_string(sizing.disks_for_room) + " for the room, " +
            std::to_string(sizing.disks_for_rate) + " for the rate; they keep " +
            Days(sizing.days_of_disks));
  PrintLine("index    " + FormatSize(Whole(sizing.index_bytes)) + " in the state directory, " +
            std::to_string(Whole(sizing.gops)) + " GOPs");
  PrintLine("memory   " + FormatSize(Whole(sizing.memory_bytes)));
  return OkStatus();
}

}  // namespace

void AddPlan(CLI::App& app, Action* chosen) {
  auto args = std::make_shared<PlanArgs>();
  CLI::App& verb =
      *app.add_subcommand("plan", "Work out disks, memory and index for cameras and days");
  verb.add_option("cameras", args->cameras, "How many of which bit rate, powers of 1000: 200x4M")
      ->required()
      ->type_name("COUNTxRATE");
  verb.add_option("--days", args->days, "How long footage is kept (default: 30)");
  verb.add_option("--gop", args->gop, "From clean point to clean point (default: 2s)")
      ->type_name("DURATION");
  verb.add_option("--fps", args->pictures, "Pictures a second (default: 25)");
  verb.add_option("--disk", args->disk, "Size of one disk (default: 16T)")->type_name("SIZE");
  verb.add_option("--disk-rate", args->disk_rate,
                  "Bytes a second that one is written at, at most (default: 80M)")
      ->type_name("SIZE");
  RefuseServer(verb, "it asks no node: leave --server away");
  AddJsonFlag(verb, &args->json);
  SetExamples(verb, {{"plan 200x4M 200x512K --days 30 --disk 18T",
                      "200 cameras with a main and a sub stream each"}});
  OnChosen(verb, args, RunPlan, chosen);
}

}  // namespace reel

// reel cameras probe, test: a look at a camera with the recorder's own client.
#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>
#include <utility>

#include "server/config/config_file.h"
#include "tools/camera_probe.h"
#include "tools/camera_trial.h"
#include "tools/camera_visit.h"
#include "tools/cameras_args.h"
#include "tools/interrupt.h"
#include "tools/password.h"
#include "tools/print.h"
#include "tools/terminal.h"
#include "tools/time_args.h"

namespace reel {
namespace {

constexpr Duration kLongestTest = std::chrono::hours(1);

bool IsAddress(const std::string& target) {
  return target.find("://") != std::string::npos || target.starts_with("ffmpeg:");
}

Result<server::Url> UrlOf(const std::string& text) {
  if (text.starts_with("ffmpeg:")) {
    return Unimplemented(
        "what ffmpeg: opens is no camera to talk to: 'ffprobe' looks at it, behind the colon");
  }
  Result<server::Url> url = server::ParseUrl(text);
  const bool tells_a_login = text.find('@') != std::string::npos;
  if (url.ok() || tells_a_login) return url;
  return url.status().WithContext("'" + text + "'");
}

Result<VisitOptions> OptionsOfAddress(const CamerasArgs& args) {
  VisitOptions options;
  REEL_ASSIGN_OR_RETURN(options.url, UrlOf(args.target));
  options.user = args.user;
  REEL_ASSIGN_OR_RETURN(options.password, AskPassword(args.user, args.password_file));
  options.ca_file = args.ca_file;
  options.transport = args.udp ? server::Transport::kUdp : server::Transport::kTcp;
  return options;
}

// A stream that stands in the configuration, with all that is said there.
Result<VisitOptions> OptionsOfStream(const CamerasArgs& args) {
  if (!args.user.empty() || !args.password_file.empty() || !args.ca_file.empty() || args.udp) {
    return InvalidArgument(
        "a camera of the configuration is tested as it stands there; leave out "
        "--user, --password-file, --ca-file and --udp, or give its address");
  }
  REEL_ASSIGN_OR_RETURN(const server::Config config, server::ReadConfig(args.config));
  for (const server::CameraConfig& camera : config.cameras) {
    for (const server::SourceConfig& source : camera.sources) {
      if (source.stream != args.target) continue;
      VisitOptions options;
      REEL_ASSIGN_OR_RETURN(options.url, UrlOf(source.url));
      options.user = camera.user;
      options.password = camera.password;
      options.transport = camera.transport;
      options.ca_file = camera.ca_file;
      return options;
    }
  }
  return NotFound(args.config + " has no camera '" + args.target +
                  "'; give another --config, or an address: rtsp://...");
}

std::string RateText(double rate) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.4g fps", rate);
  return text.data();
}

double Rounded(double value) {
  return static_cast<double>(static_cast<int64_t>(value * 1000)) / 1000;
}

void PutTrack(const TrackInfo& info, Json* json) {
  const std::string text = TrackText(info);
  (*json)["codec"] = text.substr(0, text.find(' '));
  if (info.width != 0) {
    (*json)["width"] = info.width;
    (*json)["height"] = info.height;
  }
  if (info.sample_rate_hz != 0) (*json)["sample_rate_hz"] = info.sample_rate_hz;
  if (info.channels != 0) (*json)["channels"] = info.channels;
}

// ---- probe ----

Json TrackJson(const ProbedTrack& track) {
  Json json{
      {"kind", track.kind}, {"encoding", track.encoding}, {"recorded", track.info.has_value()}};
  if (track.info) PutTrack(*track.info, &json);
  if (track.frames_per_second) json["frames_per_second"] = Rounded(*track.frames_per_second);
  if (!track.why_not.empty()) json["why_not"] = track.why_not;
  return json;
}

std::string TrackLine(const ProbedTrack& track) {
  std::string line = OneLine(track.kind);
  line.resize(std::max<size_t>(line.size() + 1, 12), ' ');
  line += track.info ? TrackText(*track.info) : OneLine(track.encoding);
  if (track.frames_per_second) line += " " + RateText(*track.frames_per_second);
  if (track.info) return line;
  return line + "  " + Painted(Colour::kYellow, "not recorded: " + OneLine(track.why_not));
}

Status RunProbe(const CamerasArgs& args) {
  const Interrupt interrupt;
  if (!IsAddress(args.target)) {
    return InvalidArgument("'" + args.target + "' is no address: rtsp://HOST[:PORT]/PATH");
  }
  REEL_ASSIGN_OR_RETURN(VisitOptions options, OptionsOfAddress(args));
  options.describe_only = true;
  options.stop = [&interrupt] { return interrupt.requested(); };
  REEL_ASSIGN_OR_RETURN(const CameraVisit visit, VisitCamera(options, nullptr));
  REEL_ASSIGN_OR_RETURN(const std::vector<ProbedTrack> tracks, ReadDescription(visit.description));
  if (args.json) {
    Json json{{"address", visit.url.ToString()},
              {"login", LoginName(visit.login)},
              {"tracks", Json::array()}};
    for (const ProbedTrack& track : tracks) json["tracks"].push_back(TrackJson(track));
    PrintJson(json);
    return OkStatus();
  }
  PrintLine("address     " + visit.url.ToString());
  PrintLine("login       " + std::string(LoginName(visit.login)));
  for (const ProbedTrack& track : tracks) PrintLine(TrackLine(track));
  return OkStatus();
}

// ---- test ----

Json ReportJson(const CamerasArgs& args, const CameraVisit& visit, const TrialReport& report) {
  Json json{{"target", args.target},
            {"address", visit.url.ToString()},
            {"fit", report.fit},
            {"findings", report.findings},
            {"login", LoginName(visit.login)},
            {"connected_ns", static_cast<uint64_t>(visit.connected.count())},
            {"length_ns", static_cast<uint64_t>(report.length.count())},
            {"bytes", report.bytes},
            {"pictures", report.pictures},
            {"bits_per_second", report.bits_per_second},
            {"frames_per_second", Rounded(report.frames_per_second)},
            {"packets", visit.packets.packets},
            {"packets_lost", visit.packets.lost},
            {"packets_malformed", visit.packets.malformed},
            {"late_ns", static_cast<uint64_t>(report.late.count())},
            {"tracks", Json::array()}};
  if (report.key_distance) {
    json["key_distance_ns"] = static_cast<uint64_t>(report.key_distance->count());
  }
  if (report.key_distance_max) {
    json["key_distance_max_ns"] = static_cast<uint64_t>(report.key_distance_max->count());
  }
  if (visit.clock_offset) json["clock_offset_ns"] = visit.clock_offset->count();
  for (const TrackInfo& track : report.tracks) {
    Json put = Json::object();
    PutTrack(track, &put);
    json["tracks"].push_back(put);
  }
  return json;
}

void PrintReport(const CameraVisit& visit, const TrialReport& report) {
  std::array<char, 120> text{};
  PrintLine("address     " + visit.url.ToString() + "  login " + LoginName(visit.login) +
            ", connected in " + FormatDuration(visit.connected));
  for (const TrackInfo& track : report.tracks) PrintLine("track       " + TrackText(track));
  std::snprintf(text.data(), text.size(), "rate        %.2f Mbit/s, %.4g fps, over %s",
                report.bits_per_second / 1e6, report.frames_per_second,
                FormatDuration(report.length).c_str());
  PrintLine(text.data());
  const std::string most =
      report.key_distance_max ? ", " + FormatDuration(*report.key_distance_max) + " at most" : "";
  PrintLine("key picture " + (report.key_distance
                                  ? "every " + FormatDuration(*report.key_distance) + most
                                  : std::string("fewer than two came")));
  PrintLine("packets     " + std::to_string(visit.packets.packets) + ", lost " +
            std::to_string(visit.packets.lost));
  PrintLine("clock       " +
            (visit.clock_offset
                 ? (*visit.clock_offset < Duration{0} ? "behind by " : "ahead by ") +
                       FormatDuration(std::max(*visit.clock_offset, -*visit.clock_offset))
                 : std::string("not told by the camera")));
  for (const std::string& finding : report.findings) {
    PrintLine("look at     " + Painted(Colour::kYellow, OneLine(finding)));
  }
  PrintLine(report.fit ? Painted(Colour::kGreen, report.findings.empty()
                                                     ? "verdict     good: record it"
                                                     : "verdict     can be recorded, see above")
                       : Painted(Colour::kRed, "verdict     not fit to be recorded, see above"));
}

Status RunTest(const CamerasArgs& args) {
  const Interrupt interrupt;
  REEL_ASSIGN_OR_RETURN(const Duration length, ParseDuration(args.length));
  if (length <= Duration{0} || length > kLongestTest) {
    return InvalidArgument("--for is more than nothing and at most an hour");
  }
  REEL_ASSIGN_OR_RETURN(VisitOptions options,
                        IsAddress(args.target) ? OptionsOfAddress(args) : OptionsOfStream(args));
  options.length = length;
  options.stop = [&interrupt] { return interrupt.requested(); };
  CameraTrial trial;
  REEL_ASSIGN_OR_RETURN(const CameraVisit visit, VisitCamera(options, &trial));
  const TrialReport report = trial.Judge(visit);
  if (args.json) {
    PrintJson(ReportJson(args, visit, report));
  } else {
    PrintReport(visit, report);
  }
  if (report.fit) return OkStatus();
  return Unavailable(args.target + " is not fit to be recorded: " + report.findings.front());
}

void AddLoginOptions(CLI::App& verb, CamerasArgs* args) {
  verb.add_option("--user", args->user, "Whom to log in as; the password is asked for")
      ->type_name("NAME");
  verb.add_option("--password-file", args->password_file,
                  "Holds the password (or REEL_CAMERA_PASSWORD_FILE)")
      ->type_name("FILE");
  verb.add_option("--ca-file", args->ca_file, "rtsps: whom to trust; else the system's")
      ->type_name("FILE");
  AddJsonFlag(verb, &args->json);
}

}  // namespace

void AddCameraTries(CLI::App& cameras, const std::shared_ptr<CamerasArgs>& args, Action* chosen) {
  CLI::App& probe =
      *cameras.add_subcommand("probe", "Ask a camera what it has: tracks, sizes, login");
  probe.add_option("address", args->target, "rtsp:// or rtsps://, without user and password")
      ->required()
      ->type_name("URL");
  AddLoginOptions(probe, args.get());
  RefuseServer(probe,
               "it asks the camera from this machine: leave --server away, or run it on the node");
  SetExamples(probe, {{"cameras probe rtsp://192.0.2.7/main", "its answer to DESCRIBE"},
                      {"cameras probe rtsp://192.0.2.7/main --user reel --password-file gate.pass",
                       "of one that asks for a login"}});
  OnChosen(probe, args, RunProbe, chosen);

  CLI::App& test = *cameras.add_subcommand(
      "test", "Take a camera's pictures for a while, without recording, and judge them");
  test.add_option("camera", args->target,
                  "A stream of the configuration (gate, gate.sub), or an address")
      ->required()
      ->type_name("CAMERA");
  test.add_option("--for", args->length, "How long, behind its first answer")
      ->type_name("DURATION")
      ->capture_default_str();
  test.add_option("--config", args->config, "The file of reeld, for a camera that stands there")
      ->type_name("FILE")
      ->capture_default_str();
  test.add_flag("--udp", args->udp, "Take an address by UDP");
  AddLoginOptions(test, args.get());
  RefuseServer(test,
               "it asks the camera from this machine: leave --server away, or run it on the node");
  SetExamples(test, {{"cameras test gate", "as it is configured, for ten seconds"},
                     {"cameras test rtsp://192.0.2.7/main --for 1m",
                      "long enough for one with few key pictures"}});
  OnChosen(test, args, RunTest, chosen);
}

}  // namespace reel

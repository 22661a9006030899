// reel seek: from a stream and a time to a clean point, its GOP as raw video, or all that follows
// in a player.
#include <optional>
#include <utility>

#include "engine/media/nal.h"
#include "tools/command.h"
#include "tools/local_time.h"
#include "tools/node_session.h"
#include "tools/output_file.h"
#include "tools/place.h"
#include "tools/player.h"
#include "tools/print.h"
#include "tools/time_args.h"

namespace reel {
namespace {

struct SeekArgs {
  Place place;
  std::string stream;
  std::string time;
  std::string out;
  std::string length = "1m";
  bool backward = false;
  bool play = false;
  bool force = false;
  bool json = false;
};

struct WrittenGop {
  uint64_t units = 0;
  uint64_t bytes = 0;
};

Status WriteAnnexB(ByteSpan stored, OutputFile* file, WrittenGop* written) {
  REEL_ASSIGN_OR_RETURN(const Bytes bytes, ToAnnexB(stored));
  written->bytes += bytes.size();
  return file->Write(bytes);
}

const TrackInfo* FindTrack(const std::vector<TrackInfo>& tracks, TrackId id) {
  for (const TrackInfo& track : tracks) {
    if (track.id == id) return &track;
  }
  return nullptr;
}

// Units of the clean point's track up to the next clean point, its parameter sets in front.
Result<WrittenGop> WriteGop(Cursor& cursor, const SeekPoint& point, OutputFile* file) {
  WrittenGop written;
  std::vector<TrackInfo> tracks;
  TrackId track;
  for (;;) {
    REEL_ASSIGN_OR_RETURN(const Item item, cursor.Next());
    if (item.kind == ItemKind::kDamage) return item.status;
    if (item.kind == ItemKind::kEnd) break;
    if (item.kind == ItemKind::kTracks) tracks = item.tracks;
    // Runs may overlap in time: others than the one found are passed over.
    if (item.kind != ItemKind::kUnit || item.run != point.run || item.unit.number < point.unit)
      continue;
    if (written.units == 0) {
      track = item.unit.track;
      const TrackInfo* info = FindTrack(tracks, track);
      if (info == nullptr || info->kind != TrackKind::kVideo) {
        return FailedPrecondition("the stream has no video there to write");
      }
      REEL_RETURN_IF_ERROR(WriteAnnexB(info->config, file, &written));
    } else if (item.gop_begin) {
      break;
    }
    if (item.unit.track != track) continue;
    REEL_RETURN_IF_ERROR(WriteAnnexB(item.unit.bytes, file, &written));
    ++written.units;
  }
  if (written.units == 0) return NotFound("the clean point has gone meanwhile; seek again");
  return written;
}

Result<WrittenGop> ExtractGop(Store& store, const SeekPoint& point, const SeekArgs& args) {
  REEL_ASSIGN_OR_RETURN(OutputFile file, OutputFile::Create(args.out, args.force));
  CursorOptions options;
  options.range = {point.begin, kWallMax};
  REEL_ASSIGN_OR_RETURN(const std::unique_ptr<Cursor> cursor, store.Read(point.stream, options));
  REEL_ASSIGN_OR_RETURN(const WrittenGop written, WriteGop(*cursor, point, &file));
  REEL_RETURN_IF_ERROR(file.Commit());
  return written;
}

Json PointJson(const StreamInfo& stream, WallTime asked, const SeekPoint& point) {
  return {{"stream", stream.name},
          {"id", ToString(stream.id)},
          {"asked", FormatWall(asked, 9)},
          {"begin", FormatWall(point.begin, 9)},
          {"run", ToString(point.run)},
          {"unit", point.unit.value},
          {"pre_roll_ns", point.pre_roll.count()},
          {"in_gap", point.in_gap},
          {"durable", point.durable}};
}

void PrintPoint(const StreamInfo& stream, WallTime asked, const SeekPoint& point) {
  PrintLine("stream    " + stream.name);
  PrintLine("asked     " + LocalText(asked) + (point.in_gap ? "  in a gap" : "  in footage"));
  PrintLine("begins    " + LocalText(point.begin) + "  clean point, unit " +
            std::to_string(point.unit.value) + " of its run");
  PrintLine("pre-roll  " + FormatDuration(point.pre_roll));
  PrintLine(std::string("durable   ") + (point.durable ? "yes" : "not yet"));
}

Status RunSeek(const SeekArgs& args) {
  REEL_ASSIGN_OR_RETURN(const WallTime asked, ParseTime(args.time, SystemClock().WallNow()));
  REEL_ASSIGN_OR_RETURN(const Duration length, ParseDuration(args.length));
  if (length <= Duration{0}) return InvalidArgument("--for is more than nothing");
  REEL_ASSIGN_OR_RETURN(const auto session, NodeSession::OpenForReading(args.place));
  Store& store = session->store();
  REEL_ASSIGN_OR_RETURN(const StreamInfo stream, store.FindStream(args.stream));
  const SeekRule rule = args.backward ? SeekRule::kBackward : SeekRule::kAtOrBefore;
  const StreamMoment moment = std::move(store.SeekAll({stream.id}, asked, rule).front());
  const std::string why = moment.absence ? moment.absence->Text(asked) : "";
  if (!moment.point.ok()) {
    const Status& status = moment.point.status();
    return why.empty() ? status : Status(status.code(), status.message() + "; " + why);
  }
  const SeekPoint& point = *moment.point;
  std::optional<WrittenGop> written;
  if (!args.out.empty()) {
    REEL_ASSIGN_OR_RETURN(written, ExtractGop(store, point, args));
  }
  if (args.json) {
    Json json = PointJson(stream, asked, point);
    if (!why.empty()) json["why_nothing"] = why;
    if (written) {
      json["out"] = {{"file", args.out}, {"units", written->units}, {"bytes", written->bytes}};
    }
    PrintJson(json);
  } else {
    PrintPoint(stream, asked, point);
    if (!why.empty()) PrintLine("why       " + why);
    if (written) {
      PrintLine("written   " + args.out + "  " + Count(written->units, "unit") + "  " +
                FormatSize(written->bytes));
    }
  }
  if (!args.play) return OkStatus();
  REEL_RETURN_IF_ERROR(FlushOutput());
  return Play(store, point, length, stream.name + "  " + LocalText(point.begin));
}

}  // namespace

void AddSeek(CLI::App& app, Action* chosen) {
  auto args = std::make_shared<SeekArgs>();
  CLI::App& verb = *app.add_subcommand("seek", "Find the clean point for a time");
  AddPlaceOptions(verb, &args->place);
  AddPurposeOptions(verb, &args->place);
  verb.add_option("stream", args->stream, "Name or UUID")->required()->type_name("STREAM");
  verb.add_option("time", args->time, "What is looked for")->required()->type_name("TIME");
  verb.add_flag("--backward", args->backward,
                "In a gap take the last footage before, not the next");
  verb.add_option("--out", args->out, "Write the GOP there, as raw H.264 or H.265 (Annex B)")
      ->type_name("FILE");
  verb.add_flag("--play", args->play, "Show what follows with ffplay, up to the next interruption");
  verb.add_option("--for", args->length, "How much of it --play shows")
      ->type_name("DURATION")
      ->capture_default_str();
  verb.add_flag("--force", args->force, "Replace FILE if it exists");
  AddJsonFlag(verb, &args->json);
  SetExamples(verb, {{"seek --node /var/lib/reel gate-east 'yesterday 14:00'",
                      "the clean point from which that moment can be shown"},
                     {"seek --node /var/lib/reel gate-east -2h --out gop.h264",
                      "and its pictures, as raw video"},
                     {"seek --server unix:/run/reeld/reeld.sock gate-east -10m --play --for 5m",
                      "five minutes from then on, in a window"}});
  OnChosen(verb, args, RunSeek, chosen);
}

}  // namespace reel

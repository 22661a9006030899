// reel streams: what a node's streams are called, and whether they are recorded.
#include <algorithm>

#include "tools/command.h"
#include "tools/holding.h"
#include "tools/local_time.h"
#include "tools/node_session.h"
#include "tools/place.h"
#include "tools/print.h"
#include "tools/stream_names.h"
#include "tools/terminal.h"
#include "tools/time_args.h"

namespace reel {
namespace {

struct StreamsArgs {
  Place place;
  std::string stream;  // name or UUID
  std::string name;    // the new one
  bool names = false;  // alone, one a line
  bool json = false;
};

Json StreamJson(const StreamInfo& stream) {
  Json json{{"stream", stream.name},
            {"id", ToString(stream.id)},
            {"created", FormatWall(stream.created, 9)}};
  if (stream.retired) json["retired"] = FormatWall(*stream.retired, 9);
  return json;
}

Json ListedJson(const StreamInfo& stream, const Holding& holding) {
  Json json = StreamJson(stream);
  json["footage_ns"] = holding.footage.count();
  json["bytes"] = holding.bytes;
  if (holding.range) {
    json["first"] = FormatWall(holding.range->begin, 9);
    json["last"] = FormatWall(holding.range->end, 9);
  }
  return json;
}

void PrintListed(const StreamInfo& stream, const Holding& holding, size_t name_width) {
  std::string label = stream.name;
  label.resize(std::max(label.size(), name_width), ' ');
  std::string line = Painted(Colour::kBold, label) + "  ";
  line += holding.range
              ? FormatDuration(holding.footage) + ", " + FormatSize(holding.bytes) + "  " +
                    LocalText(holding.range->begin, 0) + " .. " + LocalText(holding.range->end, 0)
              : std::string("no footage");
  if (stream.retired) {
    line += Painted(Colour::kYellow, "  retired since " + LocalText(*stream.retired, 0));
  }
  PrintLine(line);
}

Status RunList(const StreamsArgs& args) {
  REEL_ASSIGN_OR_RETURN(const auto session, NodeSession::OpenForReading(args.place));
  Store& store = session->store();
  const std::vector<StreamInfo> streams = store.Streams();
  if (args.names && !args.json) {
    for (const StreamInfo& stream : streams) PrintLine(stream.name);
    return OkStatus();
  }
  size_t name_width = 0;
  for (const StreamInfo& stream : streams) name_width = std::max(name_width, stream.name.size());
  Json list = Json::array();
  for (const StreamInfo& stream : streams) {
    REEL_ASSIGN_OR_RETURN(const Holding holding, HoldingOf(store, stream.id));
    if (args.json) list.push_back(ListedJson(stream, holding));
    if (!args.json) PrintListed(stream, holding, name_width);
  }
  if (args.json) PrintJson(list);
  if (!args.json && streams.empty()) PrintLine("no streams yet: recording makes them");
  return OkStatus();
}

// Opens the node, lets `change` do its work, and prints the stream as it is then.
Status Change(const StreamsArgs& args, const std::string& done,
              const std::function<Result<StreamInfo>(Store&)>& change) {
  REEL_ASSIGN_OR_RETURN(const auto session, NodeSession::OpenForWriting(args.place));
  REEL_ASSIGN_OR_RETURN(const StreamInfo stream, change(session->store()));
  REEL_RETURN_IF_ERROR(session->Close());
  if (args.json) PrintJson(StreamJson(stream));
  if (!args.json) PrintLine("stream '" + stream.name + "'  " + ToString(stream.id) + "  " + done);
  return OkStatus();
}

Status RunAdd(const StreamsArgs& args) {
  return Change(args, "added", [&](Store& store) { return store.CreateStream(args.name); });
}

Status RunRename(const StreamsArgs& args) {
  return Change(args, "renamed", [&](Store& store) -> Result<StreamInfo> {
    REEL_ASSIGN_OR_RETURN(const StreamInfo stream, store.FindStream(args.stream));
    return store.RenameStream(stream.id, args.name);
  });
}

Status RunRehome(const StreamsArgs& args) {
  const auto id = ParseId<StreamId>(args.stream);
  if (!id) {
    return InvalidArgument("'" + args.stream +
                           "' is no UUID: write it as 'reel streams --json' shows it on the node "
                           "it comes from, or 'reel inspect --chunks' of a segment");
  }
  return Change(args, "re-homed",
                [&](Store& store) { return store.CreateStreamAs(args.name, *id); });
}

Status Retire(const StreamsArgs& args, bool retired) {
  return Change(args, retired ? "retired" : "restored", [&](Store& store) -> Result<StreamInfo> {
    REEL_ASSIGN_OR_RETURN(const StreamInfo stream, store.FindStream(args.stream));
    return store.RetireStream(stream.id, retired);
  });
}
Status RunRetire(const StreamsArgs& args) { return Retire(args, true); }
Status RunRestore(const StreamsArgs& args) { return Retire(args, false); }

// A verb below `streams` with the arguments that all of them have.
CLI::App& AddSub(CLI::App& parent, const std::shared_ptr<StreamsArgs>& args, const char* name,
                 const char* what) {
  CLI::App& verb = *parent.add_subcommand(name, what);
  AddPlaceOptions(verb, &args->place);
  AddJsonFlag(verb, &args->json);
  return verb;
}

CLI::Option* AddName(CLI::App& verb, StreamsArgs* args, const char* what) {
  return verb.add_option("name", args->name, what)->required()->type_name("NAME");
}

CLI::Option* AddStream(CLI::App& verb, StreamsArgs* args) {
  return verb.add_option("stream", args->stream, "Name or UUID")->required()->type_name("STREAM");
}

}  // namespace

void AddStreams(CLI::App& app, Action* chosen) {
  auto args = std::make_shared<StreamsArgs>();
  CLI::App& streams =
      *app.add_subcommand("streams", "List, add, rename, re-home and retire streams");
  SetExamples(streams, {{"streams --node /var/lib/reel", "what there is of each"},
                        {"streams rename --node /var/lib/reel gate gate-east", "a better name"}});

  CLI::App& list = AddSub(streams, args, "list", "List the streams and what there is of each");
  list.add_flag("--names", args->names, "Only the names, one a line");
  SetExamples(list, {{"streams list --node /var/lib/reel", "what there is of each"}});
  OnChosen(list, args, RunList, chosen);

  CLI::App& add = AddSub(streams, args, "add", "Make a stream before anything is recorded to it");
  AddName(add, args.get(), "At most 255 bytes of UTF-8 without slashes and control characters");
  SetExamples(add, {{"streams add --node /var/lib/reel gate-east", "a stream without footage"}});
  OnChosen(add, args, RunAdd, chosen);

  CLI::App& rename = AddSub(streams, args, "rename", "Give a stream another name");
  AddStream(rename, args.get());
  AddName(rename, args.get(), "The new one; the old one is free then");
  SetExamples(rename, {{"streams rename --node /var/lib/reel gate gate-east",
                        "its footage is found by the new name"}});
  OnChosen(rename, args, RunRename, chosen);

  CLI::App& rehome =
      *streams.add_subcommand("rehome",
                              "Name a stream by its UUID: one that moved here from another node, "
                              "or footage whose name was lost");
  // REEL_NODE is read for every verb there is: it would go before what the others were given.
  const auto local = std::make_shared<StreamsArgs>();
  AddNodeOption(rehome, &local->place.node);
  RefuseServer(rehome,
               "whose footage it is, is decided on the node itself: give --node there, with reeld "
               "stopped");
  AddJsonFlag(rehome, &local->json);
  rehome.add_option("uuid", local->stream, "Of the stream")->required()->type_name("UUID");
  AddName(rehome, local.get(), "What it is called here");
  SetExamples(rehome, {{"streams rehome --node /var/lib/reel 6f1c2a9e-3d52-4b7a-9c1e-0a5d8e7b4f21 "
                        "gate-east",
                        "recording goes on under the UUID it had elsewhere"}});
  OnChosen(rehome, local, RunRehome, chosen);

  CLI::App& retire = AddSub(streams, args, "retire",
                            "Record it no more; its footage stays and is found as before");
  AddStream(retire, args.get());
  SetExamples(retire, {{"streams retire --node /var/lib/reel old-gate", "the camera is gone"}});
  OnChosen(retire, args, RunRetire, chosen);

  CLI::App& restore = AddSub(streams, args, "restore", "Undo a retirement");
  AddStream(restore, args.get());
  SetExamples(restore, {{"streams restore --node /var/lib/reel old-gate", "it is back"}});
  OnChosen(restore, args, RunRestore, chosen);

  AddPlaceOptions(streams, &args->place);
  AddJsonFlag(streams, &args->json);
  OnNoneChosen(streams, args, RunList, chosen);
}

}  // namespace reel

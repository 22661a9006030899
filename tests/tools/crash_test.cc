// kill -9 while four streams are recorded: everything that was reported durable is there
// afterwards, and looking at what the crash left changes nothing.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "engine/base/digest.h"
#include "tests/tools/footage.h"
#include "tests/tools/process.h"
#include "tools/node_session.h"

namespace reel {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr char kStart[] = "2026-01-01T12:00:00Z";
constexpr uint64_t kUnitsWanted = 200;

const std::map<std::string, std::string> kStreams = {{"one", "axis-test_h264.mp4"},
                                                     {"two", "axis-test_h265.mp4"},
                                                     {"three", "made-open-gop.h264"},
                                                     {"four", "m26x-input-32-640x360-main.h265"}};

using Durable = std::map<std::string, uint64_t>;  // stream -> units

// Records at several times real time until every stream has kUnitsWanted durable units, then kills.
Durable RecordAndKill(const std::string& node, const TempFolder& folder) {
  Words command = {REEL_COMMAND, "import", "--node", node,      "--pace=8",
                   "--for",      "20m",    "--json", "--start", kStart};
  for (const auto& [stream, file] : kStreams) command.push_back(stream + "=" + Media(file));
  Child import(command, folder / "err");
  Durable durable;
  const auto enough = [&](const auto& stream) { return durable[stream.first] >= kUnitsWanted; };
  bool killed = false;
  // Lines that are in the pipe when the process dies were printed before, and count.
  while (const std::optional<std::string> line = import.ReadLine()) {
    const json event = json::parse(*line, nullptr, false);
    if (event.is_discarded()) continue;  // cut off by the kill
    durable[event["stream"]] = event["units"];
    if (killed || !std::all_of(kStreams.begin(), kStreams.end(), enough)) continue;
    import.Signal(SIGKILL);
    killed = true;
  }
  EXPECT_TRUE(killed) << ReadText(folder / "err");
  EXPECT_EQ(import.Wait(), -1);
  return durable;
}

void CheckDurable(const std::string& node, const Durable& durable) {
  auto session = NodeSession::OpenForReading(node);
  ASSERT_TRUE(session.ok()) << session.status().ToString();
  for (const auto& [stream, file] : kStreams) {
    SCOPED_TRACE(stream);
    const std::vector<Unit> stored = ReadStream((*session)->store(), stream);
    EXPECT_GE(stored.size(), durable.at(stream));
    ExpectUnitsOfFile(stored, Media(file));
  }
}

// What a reader could have changed: contents, sizes and times of every file, and which there are.
std::map<std::string, std::string> Image(const TempFolder& folder) {
  std::map<std::string, std::string> image;
  for (const auto& entry : fs::recursive_directory_iterator(folder.path())) {
    if (!entry.is_regular_file()) continue;
    const std::string text = ReadText(entry.path());
    const auto written = entry.last_write_time().time_since_epoch().count();
    image[entry.path().string()] = std::to_string(text.size()) + " " +
                                   std::to_string(Crc32c(std::as_bytes(std::span(text)))) + " " +
                                   std::to_string(written);
  }
  return image;
}

void LookEverywhere(const std::string& node, const TempFolder& image, const TempFolder& elsewhere) {
  const Words looks[] = {
      {"timeline", "--node", node},
      {"seek", "--node", node, "one", "2026-01-01T12:00:02Z", "--out", elsewhere / "gop.h264"},
      {"export", "--node", node, "two", "--from", kStart, "--to", "2026-01-01T12:00:10Z", "-o",
       elsewhere / "two.mp4"},
      {"verify", "--node", node},
      {"inspect", node},
      {"inspect", image / "disk"},
  };
  const auto before = Image(image);
  for (const Words& look : looks) {
    SCOPED_TRACE(look[0]);
    const Outcome outcome = Reel(look);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(Image(image), before);
  }
}

TEST(Crash, WhatWasReportedDurableIsThere) {
  const TempFolder folder;
  const std::string node = MakeNode(folder);
  const TempFolder elsewhere;
  const Durable durable = RecordAndKill(node, elsewhere);
  ASSERT_EQ(durable.size(), kStreams.size());

  // First as the crash left it, which reading does not change; then after a writer has cleaned up.
  CheckDurable(node, durable);
  LookEverywhere(node, folder, elsewhere);
  const Outcome resumed = Reel({"import", "--node", node, "--start", "2026-01-01T13:00:00Z",
                                "five=" + Media("axis-test_h264.mp4")});
  EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
  CheckDurable(node, durable);
  EXPECT_EQ(Reel({"verify", "--node", node}).exit_code, 0);
  const Outcome rebuilt = Reel({"reindex", "--node", node});
  EXPECT_EQ(rebuilt.exit_code, 0) << rebuilt.err;
  CheckDurable(node, durable);
}

TEST(Crash, ReadingAClosedNodeWritesNothing) {
  const TempFolder folder;
  const std::string node = MakeNode(folder);
  const TempFolder elsewhere;
  ASSERT_EQ(Reel({"import", "--node", node, "--start", kStart, "one=" + Media("axis-test_h264.mp4"),
                  "two=" + Media("axis-test_h265.mp4")})
                .exit_code,
            0);
  LookEverywhere(node, folder, elsewhere);
}

}  // namespace
}  // namespace reel

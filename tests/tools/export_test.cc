// reel export as an investigator uses it: files and packages that can be checked, and nothing
// half-written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/tools/process.h"
#include "tools/exit_codes.h"

namespace reel {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kStart[] = "2026-01-01T12:00:00Z";
constexpr char kEnd[] = "2026-01-01T12:10:00Z";

class ExportVerb : public testing::Test {
 protected:
  ExportVerb() : node_(MakeNode(folder_)) {
    Import(kStart, {"gate=" + Media("axis-test_h264.mp4"), "yard=" + Media("axis-test_h265.mp4")});
  }

  void Import(const std::string& start, const Words& files) const {
    Words arguments = {"import", "--node", node_, "--start", start};
    arguments.insert(arguments.end(), files.begin(), files.end());
    const Outcome imported = Reel(arguments);
    ASSERT_EQ(imported.exit_code, 0) << imported.err;
  }

  Words Command(const Words& streams, const std::string& out, const Words& options = {}) const {
    Words arguments = {"export", "--node", node_, "--from", kStart, "--to", kEnd, "-o", out};
    arguments.insert(arguments.end(), streams.begin(), streams.end());
    arguments.insert(arguments.end(), options.begin(), options.end());
    return arguments;
  }
  Outcome Export(const Words& streams, const std::string& out, const Words& options = {}) const {
    return Reel(Command(streams, out, options));
  }

  static json Manifest(const std::string& package) {
    return json::parse(ReadText(package + "/manifest.json"), nullptr, false);
  }
  static std::vector<std::string> Names(const std::string& package) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(package)) {
      names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  static std::vector<json> Lines(const std::string& path) {
    std::istringstream in(ReadText(path));
    std::vector<json> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(json::parse(line));
    return lines;
  }
  static Outcome Check(const std::string& package) { return Reel({"export", "--check", package}); }

  // A byte in the middle of the largest chunk of the stream's.
  void Damage(const std::string& stream) const {
    const json streams = json::parse(Reel({"timeline", "--node", node_, "--json", stream}).out);
    const std::string id = streams[0]["id"];
    json largest;
    const json volume = json::parse(Reel({"inspect", folder_ / "disk", "--json"}).out);
    for (const auto& entry : fs::directory_iterator(folder_ / "disk")) {
      const Outcome inspected = Reel({"inspect", entry.path().string(), "--chunks", "--json"});
      const json segment = json::parse(inspected.out, nullptr, false);
      if (!segment.is_object() || !segment.contains("chunk_list")) continue;
      for (json chunk : segment["chunk_list"]) {
        if (chunk["stream"] != id) continue;
        chunk["path"] = entry.path().string();
        if (largest.is_null() || chunk["chunk_bytes"] > largest["chunk_bytes"]) largest = chunk;
      }
    }
    ASSERT_FALSE(largest.is_null());
    Flip(largest["path"],
         largest["offset"].get<int64_t>() + largest["chunk_bytes"].get<int64_t>() / 2);
  }
  static void Flip(const std::string& path, int64_t at) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(at);
    const int byte = file.get();
    file.seekp(at);
    file.put(static_cast<char>(byte ^ 1));
  }

  const TempFolder folder_;
  const std::string node_;
};

TEST_F(ExportVerb, FramesTellWhenEachPictureWasTaken) {
  Import("2026-01-01T12:01:00Z", {"gate=" + Media("axis-test_h264.mp4")});
  ASSERT_EQ(Export({"gate"}, folder_ / "a.mp4", {"--frames"}).exit_code, 0);
  const std::vector<json> lines = Lines(folder_ / "a.frames.jsonl");
  ASSERT_EQ(lines.size(), 1U + 256 + 1 + 256);
  EXPECT_EQ(lines[0]["file"], "a.mp4");
  EXPECT_EQ(lines[0]["runs"].size(), 2U);
  EXPECT_EQ(lines[1]["utc"], "2026-01-01T12:00:00.000000000Z");
  EXPECT_EQ(lines[1]["flags"], json({"clean"}));
  EXPECT_EQ(lines[257]["gap"]["end"], "2026-01-01T12:01:00.000000000Z");
  EXPECT_EQ(lines[258]["utc"], "2026-01-01T12:01:00.000000000Z");
  EXPECT_EQ(lines[258]["frame"], 256);
  EXPECT_EQ(lines[258]["unit"], 0);
  EXPECT_EQ(lines[258]["pts"], 60 * 90'000);
}

TEST_F(ExportVerb, TheSameRangeGivesTheSameFile) {
  ASSERT_EQ(Export({"gate"}, folder_ / "a.mp4").exit_code, 0);
  ASSERT_EQ(Export({"gate"}, folder_ / "b.mp4").exit_code, 0);
  EXPECT_EQ(ReadText(folder_ / "a.mp4"), ReadText(folder_ / "b.mp4"));
}

TEST_F(ExportVerb, SeveralCamerasMakeAPackage) {
  const std::string package = folder_ / "package";
  const Outcome exported = Export({"gate", "yard"}, package, {"--reason", "case 7", "--by", "me"});
  ASSERT_EQ(exported.exit_code, 0) << exported.err;
  EXPECT_THAT(Names(package), ElementsAre("SHA256SUMS", "gate.frames.jsonl", "gate.mp4",
                                          "manifest.json", "yard.frames.jsonl", "yard.mp4"));
  const json manifest = Manifest(package);
  EXPECT_EQ(manifest["format"], "reel-export");
  EXPECT_EQ(manifest["reason"], "case 7");
  EXPECT_EQ(manifest["by"], "me");
  EXPECT_EQ(manifest["asked"]["end"], "2026-01-01T12:10:00.000000000Z");
  ASSERT_EQ(manifest["streams"].size(), 2U);
  const json& stream = manifest["streams"][0];
  EXPECT_FALSE(stream["missing"].empty()) << "nothing was recorded behind the first seconds";
  const json& file = stream["files"][0];
  EXPECT_EQ(file["frames"]["count"], 256);
  uint64_t units = 0;
  for (const json& segment : file["segments"]) {
    for (const json& chunk : segment["chunks"]) {
      units += chunk["units"].get<uint64_t>();
      EXPECT_EQ(chunk["content_id"].get<std::string>().size(), 64U);
    }
  }
  EXPECT_EQ(units, 256U);
  EXPECT_EQ(RunCommand({"sh", "-c", "cd '" + package + "' && sha256sum -c SHA256SUMS"}).exit_code,
            0);
  const Outcome checked = Check(package);
  EXPECT_EQ(checked.exit_code, 0) << checked.err;
  EXPECT_THAT(checked.out, HasSubstr("4 files"));
}

TEST_F(ExportVerb, ACheckFindsWhatWasChanged) {
  const std::string package = folder_ / "package";
  const auto fresh = [&] {
    ASSERT_EQ(Export({"gate", "yard"}, package, {"--force"}).exit_code, 0);
  };
  const auto expect_found = [&](const std::string& what) {
    const Outcome checked = Check(package);
    EXPECT_EQ(checked.exit_code, static_cast<int>(ExitCode::kDamaged));
    EXPECT_THAT(checked.out, HasSubstr(what));
  };
  fresh();
  Flip(package + "/gate.mp4", 5000);
  expect_found("gate.mp4: was changed");
  fresh();
  fs::resize_file(package + "/yard.frames.jsonl", 100);
  expect_found("yard.frames.jsonl: has 100 bytes");
  fresh();
  fs::remove(package + "/yard.mp4");
  expect_found("yard.mp4: is not there");
  fresh();
  Flip(package + "/manifest.json", 85);  // in its date
  expect_found("manifest.json: was changed");
  fresh();
  std::ofstream(package + "/more.txt") << "more";
  expect_found("more.txt: is not of the package");
  EXPECT_EQ(Check(folder_ / "nowhere").exit_code, static_cast<int>(ExitCode::kNotFound));
}

TEST_F(ExportVerb, SplitMakesAFileBehindEachGap) {
  Import("2026-01-01T12:01:00Z", {"gate=" + Media("axis-test_h264.mp4")});
  const std::string package = folder_ / "package";
  ASSERT_EQ(Export({"gate"}, package, {"--split"}).exit_code, 0);
  const json files = Manifest(package)["streams"][0]["files"];
  ASSERT_EQ(files.size(), 2U);
  EXPECT_EQ(files[0]["file"], "gate-1.mp4");
  EXPECT_EQ(files[1]["given"]["begin"], "2026-01-01T12:01:00.000000000Z");
}

TEST_F(ExportVerb, CameraWithoutFootageIsInTheManifest) {
  Import("2025-01-01T00:00:00Z", {"old=" + Media("axis-test_h264.mp4")});
  const std::string package = folder_ / "package";
  ASSERT_EQ(Export({"gate", "old"}, package).exit_code, 0);
  const json streams = Manifest(package)["streams"];
  EXPECT_TRUE(streams[1]["files"].empty());
  EXPECT_FALSE(streams[1]["missing"].empty());
  EXPECT_EQ(Export({"old"}, folder_ / "none").exit_code, static_cast<int>(ExitCode::kNotFound));
  EXPECT_FALSE(fs::exists(folder_ / "none"));
}

TEST_F(ExportVerb, DamageRefusesTheWholeAndLeavesNothing) {
  Damage("yard");
  const std::string package = folder_ / "package";
  const Outcome refused = Export({"gate", "yard"}, package);
  EXPECT_EQ(refused.exit_code, static_cast<int>(ExitCode::kDamaged));
  EXPECT_THAT(refused.err, HasSubstr("yard"));
  EXPECT_FALSE(fs::exists(package));
  EXPECT_FALSE(fs::exists(package + ".partial"));

  const Outcome left_out = Export({"gate", "yard"}, package, {"--leave-out-damage"});
  EXPECT_EQ(left_out.exit_code, static_cast<int>(ExitCode::kDamaged));
  EXPECT_EQ(Manifest(package)["streams"][1]["files"][0]["damage"].size(), 1U);
  EXPECT_TRUE(Lines(package + "/yard.frames.jsonl").back().contains("damage"));
  EXPECT_EQ(Check(package).exit_code, 0);
}

TEST_F(ExportVerb, OnlyAPackageIsReplaced) {
  const std::string other = folder_ / "other";
  fs::create_directory(other);
  std::ofstream(other + "/precious.txt") << "mine";
  EXPECT_EQ(Export({"gate", "yard"}, other).exit_code, static_cast<int>(ExitCode::kRefused));
  EXPECT_EQ(Export({"gate", "yard"}, other, {"--force"}).exit_code,
            static_cast<int>(ExitCode::kRefused));
  EXPECT_EQ(Names(other), std::vector<std::string>{"precious.txt"});
}

TEST_F(ExportVerb, StreamsToStandardOutput) {
  const std::string out = folder_ / "piped.mp4";
  std::string command = "'" + std::string(REEL_COMMAND) + "'";
  for (const std::string& word : Command({"gate"}, "-")) command += " '" + word + "'";
  ASSERT_EQ(RunCommand({"sh", "-c", command + " > '" + out + "'"}).exit_code, 0);
  const Outcome probed = RunCommand({"ffprobe", "-v", "error", "-count_packets", "-show_entries",
                                     "stream=nb_read_packets", "-of", "csv=p=0", out});
  EXPECT_EQ(probed.out, "256\n");
  EXPECT_EQ(Export({"gate", "yard"}, "-").exit_code, static_cast<int>(ExitCode::kUsage));
}

// The pipe is full long before the file ends, so the signal comes in the middle.
TEST_F(ExportVerb, ASignalEndsItInOrder) {
  Import("2026-01-01T12:01:00Z", {"--for", "2m", "long=" + Media("axis-test_h264.mp4")});
  Words command = Command({"long"}, "-");
  command.insert(command.begin(), REEL_COMMAND);
  Child child(command, folder_ / "err");
  EXPECT_TRUE(child.ReadLine());
  child.Signal(SIGINT);
  EXPECT_EQ(child.Wait(), static_cast<int>(ExitCode::kStopped));
  EXPECT_THAT(ReadText(folder_ / "err"), HasSubstr("stopped by a signal"));
}

TEST_F(ExportVerb, BeginsAtThePictureAskedFor) {
  const std::string out = folder_ / "a.mp4";
  const Outcome exported =
      Reel({"export", "--node", node_, "gate", "--from", "2026-01-01T12:00:01.5Z", "--to",
            "2026-01-01T12:00:02.5Z", "-o", out, "--json"});
  ASSERT_EQ(exported.exit_code, 0) << exported.err;
  const json report = json::parse(exported.out);
  EXPECT_EQ(report["range"]["begin"].get<std::string>().substr(0, 22), "2026-01-01T12:00:01.52");
  EXPECT_GT(report["hidden"], 0);
  const Outcome shown = RunCommand({"sh", "-c",
                                    "ffmpeg -v error -i '" + out +
                                        "' -fps_mode passthrough -f framemd5 - | "
                                        "grep -vc '^#'"});
  EXPECT_EQ(shown.out,
            std::to_string(report["units"].get<int>() - report["hidden"].get<int>()) + "\n");
}

TEST_F(ExportVerb, WhatIsMissingOnTheCommandLine) {
  const Outcome nothing = Reel({"export", "--node", node_});
  EXPECT_EQ(nothing.exit_code, static_cast<int>(ExitCode::kUsage));
  EXPECT_THAT(nothing.err, HasSubstr("stream is required"));
}

}  // namespace
}  // namespace reel

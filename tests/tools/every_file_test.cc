// Every file of the footage folders through the real path: `reel import` into a node, a cursor out
// of it. What comes back is compared with the file itself, read by others: NAL units by libavformat
// or the plain way, pictures by the ffmpeg program. What is refused says exactly why.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "engine/base/bytes.h"
#include "engine/media/nal.h"
#include "tests/av/av_testing.h"
#include "tests/tools/process.h"
#include "tools/exit_codes.h"
#include "tools/node_session.h"

namespace reel {
namespace {

namespace fs = std::filesystem;
using av_testing::FootagePath;
using nlohmann::json;
using testing::HasSubstr;

constexpr char kStart[] = "2026-01-01T12:00:00Z";

// Why files that are no media files are refused, by their extension.
const std::map<std::string, std::string>& Refusals() {
  static const std::map<std::string, std::string> refusals = {
      {".pcap", "network capture (pcap)"},
      {".rtsp", "RTSP session"},
      {".txt", "session description (SDP)"},
  };
  return refusals;
}

std::string RefusalOf(const std::string& name) {
  const auto found = Refusals().find(fs::path(name).extension().string());
  return found == Refusals().end() ? "" : found->second;
}

struct Stored {
  std::vector<Bytes> nals;  // of the first video track
  Bytes annex_b;            // the same as a raw stream, parameter sets in front where held apart
  Codec codec = Codec::kH264;
  size_t units = 0;
};

// Imports all files once; the cases look at one each.
class EveryFile : public testing::TestWithParam<std::string> {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TempFolder>();
    fs::create_directory(*folder_ / "disk");
    node_ = *folder_ / "node";
    const Outcome made =
        Reel({"init", node_, "--volume", *folder_ / "disk" + ",size=256M,segment=8M"});
    ASSERT_EQ(made.exit_code, 0) << made.err;
    Words command = {"import", "--node", node_, "--start", kStart, "--json"};
    for (const std::string& name : av_testing::AllNames()) {
      const std::string path = FootagePath(name);
      if (RefusalOf(name).empty()) command.push_back(name + "=" + path);
    }
    const Outcome imported = Reel(command);
    ASSERT_EQ(imported.exit_code, 0) << imported.err;
    std::istringstream lines(imported.out);
    for (std::string line; std::getline(lines, line);) {
      const json event = json::parse(line);
      if (event["event"] == "end") reports_[event["stream"]] = event;
    }
    auto session = NodeSession::OpenForReading(node_);
    ASSERT_TRUE(session.ok()) << session.status().ToString();
    session_ = *std::move(session);
  }
  static void TearDownTestSuite() {
    session_.reset();
    folder_.reset();
  }

  // All of the stream, as a cursor gives it.
  static Stored ReadBack(const std::string& name) {
    Stored stored;
    const Result<StreamInfo> info = session_->store().FindStream(name);
    EXPECT_TRUE(info.ok()) << info.status().ToString();
    if (!info.ok()) return stored;
    const auto cursor = session_->store().Read(info->id, {});
    EXPECT_TRUE(cursor.ok()) << cursor.status().ToString();
    const bool held_apart = av_testing::IsMp4(name) || av_testing::IsMkv(name);
    for (;;) {
      const Result<Item> item = (*cursor)->Next();
      EXPECT_TRUE(item.ok()) << item.status().ToString();
      if (!item.ok() || item->kind == ItemKind::kEnd) return stored;
      EXPECT_NE(item->kind, ItemKind::kDamage) << item->status.ToString();
      if (item->kind == ItemKind::kTracks && !item->tracks.empty()) {
        stored.codec = item->tracks[0].codec;
        if (held_apart) AppendAnnexB(item->tracks[0].config, &stored);
      }
      if (item->kind != ItemKind::kUnit || item->unit.track != TrackId{0}) continue;
      ++stored.units;
      AppendAnnexB(item->unit.bytes, &stored);
      for (Bytes& nal : av_testing::PlainNals(item->unit.bytes, kStoredLengthBytes)) {
        stored.nals.push_back(std::move(nal));
      }
    }
  }

  static void AppendAnnexB(ByteSpan bytes, Stored* stored) {
    const Result<Bytes> raw = ToAnnexB(bytes);
    EXPECT_TRUE(raw.ok()) << raw.status().ToString();
    if (raw.ok()) stored->annex_b.insert(stored->annex_b.end(), raw->begin(), raw->end());
  }

  static size_t ComparePictures(const std::string& name, const Stored& stored) {
    const std::string path = FootagePath(name);
    const std::string raw = *folder_ / (stored.codec == Codec::kH264 ? "raw.h264" : "raw.h265");
    av_testing::WriteFile(raw, stored.annex_b);
    const std::string options = av_testing::IsMp4(name) ? "-ignore_editlist 1" : "";
    const std::vector<std::string> original = av_testing::DecodedHashes(path, "v", options);
    EXPECT_EQ(av_testing::DecodedHashes(raw, "v", ""), original);
    return original.size();
  }

  static void Row(const std::string& name, size_t nals, const std::string& pictures,
                  const std::string& outcome) {
    std::printf("| %-60s | %6zu NAL units | %13s | %s\n", name.c_str(), nals, pictures.c_str(),
                outcome.c_str());
  }

  static std::unique_ptr<TempFolder> folder_;
  static std::string node_;
  static std::map<std::string, json> reports_;
  static std::unique_ptr<NodeSession> session_;
};
std::unique_ptr<TempFolder> EveryFile::folder_;
std::string EveryFile::node_;
std::map<std::string, json> EveryFile::reports_;
std::unique_ptr<NodeSession> EveryFile::session_;

TEST_P(EveryFile, ComesBackExactlyOrIsRefusedWithTheReason) {
  const std::string& name = GetParam();
  const std::string path = FootagePath(name);
  if (const std::string reason = RefusalOf(name); !reason.empty()) {
    const Outcome refused = Reel({"import", "--node", node_, path});
    EXPECT_EQ(refused.exit_code, static_cast<int>(ExitCode::kUsage));
    EXPECT_THAT(refused.err, HasSubstr(reason));
    EXPECT_THAT(refused.err, HasSubstr(path));
    Row(name, 0, "", "refused: " + refused.err.substr(0, refused.err.find('\n')));
    return;
  }
  ASSERT_EQ(reports_.count(name), 1U);
  EXPECT_EQ(reports_[name]["status"], "OK");
  EXPECT_EQ(reports_[name]["durable"], reports_[name]["units"]);
  const Stored stored = ReadBack(name);
  size_t packet_count = stored.units;
  const std::vector<Bytes> expected = av_testing::NalsOfOriginal(path, stored.codec, &packet_count);
  EXPECT_FALSE(expected.empty());
  EXPECT_TRUE(stored.nals == expected) << stored.nals.size() << " against " << expected.size();
  EXPECT_EQ(stored.units, packet_count);
  std::string pictures = "no ffmpeg";
  if (av_testing::HasFfmpeg())
    pictures = std::to_string(ComparePictures(name, stored)) + " pictures";
  Row(name, stored.nals.size(), pictures, HasFailure() ? "DIFFERS" : "the same");
}

std::string TestName(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, EveryFile, testing::ValuesIn(av_testing::AllNames()), TestName);

// What a camera signs its pictures with: SEI of type 5 (user data unregistered) under Axis' UUID.
TEST_F(EveryFile, SignaturesOfACameraSurvive) {
  const std::string name = "axis-signed_test_h264.mp4";
  if (FootagePath(name).empty()) GTEST_SKIP() << "shared/media is not here";
  const auto is_signature = [](const Bytes& nal) {
    return nal.size() > 20 && (nal[0] & std::byte{0x1F}) == std::byte{6} &&
           nal[1] == std::byte{5} && AsText(nal).find("Signed Video") != std::string_view::npos;
  };
  const std::vector<Bytes> nals = ReadBack(name).nals;
  size_t packet_count = 0;
  const std::vector<Bytes> original =
      av_testing::NalsOfOriginal(FootagePath(name), Codec::kH264, &packet_count);
  const auto signatures = std::count_if(original.begin(), original.end(), is_signature);
  EXPECT_GT(signatures, 0);
  EXPECT_EQ(std::count_if(nals.begin(), nals.end(), is_signature), signatures);
  EXPECT_TRUE(is_signature(nals.back())) << "the last unit is a signature without a picture";
}

}  // namespace
}  // namespace reel

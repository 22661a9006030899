// The verbs for cameras, against a reeld and a third party's camera, each a process of its own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "tests/tools/json_shape.h"
#include "tests/tools/process.h"
#include "tests/tools/reeld.h"

namespace reel {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class CamerasTest : public ::testing::Test {
 protected:
  // GStreamer's RTSP server: one camera open to all, one that asks for a login.
  void StartCamera(const Words& more = {}) {
    const std::string fifo = folder_ / "camera-input";
    ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
    const std::string film = Media("m26x-input-30-240p-vp-sps-pps.h264");
    std::string words = std::string(REEL_TEST_CAMERA) + " 0 /live=" + film + ",alaw /spare=" + film;
    for (const std::string& word : more) words += " " + word;
    // It ends when its input does, which this one never does.
    camera_ = std::make_unique<Child>(Words{"sh", "-c", "exec " + words + " 0<>" + fifo},
                                      folder_ / "camera.err");
    const std::string said = camera_->ReadLine().value_or("nothing");
    ASSERT_EQ(said.rfind("port ", 0), 0U) << said;
    host_ = "rtsp://127.0.0.1:" + said.substr(5);
    url_ = host_ + "/live";
  }

  void StartReeld() {
    MakeNode(folder_);
    reeld_ = std::make_unique<Reeld>(folder_);
    socket_ = reeld_->address();
  }

  std::string config() const { return folder_ / "reeld.toml"; }

  const TempFolder folder_;
  std::unique_ptr<Child> camera_;
  std::unique_ptr<Reeld> reeld_;
  std::string host_;
  std::string url_;
  std::string socket_;
};

TEST_F(CamerasTest, FromAnAddressToFootageInAPlayer) {
  StartCamera();
  StartReeld();
  std::map<std::string, json> shapes = Shapes();

  const Outcome probed = Reel({"cameras", "probe", url_, "--json"});
  EXPECT_EQ(probed.exit_code, 0) << probed.err;
  ExpectOfShape(probed.out, shapes["cameras probe"], "cameras probe");
  const json tracks = json::parse(probed.out)["tracks"];
  ASSERT_EQ(tracks.size(), 2U);
  EXPECT_EQ(tracks[0]["codec"], "h264");
  EXPECT_EQ(tracks[0]["height"], 240);
  EXPECT_EQ(tracks[1]["codec"], "pcm-alaw");

  const std::string before = ReadText(config());
  const Outcome dry = Reel({"cameras", "add", "gate", url_, "--config", config(), "--dry-run"});
  EXPECT_EQ(dry.exit_code, 0) << dry.err;
  EXPECT_EQ(ReadText(config()), before);
  const Outcome added =
      Reel({"cameras", "add", "gate", url_, "--config", config(), "--server", socket_, "--json"});
  EXPECT_EQ(added.exit_code, 0) << added.err;
  ExpectOfShape(added.out, shapes["cameras add"], "cameras add");
  EXPECT_EQ(json::parse(added.out)["reloaded"], 1);
  EXPECT_EQ(ReadText(config()).rfind(before, 0), 0U) << "what stood there stays as it is";

  // Key pictures come every second or so; one that was taken is durable soon after.
  Outcome list;
  EXPECT_TRUE(Await([&] {
    list = Reel({"cameras", "list", "--server", socket_, "--json"});
    const json rows = json::parse(list.out, nullptr, false);
    return rows.size() == 1 && rows[0]["state"] == "recording" &&
           rows[0].contains("last_clean_point") && rows[0]["bits_per_second"] > 0;
  })) << list.out;
  ExpectOfShape(list.out, shapes["cameras list"], "cameras list");
  EXPECT_TRUE(json::parse(list.out)[0].contains("until_recycling_ns")) << list.out;
  const Outcome watched = Reel({"watch", "--once", "--server", socket_, "--json"});
  ExpectOfShape(watched.out, shapes["watch"], "watch");
  const Outcome table = Reel({"watch", "--server", socket_});
  EXPECT_EQ(table.exit_code, 0) << "into a pipe it ends by itself";
  EXPECT_THAT(table.out, HasSubstr("gate                     recording"));
  EXPECT_THAT(table.out, HasSubstr("1 of 1 recording, 0 in trouble"));

  // It allows one session for a film.
  ASSERT_EQ(Reel({"cameras", "add", "spare", host_ + "/spare", "--config", config()}).exit_code, 0);
  const Outcome tested =
      Reel({"cameras", "test", "spare", "--config", config(), "--for", "2s", "--json"});
  EXPECT_EQ(tested.exit_code, 0) << tested.err;
  ExpectOfShape(tested.out, shapes["cameras test"], "cameras test");
  const json report = json::parse(tested.out, nullptr, false);
  EXPECT_EQ(report["fit"], true) << tested.out;
  EXPECT_GT(report["pictures"], 0);
  EXPECT_EQ(report["packets_lost"], 0);

  // A player that keeps what it is given, and is gone as soon as it has begun.
  std::filesystem::create_directory(folder_ / "bin");
  WriteText(folder_ / "bin/ffplay",
            "#!/bin/sh\necho \"$@\" > " + (folder_ / "arguments") + "\nhead -c 4000 > " +
                (folder_ / "played") + "\n",
            0755);
  const Outcome played =
      RunCommand({"env", "PATH=" + (folder_ / "bin") + ":/usr/bin:/bin", REEL_COMMAND, "seek",
                  "--server", socket_, "gate", "now", "--play", "--for", "5s"});
  EXPECT_EQ(played.exit_code, 0) << played.err;
  EXPECT_THAT(ReadText(folder_ / "arguments"), HasSubstr("-f h264 -framerate 2"));
  EXPECT_EQ(ReadText(folder_ / "played").rfind(std::string("\0\0\0\1", 4), 0), 0U);
}

TEST_F(CamerasTest, ALoginIsAskedForAndTakenFromAFile) {
  StartCamera({"--login", "digest", "reel", "s3cret"});
  const Outcome refused = Reel({"cameras", "probe", url_});
  EXPECT_EQ(refused.exit_code, static_cast<int>(ExitCode::kRefused));
  EXPECT_THAT(refused.err, HasSubstr("the camera asks for a login; give --user"));
  WriteText(folder_ / "right", "s3cret\n", 0600);
  WriteText(folder_ / "wrong", "secret\n", 0600);
  WriteText(folder_ / "open", "s3cret\n", 0644);
  const auto probe = [&](const std::string& file) {
    return Reel(
        {"cameras", "probe", url_, "--user", "reel", "--password-file", folder_ / file, "--json"});
  };
  const Outcome let_in = probe("right");
  EXPECT_EQ(let_in.exit_code, 0) << let_in.err;
  EXPECT_EQ(json::parse(let_in.out, nullptr, false)["login"], "digest-md5");
  const Outcome wrong = probe("wrong");
  EXPECT_EQ(wrong.exit_code, static_cast<int>(ExitCode::kRefused));
  EXPECT_THAT(wrong.err, HasSubstr("check user and password"));
  EXPECT_THAT(wrong.err, testing::Not(HasSubstr("secret")));
  EXPECT_THAT(probe("open").err, HasSubstr("can be read by everybody: 'chmod o= "));
}

TEST_F(CamerasTest, ATableIsTakenWholeOrNotAtAll) {
  StartReeld();
  const std::string before = ReadText(config());
  WriteText(folder_ / "bad.csv",
            "name,source,mode,pre_buffer_s\n"
            "gate,rtsp://192.0.2.7/main,always,10\n"
            "\"yard, north\",rtsp://reel:pw@192.0.2.8/,event,soon\n"
            "gate,rtsp://192.0.2.9/,,\n"
            "door,rtsp://192.0.2.10/\n");
  const Outcome bad = Reel({"cameras", "import", folder_ / "bad.csv", "--config", config()});
  EXPECT_EQ(bad.exit_code, static_cast<int>(ExitCode::kUsage));
  EXPECT_THAT(bad.err, HasSubstr("bad.csv:2: column mode: "));
  EXPECT_THAT(bad.err, HasSubstr("bad.csv:3: column source: "));
  EXPECT_THAT(bad.err, HasSubstr("bad.csv:3: column pre_buffer_s: "));
  EXPECT_THAT(bad.err, HasSubstr("bad.csv:4: column name: 'gate' stands in line 2 already"));
  EXPECT_THAT(bad.err, HasSubstr("bad.csv:5: 2 fields where 4 are named"));
  EXPECT_THAT(bad.err, HasSubstr("5 mistakes in "));
  EXPECT_THAT(bad.err, HasSubstr("nothing has been changed"));
  EXPECT_EQ(ReadText(config()), before);

  WriteText(folder_ / "password.csv", "name,source,password,moode\na,rtsp://192.0.2.7/,x,event\n");
  const Outcome names = Reel({"cameras", "import", folder_ / "password.csv", "--config", config()});
  EXPECT_THAT(names.err, HasSubstr("password.csv:1: column password: passwords stand in files"));
  EXPECT_THAT(names.err, HasSubstr("password.csv:1: column moode: is none; did you mean mode?"));

  WriteText(folder_ / "tabs.csv", "name\tsource\na\trtsp://192.0.2.7/\n");
  const Outcome tabs = Reel({"cameras", "import", folder_ / "tabs.csv", "--config", config()});
  EXPECT_THAT(tabs.err, HasSubstr("tabs.csv:1: its columns are apart by tabs"));

  // As a spreadsheet of another country writes it.
  WriteText(folder_ / "good.csv",
            "\xEF\xBB\xBFname;source;mode;schedule\r\n"
            "gate;rtsp://127.0.0.1:1/main;schedule;\"mon-fri 07:00-19:00; sat 10:00-12:00\"\r\n"
            "yard;rtsp://127.0.0.1:1/x;;\r\n");
  const Words import = {"cameras", "import", folder_ / "good.csv", "--config", config(), "--server",
                        socket_,   "--json"};
  const Outcome good = Reel(import);
  EXPECT_EQ(good.exit_code, 0) << good.err;
  ExpectOfShape(good.out, Shapes()["cameras import"], "cameras import");
  EXPECT_EQ(json::parse(good.out)["reloaded"], 2);
  EXPECT_EQ(ReadText(config()),
            before +
                "\n[[camera]]\nname = \"gate\"\nsource = \"rtsp://127.0.0.1:1/main\"\nmode = "
                "\"schedule\"\nschedule = [\"mon-fri 07:00-19:00\", \"sat 10:00-12:00\"]\n"
                "\n[[camera]]\nname = \"yard\"\nsource = \"rtsp://127.0.0.1:1/x\"\n");
  // What stands there already is one mistake more.
  EXPECT_THAT(Reel(import).err, HasSubstr("good.csv:2: column name: "));
}

TEST_F(CamerasTest, WhatCannotBeDoneIsSaidWithTheRemedy) {
  ExpectSaid({{"cameras", "list"}, ExitCode::kUsage, "give --server, or REEL_SERVER"});
  ExpectSaid({{"cameras", "probe", "gate"}, ExitCode::kUsage, "is no address: rtsp://"});
  ExpectSaid(
      {{"cameras", "probe", "rtsp://"}, ExitCode::kUsage, "'rtsp://': a URL without a host"});
  ExpectSaid({{"cameras", "import", folder_.path()}, ExitCode::kUsage, "is a directory"});
  ExpectSaid({{"cameras", "import", "/dev/zero"}, ExitCode::kUsage, "zero: longer than"});
  ExpectSaid({{"cameras", "probe", "rtsp://reel:pw@192.0.2.7/"}, ExitCode::kUsage, "password"});
  ExpectSaid({{"cameras", "probe", "rtsp://127.0.0.1:1/"},
              ExitCode::kIo,
              "Connection refused; is it on, and is this its address and port"});
  ExpectSaid({{"cameras", "probe", "ffmpeg:/srv/door.mkv"}, ExitCode::kProgram, "'ffprobe' looks"});
  ExpectSaid({{"cameras", "test", "gate", "--config", folder_ / "none.toml"},
              ExitCode::kNotFound,
              "none.toml: No such file"});
  WriteText(folder_ / "a.toml", "[[camera]]\nname = \"gate\"\nsource = \"rtsp://192.0.2.7/\"\n");
  ExpectSaid({{"cameras", "test", "yard", "--config", folder_ / "a.toml"},
              ExitCode::kNotFound,
              "has no camera 'yard'"});
  ExpectSaid({{"cameras", "test", "gate", "--udp", "--config", folder_ / "a.toml"},
              ExitCode::kUsage,
              "as it stands there"});
  ExpectSaid({{"cameras", "add", "gate", "rtsp://192.0.2.8/", "--config", folder_ / "a.toml"},
              ExitCode::kUsage,
              "stands in line 2 already; nothing has been changed"});
  WriteText(folder_ / "b.toml", "[[camera]]\nname = 7\n");
  ExpectSaid({{"cameras", "add", "gate", "rtsp://192.0.2.8/", "--config", folder_ / "b.toml"},
              ExitCode::kUsage,
              "correct the file first: .*b.toml:"});
}

TEST_F(CamerasTest, WithoutAPlayerItSaysWhatToDo) {
  const std::string node = MakeNode(folder_);
  ASSERT_EQ(Reel({"import", "--node", node, "--start", "2026-01-01T12:00:00Z",
                  "cam=" + Media("axis-test_h264.mp4")})
                .exit_code,
            0);
  const Outcome outcome =
      RunCommand({"env", "PATH=" + folder_.path().string(), REEL_COMMAND, "seek", "--node", node,
                  "cam", "2026-01-01T12:00:01Z", "--play"});
  EXPECT_EQ(outcome.exit_code, static_cast<int>(ExitCode::kNotFound));
  EXPECT_THAT(outcome.err, HasSubstr("there is no ffplay to show it: apt install ffmpeg"));
}

}  // namespace
}  // namespace reel

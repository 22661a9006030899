// The configuration: what is read from it, and how each mistake is told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "server/config/address.h"
#include "server/config/config_file.h"
#include "server/config/week.h"

namespace reel::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

class ConfigTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "reel-config-" +
              testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& text, mode_t mode) {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path) << text;
    ::chmod(path.c_str(), mode);
    return path;
  }
  // "LINE: what" of each mistake.
  std::vector<std::string> MistakesOf(const std::string& text) {
    std::vector<std::string> lines;
    for (const Mistake& mistake : ParseConfig(text, folder_).mistakes)
      lines.push_back(std::to_string(mistake.line) + ": " + mistake.what);
    return lines;
  }
  std::string Mistake1(const std::string& text) {
    const std::vector<std::string> mistakes = MistakesOf(text);
    EXPECT_EQ(mistakes.size(), 1U) << testing::PrintToString(mistakes);
    return mistakes.empty() ? "" : mistakes.front();
  }

  std::string folder_;
};

TEST_F(ConfigTest, ReadsEveryKey) {
  Write("gate.secret", "s3cret\n", 0600);
  const std::string path = Write("reeld.toml", R"(
[node]
path = "/srv/node"
buffer_mib = 512
stream_buffer_mib = 8
flush_interval_ms = 1000
ingest_loops = 2
[listen]
socket = "/run/reeld.sock"
plaintext = "127.0.0.1:7440"
tls = "0.0.0.0:7443"
tls_certificate = "node.crt"
tls_key = "node.key"
tls_client_ca = "clients.crt"
metrics = "[::1]:9464"
[audit]
directory = "/srv/audit"
[[grant]]
who = "cn:alice"
role = "investigator"
cameras = ["gate*", "yard"]
purpose_required = true
[[camera]]
name = "gate"
source = "rtsp://10.0.0.7/main"
sub_source = "rtsps://10.0.0.7/sub"
mode = "schedule"
sub_mode = "event"
user = "reel"
password_file = "gate.secret"
transport = "udp"
ca_file = "/etc/ssl/cameras.crt"
schedule = ["mon 07:00-19:00"]
pre_buffer_s = 5
post_buffer_s = 20
)",
                                 0600);
  const Result<Config> config = ReadConfig(path);
  ASSERT_TRUE(config.ok()) << config.status().ToString();
  EXPECT_EQ(config->node, (NodeConfig{"/srv/node", 512U << 20, 8U << 20, milliseconds(1000), 2}));
  EXPECT_EQ(config->listen, (ListenConfig{"/run/reeld.sock", "127.0.0.1:7440", "0.0.0.0:7443",
                                          folder_ + "/node.crt", folder_ + "/node.key",
                                          folder_ + "/clients.crt", "[::1]:9464"}));
  EXPECT_EQ(config->audit_directory, "/srv/audit");
  EXPECT_THAT(config->grants,
              ElementsAre(Grant{"cn:alice", Role::kInvestigator, {"gate*", "yard"}, true}));
  CameraConfig gate{"gate",
                    {{"gate", "rtsp://10.0.0.7/main", RecordMode::kSchedule},
                     {"gate.sub", "rtsps://10.0.0.7/sub", RecordMode::kEvent}},
                    "reel",
                    Secret("s3cret"),
                    Transport::kUdp,
                    "/etc/ssl/cameras.crt",
                    {{7 * 60, 19 * 60}},
                    seconds(5),
                    seconds(20)};
  EXPECT_THAT(config->cameras, ElementsAre(gate));
}

TEST_F(ConfigTest, AnEmptyFileIsANodeWithoutCameras) {
  const ParsedConfig parsed = ParseConfig("", folder_);
  EXPECT_TRUE(parsed.mistakes.empty());
  EXPECT_EQ(parsed.config.node, NodeConfig{});
  EXPECT_EQ(parsed.config.listen, ListenConfig{});
}

TEST_F(ConfigTest, UnknownKeysAreRefusedWithTheNearName) {
  EXPECT_THAT(
      MistakesOf("[node]\nflush_interval = 250\n[listne]\n[node.x]\n"),
      ElementsAre("2: [node]: flush_interval: is no key here; did you mean "
                  "'flush_interval_ms'?",
                  "3: the file: listne: is no key here; did you mean 'listen'?",
                  testing::StartsWith("4: [node]: x: is no key here; there are path, buf")));
  EXPECT_EQ(Mistake1("[[camera]]\nname = 'a'\nsource = 'rtsp://h/'\npassword = 'x'\n"),
            "4: camera 'a': password: is no key here; did you mean 'password_file'?");
}

TEST_F(ConfigTest, ValuesOfTheWrongKindOrRange) {
  EXPECT_EQ(Mistake1("\n[node]\nbuffer_mib = '1'\n"),
            "3: [node]: buffer_mib: must be a whole number from 16 to 65536");
  EXPECT_EQ(Mistake1("[node]\nflush_interval_ms = 5"),
            "2: [node]: flush_interval_ms: must be a whole number from 50 to 2000");
  EXPECT_EQ(Mistake1("[node]\nflush_interval_ms = -1"),
            "2: [node]: flush_interval_ms: must be a whole number from 50 to 2000");
  EXPECT_EQ(Mistake1("[node]\npath = 1"), "2: [node]: path: must be a text in quotes");
  EXPECT_EQ(Mistake1("node = 1"), "1: the file: node: must be a table: [node]");
  EXPECT_EQ(Mistake1("camera = 1"), "1: the file: camera: must be tables: [[camera]]");
  EXPECT_EQ(Mistake1("[[grant]]\nwho = 'uid:1'\nrole = 'god'\ncameras = ['*']"),
            "3: [[grant]]: role: 'god' is none of viewer, investigator, operator, admin");
  EXPECT_EQ(Mistake1("[[grant]]\nwho = 'alice'\nrole = 'viewer'\ncameras = ['*']"),
            "2: [[grant]]: who: 'alice' is nobody: write \"uid:1000\", \"user:www-data\", "
            "\"cn:alice\" or \"loopback\"");
  EXPECT_EQ(Mistake1("[[grant]]\nwho = 'uid:1'\nrole = 'viewer'\ncameras = [1]"),
            "4: [[grant]]: cameras: must be a list of texts: [\"one\", \"another\"]");
  EXPECT_THAT(MistakesOf("[[grant]]\n"), testing::SizeIs(3));
}

TEST_F(ConfigTest, NotToml) {
  EXPECT_THAT(Mistake1("[node]\npath = /srv\n"), HasSubstr("2: not TOML: "));
}

TEST_F(ConfigTest, Listeners) {
  EXPECT_THAT(Mistake1("[listen]\nplaintext = '0.0.0.0:1'"),
              HasSubstr("is not of this machine alone"));
  EXPECT_THAT(Mistake1("[listen]\nmetrics = '9464'"), HasSubstr("is no address"));
  EXPECT_THAT(MistakesOf("[listen]\ntls = '0.0.0.0:1'\ntls_key = 'k'"),
              ElementsAre("1: [listen]: tls_certificate: is missing: tls takes clients by their "
                          "certificates alone",
                          "1: [listen]: tls_client_ca: is missing: tls takes clients by their "
                          "certificates alone"));
  EXPECT_EQ(Mistake1("[listen]\ntls_key = 'k'"), "2: [listen]: tls_key: is of no use without tls");
}

TEST_F(ConfigTest, Cameras) {
  EXPECT_THAT(MistakesOf("[[camera]]\n"),
              ElementsAre("1: [[camera]]: name: is missing", "1: [[camera]]: source: is missing"));
  const std::string gate = "[[camera]]\nname = 'gate'\nsource = 'rtsp://h/'\n";
  EXPECT_EQ(Mistake1(gate + gate),
            "5: camera 'gate': name: the stream 'gate' stands in line 2 "
            "already");
  EXPECT_EQ(Mistake1(gate + "sub_source = 'rtsp://h/s'\n[[camera]]\nname = 'gate.sub'\nsource = "
                            "'rtsp://h/'\n"),
            "6: camera 'gate.sub': name: the stream 'gate.sub' stands in line 2 already");
  EXPECT_EQ(Mistake1(gate + "mode = 'schedule'\n"),
            "1: camera 'gate': schedule: is missing: the mode asks for one");
  EXPECT_THAT(Mistake1(gate + "mode = 'schedule'\nschedule = ['mo']\n"),
              HasSubstr("5: camera 'gate': schedule: 'mo' is no part of a week"));
  EXPECT_EQ(Mistake1(gate + "schedule = ['mon']\n"),
            "4: camera 'gate': schedule: is of no use: no mode of this camera is \"schedule\"");
  EXPECT_EQ(Mistake1(gate + "sub_mode = 'off'\n"),
            "4: camera 'gate': sub_mode: is of no use without sub_source");
  EXPECT_THAT(Mistake1("[[camera]]\nname = 'a/b'\nsource = 'rtsp://h/'\n"),
              HasSubstr("2: camera 'a/b': name: must be at most 200 bytes without slashes"));
}

TEST_F(ConfigTest, WhatIsEncryptedIsChecked) {
  EXPECT_EQ(Mistake1("[[camera]]\nname = 'a'\nsource = 'ffmpeg:rtsps://10.0.0.7/x'\n"),
            "3: camera 'a': source: libavformat does not check who answers at rtsps://: write "
            "rtsps:// without ffmpeg:");
  EXPECT_FALSE(CheckSourceUrl("ffmpeg:RTSPS://h/").ok());
  EXPECT_TRUE(CheckSourceUrl("ffmpeg:rtsp://h/").ok());
  EXPECT_TRUE(CheckSourceUrl("ffmpeg:https://h/").ok());
  EXPECT_TRUE(CheckSourceUrl("rtsps://h/").ok());
}

TEST_F(ConfigTest, SourcesNeverHoldAPassword) {
  const std::string mistake =
      Mistake1("[[camera]]\nname = 'a'\nsource = 'rtsp://root:hunter2@10.0.0.7/x'\n");
  EXPECT_EQ(mistake,
            "3: camera 'a': source: holds a user or a password: give them as user and "
            "password_file");
  EXPECT_TRUE(CheckSourceUrl("rtsp://h/a@b").ok());
  EXPECT_TRUE(CheckSourceUrl("ffmpeg:/srv/video.mp4").ok());
  EXPECT_FALSE(CheckSourceUrl("ffmpeg:rtsp://u:p@h/").ok());
  EXPECT_FALSE(CheckSourceUrl("http://h/").ok());
  EXPECT_FALSE(CheckSourceUrl("rtsp:///x").ok());
  EXPECT_FALSE(CheckSourceUrl("rtsp://h/ x").ok());
  EXPECT_FALSE(CheckSourceUrl("rtsp://h/" + std::string(3000, 'x')).ok());
}

TEST_F(ConfigTest, PasswordFiles) {
  const std::string gate = "[[camera]]\nname = 'g'\nsource = 'rtsp://h/'\nuser = 'u'\n";
  EXPECT_THAT(Mistake1(gate + "password_file = 'none'\n"), HasSubstr("5: camera 'g'"));
  Write("open", "x", 0644);
  EXPECT_THAT(Mistake1(gate + "password_file = 'open'\n"), HasSubstr("chmod o= "));
  Write("empty", "\n", 0600);
  EXPECT_THAT(Mistake1(gate + "password_file = 'empty'\n"), HasSubstr("is empty"));
  Write("long", std::string(5000, 'x'), 0600);
  const std::string too_long = Mistake1(gate + "password_file = 'long'\n");
  EXPECT_THAT(too_long, HasSubstr("is longer than 4096 bytes"));
  EXPECT_THAT(Mistake1(gate + "password_file = '" + folder_ + "'\n"), HasSubstr("is no file"));
}

TEST_F(ConfigTest, EveryMistakeIsToldWithFileAndLine) {
  const std::string path = Write("reeld.toml", "[node]\nx = 1\ny = 2\n", 0600);
  const Result<Config> config = ReadConfig(path);
  ASSERT_FALSE(config.ok());
  EXPECT_THAT(config.status().message(), HasSubstr(path + ":2: [node]: x: is no key here"));
  EXPECT_THAT(config.status().message(), HasSubstr("\n" + path + ":3: [node]: y: is no key here"));
  EXPECT_EQ(ReadConfig(folder_ + "/none").status().code(), Code::kNotFound);
}

std::string TextOf(const std::string& path) {
  std::ifstream file(std::string(REEL_SOURCE_DIR) + "/" + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// What the documentation shows is read without a mistake, and shows every key there is.
TEST_F(ConfigTest, TheDocumentedConfigurationIsRight) {
  const std::string text = TextOf("docs/REELD.md");
  const std::string begin = "```toml\n";
  const size_t from = text.find(begin) + begin.size();
  const std::string example = text.substr(from, text.find("```", from) - from);
  std::filesystem::create_directory(folder_ + "/secrets");
  Write("secrets/gate", "x", 0600);
  EXPECT_THAT(MistakesOf(example), testing::IsEmpty());
  const std::string grant = "who = 'uid:1'\nrole = 'viewer'\ncameras = ['*']\n";
  const std::string camera = "name = 'a'\nsource = 'rtsp://h/'\n";
  for (const std::string& table :
       {std::string("[node]\n"), std::string("[listen]\n"), std::string("[audit]\n"),
        "[[grant]]\n" + grant, "[[camera]]\n" + camera}) {
    const std::string mistake = Mistake1(table + "zzzzzzzz = 1\n");
    const std::string known = mistake.substr(mistake.find("there are ") + 10);
    std::istringstream keys(known);
    for (std::string key; keys >> key;) {
      if (key.back() == ',') key.pop_back();
      EXPECT_THAT(example, HasSubstr("\n" + key + " = ")) << table;
    }
  }
}

TEST_F(ConfigTest, TheConfigurationThatIsInstalledIsRight) {
  EXPECT_THAT(MistakesOf(TextOf("server/daemon/reeld.toml")), testing::IsEmpty());
}

TEST(Week, InWords) {
  EXPECT_THAT(*ParseWeek("mon"), ElementsAre(WeekWindow{0, kMinutesOfDay}));
  EXPECT_THAT(*ParseWeek("tue 07:30-24:00"), ElementsAre(WeekWindow{1440 + 450, 2880}));
  EXPECT_THAT(*ParseWeek("sun-mon 00:00-01:00"),
              ElementsAre(WeekWindow{0, 60}, WeekWindow{6 * 1440, 6 * 1440 + 60}));
  EXPECT_THAT(*ParseWeek("sat,sun 22:00-06:00"),
              ElementsAre(WeekWindow{5 * 1440 + 1320, 6 * 1440 + 360},
                          WeekWindow{6 * 1440 + 1320, 10'080}, WeekWindow{0, 360}));
  for (const char* text :
       {"", "mo", "mon-", "mon 7:00-8:00", "mon 07:00", "mon 07:00-07:00", "mon 24:00-01:00",
        "mon 07:60-08:00", "mon 00:00-24:01", "mon,", "mon  ", "mon 07:00-08:00 "}) {
    EXPECT_FALSE(ParseWeek(text).ok()) << text;
  }
}

TEST(HostPortTest, Forms) {
  EXPECT_EQ(ParseHostPort("[::1]:5")->host, "::1");
  EXPECT_EQ(ParseHostPort("h:65535")->port, 65535);
  EXPECT_TRUE(ParseHostPort("127.9.9.9:1")->is_loopback());
  EXPECT_FALSE(ParseHostPort("10.0.0.1:1")->is_loopback());
  for (const char* text : {"", ":1", "h", "h:", "h:65536", "h:1x", "::1:5", "[::1:5", "[]:5"})
    EXPECT_FALSE(ParseHostPort(text).ok()) << text;
}

}  // namespace
}  // namespace reel::server

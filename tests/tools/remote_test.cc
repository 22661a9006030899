// Every verb over --server: what it gives is what --node gives, or it says why it does not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "reel/export.h"
#include "server/client/remote_store.h"
#include "tests/tools/json_shape.h"
#include "tests/tools/process.h"
#include "tests/tools/reeld.h"
#include "tools/command.h"

namespace reel {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;

constexpr char kFrom[] = "2026-01-01T12:00:01Z";
constexpr char kInGop[] = "2026-01-01T12:00:02.500Z";  // what is before it in its GOP is hidden
constexpr char kTo[] = "2026-01-01T12:02:00Z";

// Of every verb that does something ("streams rename") the option --server, or nullptr.
void AddServerOptionsOf(const CLI::App& app, const std::string& path,
                        std::map<std::string, const CLI::Option*>* out) {
  const auto below = app.get_subcommands([](const CLI::App*) { return true; });
  if (below.empty()) (*out)[path] = app.get_option_no_throw("--server");
  for (const CLI::App* sub : below) {
    AddServerOptionsOf(*sub, path + (path.empty() ? "" : " ") + sub->get_name(), out);
  }
}

Words Joined(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

Words WordsOf(const std::string& text) {
  std::istringstream in(text);
  Words words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

// Of docs/REELD.md: the verbs that no server does, and why.
std::map<std::string, std::string> DocumentedRefusals() {
  std::istringstream page(ReadText(std::string(REEL_SOURCE_DIR) + "/docs/REELD.md"));
  std::map<std::string, std::string> refusals;
  bool within = false;
  for (std::string line; std::getline(page, line);) {
    if (line.rfind("| not by `--server` |", 0) == 0) within = true;
    if (line.empty()) within = false;
    const size_t end = line.find("` | ");
    if (!within || line.rfind("| `", 0) != 0 || end == std::string::npos) continue;
    refusals[line.substr(3, end - 3)] = line.substr(end + 4, line.rfind(" |") - end - 4);
  }
  return refusals;
}

class RemoteTest : public testing::Test {
 protected:
  void SetUp() override {
    node_ = MakeNode(folder_);
    Import(kFrom, {"gate=" + Media("axis-test_h264.mp4"), "yard=" + Media("axis-test_h265.mp4")});
    Import("2026-01-01T12:01:00Z", {"gate=" + Media("axis-test_h264.mp4")});
    reeld_.emplace(folder_);
  }
  void Import(const std::string& start, const Words& files) const {
    const Outcome imported = Reel(Joined({"import", "--node", node_, "--start", start}, files));
    ASSERT_EQ(imported.exit_code, 0) << imported.err;
  }

  Outcome Here(const Words& words) const { return Reel(Joined(words, {"--node", node_})); }
  Outcome There(const Words& words) const {
    return Reel(Joined(words, {"--server", reeld_->address()}));
  }

  // The same answer and, where `out` is written, the same bytes.
  void ExpectAlike(const Words& words, const std::string& out = "") const {
    SCOPED_TRACE(words.front());
    fs::remove(out);
    const Outcome here = Here(Joined(words, {"--json"}));
    EXPECT_EQ(here.exit_code, 0) << here.err;
    std::string written;
    if (!out.empty()) {
      written = ReadText(out);
      EXPECT_FALSE(written.empty());
      fs::remove(out);
    }
    const Outcome there = There(Joined(words, {"--json"}));
    EXPECT_EQ(there.exit_code, 0) << there.err;
    EXPECT_EQ(there.out, here.out);
    if (!out.empty()) {
      EXPECT_TRUE(ReadText(out) == written) << out;
    }
  }
  // What it says of itself has the promised shape.
  void ExpectDone(const std::string& verb, const Words& words) const {
    SCOPED_TRACE(verb);
    const Outcome there = There(Joined(WordsOf(verb), Joined(words, {"--json"})));
    EXPECT_EQ(there.exit_code, 0) << there.err;
    ExpectOfShape(there.out, Shapes()[verb], verb);
  }

  const TempFolder folder_;
  std::string node_;
  std::optional<Reeld> reeld_;
};

TEST_F(RemoteTest, EveryVerbIsDoneOrSaysWhyNot) {
  const std::string picture = folder_ / "a.jpg";
  const std::string film = folder_ / "a.mp4";
  const std::string gop = folder_ / "gop.h264";
  WriteText(folder_ / "site.csv", "name,source\nback,rtsp://127.0.0.1:1/back\n");
  const Words range = {"--from", kFrom, "--to", kTo};
  const std::map<std::string, std::function<void(const std::string&)>> done = {
      {"streams list",
       [&](const auto&) {
         ExpectAlike({"streams", "list"});
       }},
      {"timeline",
       [&](const auto&) {
         ExpectAlike(Joined({"timeline", "--bucket", "hour"}, range));
       }},
      {"seek",
       [&](const auto&) {
         ExpectAlike({"seek", "gate", "2026-01-01T12:00:03Z", "--out", gop}, gop);
       }},
      {"thumbnail",
       [&](const auto&) {
         ExpectAlike({"thumbnail", "gate", "--at", "2026-01-01T12:00:03Z", "-o", picture}, picture);
       }},
      {"filmstrip",
       [&](const auto&) {
         ExpectAlike({"filmstrip", "gate", "--count", "3", "-o", picture, "--from", kFrom, "--to",
                      "2026-01-01T12:01:05Z"},
                     picture);
       }},
      {"imports",
       [&](const auto&) {
         EXPECT_EQ(json::parse(There({"imports", "--json"}).out).size(), 3U);
         ExpectAlike({"imports"});
       }},
      {"export",
       [&](const auto&) {
         ExpectAlike(Joined({"export", "gate", "-o", film}, range), film);
       }},
      {"streams add", [&](const auto& verb) { ExpectDone(verb, {"barn"}); }},
      {"streams rename",
       [&](const auto& verb) {
         ExpectDone(verb, {"yard", "court"});
       }},
      {"streams retire", [&](const auto& verb) { ExpectDone(verb, {"gate"}); }},
      {"streams restore", [&](const auto& verb) { ExpectDone(verb, {"gate"}); }},
      {"volumes list", [&](const auto& verb) { ExpectDone(verb, {}); }},
      {"stats", [&](const auto& verb) { ExpectDone(verb, {}); }},
      {"verify",
       [&](const auto& verb) {
         ExpectDone(verb, {});
         EXPECT_GT(json::parse(There({"verify", "--json"}).out)["chunks"], 0);
       }},
      {"reindex", [&](const auto& verb) { ExpectDone(verb, {}); }},
      {"cameras list",
       [&](const auto&) {
         EXPECT_EQ(There({"cameras", "list"}).exit_code, 0);
       }},
      {"watch",
       [&](const auto&) {
         EXPECT_EQ(There({"watch", "--once"}).exit_code, 0);
       }},
      {"cameras add",
       [&](const auto& verb) {
         ExpectDone(verb, {"side", "rtsp://127.0.0.1:1/side", "--config", reeld_->config()});
       }},
      {"cameras import",
       [&](const auto& verb) {
         ExpectDone(verb, {folder_ / "site.csv", "--config", reeld_->config()});
       }},
  };
  Action chosen;
  const auto app = MakeApp(&chosen);
  std::map<std::string, const CLI::Option*> verbs;
  AddServerOptionsOf(*app, "", &verbs);
  EXPECT_GT(verbs.size(), 20U);
  std::map<std::string, std::string> refusals = DocumentedRefusals();
  for (const auto& [verb, server] : verbs) {
    SCOPED_TRACE(verb);
    ASSERT_NE(server, nullptr) << "AddPlaceOptions, or RefuseServer with the reason";
    if (!server->get_group().empty()) {
      ASSERT_EQ(done.count(verb), 1U) << "is not tried here";
      done.at(verb)(verb);
      continue;
    }
    ASSERT_EQ(refusals.count(verb), 1U) << "docs/REELD.md does not say why no server does it";
    const Outcome refused = There(WordsOf(verb));
    EXPECT_EQ(refused.exit_code, static_cast<int>(ExitCode::kUsage));
    EXPECT_THAT(refused.err, HasSubstr("--server: " + refusals[verb]));
    refusals.erase(verb);
  }
  EXPECT_TRUE(refusals.empty()) << refusals.begin()->first << " is documented as refused";
}

class RemotePackage : public RemoteTest {
 protected:
  static std::map<std::string, std::string> FilesOf(const std::string& package) {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::directory_iterator(package)) {
      files[entry.path().filename().string()] = ReadText(entry.path());
    }
    return files;
  }
  std::string IdOf(const std::string& stream) const {
    return json::parse(There({"timeline", "--json", stream}).out)[0]["id"];
  }
  static void Flip(const std::string& path, int64_t at) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(at);
    const int byte = file.get();
    file.seekp(at);
    file.put(static_cast<char>(byte ^ 1));
  }
};

TEST_F(RemotePackage, IsTheOneOfTheNode) {
  for (const Words& options :
       {Words{}, Words{"--split", "--extra-gop"}, Words{"--fragmented", "--leave-out-damage"}}) {
    SCOPED_TRACE(testing::PrintToString(options));
    const auto words = [&](const std::string& out) {
      return Joined({"export", "gate", "yard", "--from", kInGop, "--to", kTo, "-o", folder_ / out,
                     "--reason", "case 7", "--by", "me", "--force"},
                    options);
    };
    const Outcome here = Here(words("here"));
    ASSERT_EQ(here.exit_code, 0) << here.err;
    const Outcome there = There(words("there"));
    ASSERT_EQ(there.exit_code, 0) << there.err;
    for (const char* package : {"here", "there"}) {
      const Outcome checked = Reel({"export", "--check", folder_ / package});
      EXPECT_EQ(checked.exit_code, 0) << checked.out << checked.err;
    }
    std::map<std::string, std::string> ours = FilesOf(folder_ / "here");
    std::map<std::string, std::string> theirs = FilesOf(folder_ / "there");
    // They say when they were made; the sums are of that too.
    json manifest = json::parse(ours["manifest.json"]);
    json other = json::parse(theirs["manifest.json"]);
    EXPECT_FALSE(manifest["streams"][0]["files"][0]["segments"][0]["chunks"][0]["content_id"]
                     .get<std::string>()
                     .empty());
    manifest.erase("exported");
    other.erase("exported");
    EXPECT_EQ(manifest, other);
    for (const char* name : {"manifest.json", "SHA256SUMS"}) {
      ours.erase(name);
      theirs.erase(name);
    }
    // Its footage of gate has a gap.
    const bool split = !options.empty() && options.front() == "--split";
    EXPECT_EQ(ours.size(), split ? 6U : 4U);
    EXPECT_TRUE(ours == theirs);
  }
}

// A transfer that is behind or elsewhere is begun anew there.
TEST_F(RemotePackage, FilesAreReadInAnyOrder) {
  const auto store = server::OpenRemoteStore({reeld_->address(), "", "", "", ""}, {});
  ASSERT_TRUE(store.ok()) << store.status().ToString();
  const Result<StreamInfo> gate = (*store)->FindStream("gate");
  ASSERT_TRUE(gate.ok()) << gate.status().ToString();
  ExportOptions options;
  options.range = {ParseWall(kFrom).value(), ParseWall(kTo).value()};
  options.split = true;
  const auto open = [&] { return (*store)->OpenExport(gate->id, options).value(); };
  const auto read = [](VirtualMp4& file, uint64_t from, uint64_t to) {
    Bytes bytes(static_cast<size_t>(to - from));
    EXPECT_EQ(file.Read(from, bytes).value(), bytes.size());
    return bytes;
  };
  const auto in_order = open();
  ASSERT_EQ(in_order.size(), 2U);
  std::vector<Bytes> whole;
  whole.reserve(in_order.size());
  for (const auto& file : in_order) whole.push_back(read(*file, 0, file->size_bytes()));
  const auto mixed = open();
  constexpr uint64_t kSome = 1000;
  for (const size_t i : {size_t{1}, size_t{0}}) {
    const uint64_t size = mixed[i]->size_bytes();
    EXPECT_EQ(mixed[i]->frame_count(), 0U);
    const Bytes end = read(*mixed[i], size - kSome, size);
    EXPECT_TRUE(std::equal(end.begin(), end.end(), whole[i].end() - kSome));
    EXPECT_EQ(mixed[i]->frame_count(), in_order[i]->frame_count());
    const Bytes other = read(*mixed[1 - i], kSome, 2 * kSome);
    EXPECT_TRUE(std::equal(other.begin(), other.end(), whole[1 - i].begin() + kSome));
    EXPECT_TRUE(read(*mixed[i], 0, size) == whole[i]);
  }
  Bytes one(1);
  EXPECT_EQ(mixed[0]->Read(mixed[0]->size_bytes(), one).value(), 0U);
}

TEST_F(RemotePackage, LeavesNothingHalfWritten) {
  const auto left = [&] {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_.path())) {
      const std::string name = entry.path().filename().string();
      if (name.rfind("package", 0) == 0) names.push_back(name);
    }
    return names;
  };
  // The first camera's part is there when the second one's cannot be had.
  const std::string package = folder_ / "package";
  const auto words = Words{"export", "gate", "yard", "--from", kFrom, "--to", kTo, "-o", package};
  const json volume = json::parse(There({"volumes", "--json"}).out)[0];
  for (const auto& entry : fs::directory_iterator(volume["path"].get<std::string>())) {
    const Outcome inspected = Reel({"inspect", entry.path().string(), "--chunks", "--json"});
    const json segment = json::parse(inspected.out, nullptr, false);
    if (!segment.is_object() || !segment.contains("chunk_list")) continue;
    for (const json& chunk : segment["chunk_list"]) {
      if (chunk["stream"] != IdOf("yard")) continue;
      Flip(entry.path(), chunk["offset"].get<int64_t>() + chunk["chunk_bytes"].get<int64_t>() / 2);
    }
  }
  const Outcome damaged = There(words);
  EXPECT_EQ(damaged.exit_code, static_cast<int>(ExitCode::kDamaged)) << damaged.err;
  EXPECT_THAT(damaged.err, HasSubstr("yard"));
  EXPECT_THAT(left(), testing::IsEmpty());
  // A server makes a day at most; the node itself as much as there is.
  const Outcome longer = There({"export", "gate", "--from", "2026-01-01T00:00:00Z", "--to",
                                "2026-01-02T01:00:00Z", "-o", package});
  EXPECT_EQ(longer.exit_code, static_cast<int>(ExitCode::kUsage));
  EXPECT_THAT(longer.err, HasSubstr("longer than 24 hours"));
  EXPECT_THAT(left(), testing::IsEmpty());
}

}  // namespace
}  // namespace reel

#include "tools/scrub_state.h"

#include <fstream>

#include "tools/output_file.h"

namespace reel {
namespace {

constexpr int kVersion = 1;
constexpr char kFormat[] = "reel-scrub";

std::string PathOf(const std::string& node) { return node + "/reel-scrub"; }

uint64_t NumberAt(const Json& json, const char* key) {
  const auto at = json.find(key);
  return at != json.end() && at->is_number_unsigned() ? at->get<uint64_t>() : 0;
}

std::optional<WallTime> TimeAt(const Json& json, const char* key) {
  const auto at = json.find(key);
  if (at == json.end() || !at->is_string()) return std::nullopt;
  const Result<WallTime> time = ParseWall(at->get<std::string>());
  return time.ok() ? std::optional(*time) : std::nullopt;
}

std::optional<ScrubRound> RoundAt(const Json& json, const char* key) {
  const auto at = json.find(key);
  if (at == json.end() || !at->is_object()) return std::nullopt;
  const std::optional<WallTime> begun = TimeAt(*at, "begun");
  if (!begun) return std::nullopt;
  return ScrubRound{*begun, TimeAt(*at, "ended"), NumberAt(*at, "segments"), NumberAt(*at, "bytes"),
                    NumberAt(*at, "problems")};
}

}  // namespace

Json RoundJson(const ScrubRound& round) {
  Json json{{"begun", FormatWall(round.begun, 9)}};
  if (round.ended) json["ended"] = FormatWall(*round.ended, 9);
  json["segments"] = round.segments;
  json["bytes"] = round.bytes;
  json["problems"] = round.problems;
  return json;
}

ScrubState LoadScrub(const std::string& node) {
  std::ifstream in(PathOf(node), std::ios::binary);
  const Json json = Json::parse(in, nullptr, false);
  ScrubState state;
  const bool ours = json.is_object() && json.value("format", Json()) == kFormat &&
                    json.value("version", Json()) == kVersion;
  if (!ours) return state;
  state.now = RoundAt(json, "now");
  state.last = RoundAt(json, "last");
  const auto checked = json.find("checked");
  if (!state.now || checked == json.end() || !checked->is_array()) return state;
  for (const Json& row : *checked) {
    if (!row.is_object()) continue;
    const auto volume = static_cast<uint16_t>(NumberAt(row, "volume"));
    state.checked[VolumeNo{volume}] = SegmentSerial{NumberAt(row, "serial")};
  }
  return state;
}

Status SaveScrub(const std::string& node, const ScrubState& state) {
  Json json{{"format", kFormat}, {"version", kVersion}};
  if (state.now) json["now"] = RoundJson(*state.now);
  if (state.last) json["last"] = RoundJson(*state.last);
  json["checked"] = Json::array();
  for (const auto& [volume, serial] : state.checked) {
    json["checked"].push_back({{"volume", volume.value}, {"serial", serial.value}});
  }
  const std::string text = json.dump(2) + "\n";
  REEL_ASSIGN_OR_RETURN(OutputFile file, OutputFile::Create(PathOf(node), /*replace=*/true));
  REEL_RETURN_IF_ERROR(file.Write(std::as_bytes(std::span(text))));
  return file.Commit();
}

}  // namespace reel

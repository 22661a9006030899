#include "tests/crash/report.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "engine/format/chunk.h"
#include "tests/crash/explorer.h"

namespace reel::crash {
namespace {

constexpr size_t kJournalTail = 16;

std::string CommandFor(uint64_t seed, uint64_t state) {
  const testing::TestInfo* test = testing::UnitTest::GetInstance()->current_test_info();
  const std::string name =
      test == nullptr ? "" : std::string(test->test_suite_name()) + "." + test->name();
  return "REEL_SEED=" + std::to_string(seed) + " REEL_STATE=" + std::to_string(state) +
         " build/release/tests/crash/crash_test --gtest_filter=" + name;
}

thread_local std::array<char, 256> g_running;

void SayRunning(int /*signal*/) {
  const ssize_t written = write(STDERR_FILENO, g_running.data(), std::strlen(g_running.data()));
  std::signal(SIGABRT, SIG_DFL);
  _exit(written < 0 ? 3 : 2);
}

std::string Lines(const std::string& title, const std::vector<std::string>& lines) {
  std::string text = title + "\n";
  for (const std::string& line : lines) text += "  " + line + "\n";
  return text;
}

// A line for each chunk whose head can be read in the present life of a segment file.
std::string SegmentText(const SimImage& image, const format::SegmentHeader& header) {
  Bytes whole(image.size_bytes());
  image.Read(0, whole);
  std::string text;
  for (uint64_t at = 2 * uint64_t{header.granule_bytes}; at < header.footer_offset_bytes;
       at += format::kBlockBytes) {
    const ByteSpan bytes = ByteSpan(whole).subspan(at, header.footer_offset_bytes - at);
    const auto head = format::DecodeChunkHead(bytes, header.uid, at);
    if (!head.ok()) continue;
    const format::ChunkPlace& place = head->place;
    text += "    at " + std::to_string(at) + ": seq " + std::to_string(place.seq.value) +
            ", durable " + std::to_string(place.durable_seq.value) + ", " +
            std::to_string(place.chunk_bytes) + " bytes, run " +
            ToString(head->content.run).substr(0, 8) + " units " +
            std::to_string(head->content.first_unit.value) + " to " +
            std::to_string(head->end_unit().value - 1);
    text += format::VerifyChunk(*head, bytes).ok() ? "\n" : ", not whole\n";
  }
  return text;
}

// What the power cut left of each volume.
std::string SegmentsText(SimWorld& world) {
  std::string text;
  for (size_t disk = 1; disk < world.disk_count(); ++disk) {
    const SimDiskState& state = world.disk(disk).state();
    for (const auto& [name, inode] : state.names()) {
      if (!IsSegmentName(name)) continue;
      const SimImage& image = state.inode(inode).visible;
      const auto header = RulingHeader(image, world.options().granule_bytes);
      text += "  disk " + std::to_string(disk) + " " + name + ", inode " + std::to_string(inode);
      if (!header) {
        text += ": no header\n";
        continue;
      }
      text += ": serial " + std::to_string(header->serial.value) + ", epoch " +
              std::to_string(header->epoch.value) + ", class " +
              std::to_string(header->retention_class.value) +
              (header->state == format::LifeState::kFree ? ", free\n" : "\n");
      if (header->state == format::LifeState::kInUse) text += SegmentText(image, *header);
    }
  }
  return text;
}

std::string GopLine(const GopRow& row) {
  std::string line = "run " + ToString(row.run).substr(0, 8) + " from unit " +
                     std::to_string(row.first_unit.value) + ", " + FormatWall(row.begin) + " to " +
                     FormatWall(row.end) + ", flags " + std::to_string(row.flags);
  for (const Piece& piece : row.pieces) {
    line += "; units " + std::to_string(piece.first_unit.value) + " + " +
            std::to_string(piece.unit_count) + " in volume " + std::to_string(piece.volume.value) +
            " serial " + std::to_string(piece.serial.value) + " at " +
            std::to_string(piece.offset_bytes);
  }
  return line;
}

std::string Beginning(const Generation& generation, const std::vector<std::string>& history,
                      uint64_t state) {
  std::string text =
      "see it again: " + CommandFor(generation.seed, state) + "\n" + generation.plan.Text() + "\n";
  for (const std::string& chapter : history) text += chapter + "\n";
  return text + StoryOf(generation);
}

}  // namespace

void NoteRunning(uint64_t seed, uint64_t state) {
  std::snprintf(g_running.data(), g_running.size(), "died; see it again: %s\n",
                CommandFor(seed, state).c_str());
}

void SayRunningWhenItDies() { std::signal(SIGABRT, SayRunning); }

std::vector<std::string> IndexLines(Index& index, const Generation& generation) {
  std::vector<std::string> lines;
  for (const ModelStream& stream : generation.model.streams) {
    const auto rows = index.Gops(stream.id, kWallMin, Direction::kForward, SIZE_MAX);
    for (const GopRow& row : *rows) lines.push_back(GopLine(row));
  }
  for (size_t disk = 1; disk < generation.world->disk_count(); ++disk) {
    const auto rows = index.Segments(VolumeNo{static_cast<uint16_t>(disk)});
    for (const SegmentRow& row : *rows) {
      lines.push_back("volume " + std::to_string(disk) + " serial " +
                      std::to_string(row.serial.value) + ", state " +
                      std::to_string(static_cast<int>(row.state)));
    }
  }
  return lines;
}

std::string StoryOf(const Generation& generation) {
  return Lines("life " + std::to_string(generation.number), generation.story);
}

std::string ReportOfLife(const Generation& generation, const std::vector<std::string>& history,
                         const std::vector<std::string>& problems) {
  return Beginning(generation, history, generation.number * kStatesPerGeneration) +
         Lines("what the store said", generation.world->log) +
         Lines("what the index has", IndexLines(*generation.index, generation)) +
         Lines("wrong while it ran", problems);
}

std::string ReportOfState(const Generation& generation, const std::vector<std::string>& history,
                          const State& state, StateCheck& check,
                          const std::vector<std::string>& index_before) {
  SimWorld& after = check.world();
  std::string text =
      Beginning(generation, history, generation.number * kStatesPerGeneration + state.number);
  text += Lines("what the store said", generation.world->log) + state.Text() + "\n";
  for (size_t disk = 0; disk < state.cut.size(); ++disk) {
    const size_t end = state.cut[disk];
    text += "disk " + std::to_string(disk) + " before the cut:\n" +
            generation.world->disk(disk).JournalText(end - std::min(end, kJournalTail), end);
  }
  text += SegmentsText(*WorldAfter(generation, state));
  for (size_t disk = 1; disk < after.disk_count(); ++disk) {
    text += "disk " + std::to_string(disk) + " after it:\n" +
            after.disk(disk).JournalText(0, 4 * kJournalTail);
  }
  text += Lines("what the index had", index_before);
  text += Lines("what it has after it", IndexLines(check.index(), generation));
  return text + Lines("what the store said after it", after.log) +
         Lines("wrong after it", check.problems());
}

std::string ReportOfDamage(const Generation& generation, const State& state,
                           const DamageCheck& check) {
  return Beginning(generation, {}, state.number) + state.Text() + "\n" +
         SegmentsText(*WorldAfter(generation, state)) + check.Text() +
         Lines("wrong after it", check.problems());
}

}  // namespace reel::crash

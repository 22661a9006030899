// The C ABI's own rules: sized structs, NULL, order of freeing, codes and messages. That it records
// and reads is shown by the example of docs/EMBEDDING.md (installed_test.py).
#include <cstring>

#include "reel.h"
#include "tests/embed/embed_fixture.h"

namespace reel {
namespace {

using testing::HasSubstr;

class CAbiTest : public EmbedTest {
 protected:
  void SetUp() override {
    ASSERT_TRUE(Init().ok());
    ASSERT_EQ(reel_open(Path().c_str(), nullptr, &node_, &status_), REEL_OK) << status_.message;
    ASSERT_EQ(reel_create_stream(node_, "door", &stream_, &status_), REEL_OK);
  }
  void TearDown() override { EXPECT_EQ(reel_close(node_, &status_), REEL_OK) << status_.message; }

  reel_run* Begin(const reel_run_options& options) {
    reel_run* run = nullptr;
    EXPECT_EQ(reel_begin_run(node_, &stream_, &options, &run, &status_), REEL_OK)
        << status_.message;
    return run;
  }

  static reel_track Track() {
    reel_track track{};
    track.kind = REEL_VIDEO;
    track.codec = REEL_H264;
    track.timescale = 90'000;
    return track;
  }

  static reel_unit Unit(const char* text) {
    reel_unit unit{};
    unit.struct_bytes = sizeof unit;
    unit.flags = REEL_UNIT_CLEAN;
    unit.wall_ns = kBegin.ns;
    unit.data = text;
    unit.data_bytes = std::strlen(text);
    return unit;
  }

  reel_node* node_ = nullptr;
  reel_id stream_{};
  reel_status status_{};
};

TEST_F(CAbiTest, ErrorsHaveCodeAndMessage) {
  reel_id other{};
  EXPECT_EQ(reel_create_stream(node_, "door", &other, &status_), REEL_ALREADY_EXISTS);
  EXPECT_EQ(status_.code, REEL_ALREADY_EXISTS);
  EXPECT_THAT(status_.message, HasSubstr("door"));
  EXPECT_EQ(reel_find_stream(node_, "dorr", &other, &status_), REEL_NOT_FOUND);
  EXPECT_THAT(status_.message, HasSubstr("did you mean 'door'"));
  EXPECT_EQ(reel_find_stream(node_, "dorr", &other, nullptr), REEL_NOT_FOUND);
  EXPECT_STREQ(reel_code_name(REEL_NOT_FOUND), "NotFound");
  EXPECT_STREQ(reel_code_name(77), "Unknown");
  EXPECT_STREQ(reel_gap_name(REEL_GAP_SOURCE_LOST), "source-lost");
}

TEST_F(CAbiTest, AMessageThatIsTooLongIsCut) {
  reel_id other{};
  const std::string name(2000, 'x');
  EXPECT_EQ(reel_find_stream(node_, name.c_str(), &other, &status_), REEL_NOT_FOUND);
  EXPECT_EQ(std::strlen(status_.message), sizeof status_.message - 1);
}

TEST_F(CAbiTest, NullIsRefusedAndNamed) {
  reel_cursor* cursor = nullptr;
  EXPECT_EQ(reel_read(node_, nullptr, nullptr, &cursor, &status_), REEL_INVALID_ARGUMENT);
  EXPECT_STREQ(status_.message, "stream is NULL");
  EXPECT_EQ(reel_open(nullptr, nullptr, nullptr, &status_), REEL_INVALID_ARGUMENT);
  EXPECT_EQ(reel_append(nullptr, nullptr, REEL_LIVE, nullptr), REEL_INVALID_ARGUMENT);
  EXPECT_EQ(reel_close(nullptr, nullptr), REEL_OK);
  EXPECT_EQ(reel_end_run(nullptr, REEL_END_ENDED, nullptr), REEL_OK);
  reel_free_cursor(nullptr);
  reel_free_timeline(nullptr);
}

TEST_F(CAbiTest, AStructSaysHowLargeItIs) {
  struct Newer {
    reel_cursor_options known;
    uint64_t unknown;
  } options{};
  reel_cursor* cursor = nullptr;
  EXPECT_EQ(reel_read(node_, &stream_, &options.known, &cursor, &status_), REEL_INVALID_ARGUMENT);
  EXPECT_THAT(status_.message, HasSubstr("sizeof(reel_cursor_options)"));
  EXPECT_EQ(cursor, nullptr);
  options.known.struct_bytes = sizeof options;
  options.unknown = 1;
  EXPECT_EQ(reel_read(node_, &stream_, &options.known, &cursor, &status_), REEL_INVALID_ARGUMENT);
  EXPECT_THAT(status_.message, HasSubstr("too old"));
  options.unknown = 0;
  EXPECT_EQ(reel_read(node_, &stream_, &options.known, &cursor, &status_), REEL_OK);

  struct NewerItem {
    reel_item known{};
    uint64_t unknown = 42;
  } item;
  item.known.struct_bytes = sizeof item;
  EXPECT_EQ(reel_next(cursor, 0, &item.known, &status_), REEL_OK);
  EXPECT_EQ(item.known.struct_bytes, sizeof item);
  EXPECT_EQ(item.unknown, 42U);
  // One of an older header: what it has no room for stays as it is.
  reel_item older{};
  older.struct_bytes = offsetof(reel_item, gap);
  older.gap.begin_ns = 42;
  EXPECT_EQ(reel_next(cursor, 0, &older, &status_), REEL_OK);
  EXPECT_EQ(older.gap.begin_ns, 42);
  reel_free_cursor(cursor);
}

TEST_F(CAbiTest, ValuesOutOfRangeAreRefused) {
  const reel_track track = Track();
  reel_run_options options{};
  options.struct_bytes = sizeof options;
  options.tracks = &track;
  options.track_count = 1;
  reel_run* run = Begin(options);
  const reel_unit unit = Unit("picture");
  EXPECT_EQ(reel_append(run, &unit, 2, &status_), REEL_INVALID_ARGUMENT);
  EXPECT_STREQ(status_.message, "mode is 2");
  EXPECT_EQ(reel_append(run, &unit, REEL_LIVE, &status_), REEL_OK) << status_.message;
  EXPECT_EQ(reel_wait_durable(run, 1, INT64_MAX, &status_), REEL_OK) << status_.message;
  EXPECT_EQ(reel_wait_durable(run, 1, INT64_MIN, &status_), REEL_OK);
  EXPECT_EQ(reel_end_run(run, -1, &status_), REEL_INVALID_ARGUMENT);  // and is freed
  reel_seek_point point{};
  point.struct_bytes = sizeof point;
  EXPECT_EQ(reel_seek(node_, &stream_, kBegin.ns, 7, &point, &status_), REEL_INVALID_ARGUMENT);
}

TEST_F(CAbiTest, ANodeOutlivesWhatItHandedOut) {
  reel_cursor* cursor = nullptr;
  ASSERT_EQ(reel_read(node_, &stream_, nullptr, &cursor, &status_), REEL_OK);
  reel_timeline* timeline = nullptr;
  ASSERT_EQ(reel_get_timeline(node_, &stream_, 0, kBegin.ns, REEL_DAY, &timeline, &status_),
            REEL_OK);
  EXPECT_EQ(reel_close(node_, &status_), REEL_FAILED_PRECONDITION);
  EXPECT_THAT(status_.message, HasSubstr("2 runs, cursors or timelines"));
  size_t gaps = 0;
  ASSERT_NE(reel_timeline_gaps(timeline, &gaps), nullptr);
  EXPECT_EQ(gaps, 1U);
  reel_free_cursor(cursor);
  reel_free_timeline(timeline);
}

TEST_F(CAbiTest, ARunIsContinuedAndToldOf) {
  const reel_track track = Track();
  std::atomic<uint64_t> durable = 0;
  reel_run_options options{};
  options.struct_bytes = sizeof options;
  options.tracks = &track;
  options.track_count = 1;
  options.on_durable = [](void* context, const reel_watermarks* marks) {
    *static_cast<std::atomic<uint64_t>*>(context) = marks->durable;
  };
  options.on_durable_context = &durable;
  reel_run* run = Begin(options);
  reel_id id{};
  reel_run_id(run, &id);
  reel_unit unit = Unit("first");
  ASSERT_EQ(reel_append(run, &unit, REEL_BULK, &status_), REEL_OK);
  reel_flush(run);
  ASSERT_EQ(reel_wait_durable(run, 1, kPatience.count(), &status_), REEL_OK);
  EXPECT_EQ(reel_end_run(run, REEL_END_SOURCE_LOST, &status_), REEL_OK);
  EXPECT_EQ(reel_close(node_, &status_), REEL_OK);
  EXPECT_EQ(durable, 1U);

  ASSERT_EQ(reel_open(Path().c_str(), nullptr, &node_, &status_), REEL_OK);
  options.resume = &id;
  options.on_durable = nullptr;  // its context would have to live until the node is closed
  run = Begin(options);
  ASSERT_EQ(reel_append(run, &unit, REEL_BULK, &status_), REEL_OK);
  unit = Unit("second");
  unit.number = 1;
  ASSERT_EQ(reel_append(run, &unit, REEL_BULK, &status_), REEL_OK);
  reel_watermarks marks{};
  reel_get_watermarks(run, &marks);
  EXPECT_EQ(marks.accepted, 2U);
  EXPECT_EQ(reel_end_run(run, REEL_END_ENDED, &status_), REEL_OK);
}

TEST_F(CAbiTest, StreamsAreListed) {
  reel_id second{};
  ASSERT_EQ(reel_create_stream(node_, "yard", &second, &status_), REEL_OK);
  std::vector<std::string> names;
  const auto each = [](void* context, const reel_id*, const char* name) {
    static_cast<std::vector<std::string>*>(context)->emplace_back(name);
  };
  EXPECT_EQ(reel_list_streams(node_, each, &names, &status_), REEL_OK);
  EXPECT_THAT(names, testing::UnorderedElementsAre("door", "yard"));
  char text[37];
  reel_id_text(&second, text);
  reel_id found{};
  EXPECT_EQ(reel_find_stream(node_, text, &found, &status_), REEL_OK);
  EXPECT_EQ(std::memcmp(&found, &second, sizeof found), 0);
}

}  // namespace
}  // namespace reel

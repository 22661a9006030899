// Footage in and out over the Unix socket.
#include <cstdio>
#include <fstream>
#include <numeric>

#include "engine/media/nal.h"
#include "tests/rpc/rpc_fixture.h"

namespace reel::server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string Output(const std::string& command) {
  FILE* const pipe = popen(command.c_str(), "r");
  std::string text;
  for (int c = 0; (c = std::fgetc(pipe)) != EOF;) text += static_cast<char>(c);
  EXPECT_EQ(pclose(pipe), 0) << command;
  return text;
}

class RoundTripTest : public RpcTest {
 protected:
  static constexpr uint64_t kUnits = 50;

  RoundTripTest() {
    EXPECT_TRUE(store().CreateStream("gate").ok());
    EXPECT_TRUE(store().CreateStream("yard").ok());
    Grants(EverythingTo(Me()));
    Start();
    channel_ = Connect();
    playback_ = v1::Playback::NewStub(channel_);
    Append(*channel_, "gate", kUnits);
    EXPECT_TRUE(store().WaitIdle(seconds(20)).ok());
  }

  struct ReadBack {
    std::vector<uint64_t> units;
    std::string bytes;
    int runs = 0;
    int tracks = 0;
    int gaps = 0;
    bool end = false;
    grpc::Status status;
  };
  ReadBack ReadAll(const v1::ReadRequest& request) {
    ReadBack back;
    grpc::ClientContext context;
    Deadline(&context);
    const auto reader = playback_->Read(&context, request);
    v1::ReadResponse response;
    while (reader->Read(&response)) {
      back.runs += response.has_run() ? 1 : 0;
      back.tracks += response.has_tracks() ? 1 : 0;
      back.gaps += response.has_gap() ? 1 : 0;
      back.end = response.has_end();
      if (!response.has_unit()) continue;
      const uint64_t number = response.unit().unit().number();
      back.units.push_back(number);
      EXPECT_EQ(response.data(), UnitOf(0, number).data()) << number;
    }
    back.status = reader->Finish();
    return back;
  }
  v1::ReadRequest Whole(v1::ReadMode mode) {
    v1::ReadRequest request;
    request.set_stream("gate");
    request.mutable_range()->set_begin_ns(kBegin.ns);
    request.mutable_range()->set_end_ns(TimeOf(kUnits).ns);
    request.set_mode(mode);
    return request;
  }

  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::Playback::Stub> playback_;
};

TEST_F(RoundTripTest, SeekGivesTheKeyPictureFirstAndThenItsGop) {
  v1::SeekRequest request;
  request.set_stream("gate");
  request.set_time_ns(TimeOf(25).ns);
  grpc::ClientContext context;
  Deadline(&context);
  const auto reader = playback_->Seek(&context, request);
  v1::SeekResponse response;
  ASSERT_TRUE(reader->Read(&response));
  EXPECT_EQ(response.point().begin_ns(), TimeOf(20).ns);
  EXPECT_EQ(response.point().pre_roll_ns(), (TimeOf(25) - TimeOf(20)).count());
  EXPECT_TRUE(response.point().durable());
  ASSERT_EQ(response.tracks_size(), 1);
  EXPECT_FALSE(response.tracks(0).config().empty());  // found in the units
  EXPECT_TRUE(response.unit().clean());
  EXPECT_EQ(response.data(), UnitOf(0, 20).data());
  std::vector<uint64_t> rest;
  while (reader->Read(&response)) {
    rest.push_back(response.unit().number());
    EXPECT_FALSE(response.has_point());
    EXPECT_EQ(response.data(), UnitOf(0, response.unit().number()).data());
  }
  EXPECT_THAT(rest, ElementsAre(21, 22, 23, 24, 25, 26, 27, 28, 29));
  EXPECT_TRUE(reader->Finish().ok());
  // Counted once, however many messages there were.
  const LatencyCounts took = figures_.seek.Counts();
  EXPECT_EQ(std::accumulate(took.counts.begin(), took.counts.end(), uint64_t{0}), 1U);
  EXPECT_GT(took.sum, Duration{0});
}

TEST_F(RoundTripTest, ReadsForward) {
  const ReadBack back = ReadAll(Whole(v1::READ_MODE_FORWARD));
  EXPECT_TRUE(back.status.ok()) << back.status.error_message();
  std::vector<uint64_t> all(kUnits);
  std::iota(all.begin(), all.end(), 0);
  EXPECT_EQ(back.units, all);
  EXPECT_EQ(back.runs, 1);
  EXPECT_GE(back.tracks, 1);
  EXPECT_TRUE(back.end);
}

TEST_F(RoundTripTest, ReadsGopsBackward) {
  const ReadBack back = ReadAll(Whole(v1::READ_MODE_REVERSE));
  ASSERT_EQ(back.units.size(), kUnits);
  EXPECT_EQ(back.units.front(), 40U);
  EXPECT_EQ(back.units.at(9), 49U);
  EXPECT_EQ(back.units.at(10), 30U);
  EXPECT_EQ(back.units.back(), 9U);
}

TEST_F(RoundTripTest, ReadsCleanPointsWithAnInterval) {
  EXPECT_THAT(ReadAll(Whole(v1::READ_MODE_CLEAN_POINTS)).units, ElementsAre(0, 10, 20, 30, 40));
  v1::ReadRequest request = Whole(v1::READ_MODE_CLEAN_POINTS);
  request.set_min_interval_ns(Duration(milliseconds(800)).count());
  EXPECT_THAT(ReadAll(request).units, ElementsAre(0, 20, 40));
}

TEST_F(RoundTripTest, GapsAndRunsAreTold) {
  Append(*channel_, "gate", 10, seconds(60));
  EXPECT_TRUE(store().WaitIdle(seconds(20)).ok());
  v1::ReadRequest request = Whole(v1::READ_MODE_FORWARD);
  request.mutable_range()->set_end_ns((kBegin + seconds(120)).ns);
  const ReadBack back = ReadAll(request);
  EXPECT_EQ(back.units.size(), kUnits + 10);
  EXPECT_EQ(back.runs, 2);
  EXPECT_EQ(back.gaps, 1);
}

// What is recorded while somebody looks comes without being asked for again.
TEST_F(RoundTripTest, FollowsALiveStream) {
  grpc::ClientContext context;
  Deadline(&context);
  v1::ReadRequest request;
  request.set_stream("yard");
  request.mutable_range()->set_begin_ns(kBegin.ns);
  request.set_follow(true);
  const auto reader = playback_->Read(&context, request);
  Append(*Connect(), "yard", 30);
  std::vector<uint64_t> units;
  v1::ReadResponse response;
  while (units.size() < 30 && reader->Read(&response)) {
    if (response.has_unit()) units.push_back(response.unit().unit().number());
  }
  EXPECT_EQ(units.size(), 30U);
  context.TryCancel();
  while (reader->Read(&response)) {
  }
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(RoundTripTest, ARunIsResumedAndKnowsWhatItHas) {
  const auto stub = v1::Ingest::NewStub(channel_);
  std::string run;
  {
    grpc::ClientContext context;
    Deadline(&context);
    const auto session = stub->Append(&context);
    v1::AppendRequest request;
    *request.mutable_begin() = BeginOf("yard");
    session->Write(request);
    for (uint64_t i = 0; i < 15; ++i) session->Write(UnitOf(0, i));
    v1::AppendResponse response;
    while (session->Read(&response)) {
      if (response.has_begun()) run = response.begun().run();
      if (response.has_ack() && response.ack().durable_end() == 15) break;
    }
    context.TryCancel();
    (void)session->Finish();
  }
  grpc::ClientContext context;
  Deadline(&context);
  const auto session = stub->Append(&context);
  v1::AppendRequest request;
  *request.mutable_begin() = BeginOf("yard");
  request.mutable_begin()->set_resume(run);
  // Until the server has seen that the other session is gone, the run is being written.
  v1::AppendResponse response;
  for (;;) {
    session->Write(request);
    ASSERT_TRUE(session->Read(&response));
    if (response.has_begun()) break;
    ASSERT_EQ(response.run_error().code(), static_cast<uint32_t>(Code::kAlreadyExists));
  }
  EXPECT_EQ(response.begun().run(), run);
  for (uint64_t i = 0; i < 20; ++i) session->Write(UnitOf(0, i));
  uint64_t durable = 0;
  while (durable < 20 && session->Read(&response)) {
    EXPECT_FALSE(response.has_unit_error()) << response.unit_error().message();
    if (response.has_ack()) durable = response.ack().durable_end();
  }
  EXPECT_EQ(durable, 20U);
  session->WritesDone();
  while (session->Read(&response)) {
  }
  EXPECT_TRUE(session->Finish().ok());
  EXPECT_EQ(store().counters().units_resent, 15U);
}

TEST_F(RoundTripTest, AUnitThatCannotBeTakenCostsNothingElse) {
  const auto stub = v1::Ingest::NewStub(channel_);
  grpc::ClientContext context;
  Deadline(&context);
  const auto session = stub->Append(&context);
  v1::AppendRequest request;
  *request.mutable_begin() = BeginOf("yard");
  session->Write(request);
  session->Write(UnitOf(0, 0));
  v1::AppendRequest broken = UnitOf(0, 1);
  broken.set_data("no NAL units");
  session->Write(broken);
  v1::AppendRequest annex_b = UnitOf(0, 1);
  annex_b.mutable_unit()->set_framing(v1::FRAMING_ANNEX_B);
  const std::string stored = annex_b.data();
  const auto bytes = std::as_bytes(std::span(stored.data(), stored.size()));
  const Result<Bytes> framed = ToAnnexB(bytes);
  ASSERT_TRUE(framed.ok());
  annex_b.set_data(framed->data(), framed->size());
  session->Write(annex_b);
  session->Write(UnitOf(7, 0));  // a lane without a run
  session->WritesDone();
  std::vector<std::string> told;
  uint64_t received = 0;
  v1::AppendResponse response;
  while (session->Read(&response)) {
    if (response.has_unit_error()) {
      told.push_back("unit " + std::to_string(response.unit_error().number()));
    }
    if (response.has_run_error()) told.push_back("lane " + std::to_string(response.lane()));
    if (response.has_ack()) received = response.ack().received_end();
  }
  EXPECT_TRUE(session->Finish().ok());
  EXPECT_THAT(told, ElementsAre("unit 1", "lane 7"));
  EXPECT_EQ(received, 2U);
}

TEST_F(RoundTripTest, TimelineTellsFootageAndGapsPageByPage) {
  v1::TimelineRequest request;
  request.add_streams("gate");
  request.add_streams("yard");
  request.mutable_range()->set_begin_ns((kBegin - std::chrono::hours(24 * 100)).ns);
  request.mutable_range()->set_end_ns((kBegin + std::chrono::hours(1)).ns);
  request.set_bucket(v1::BUCKET_DAY);
  request.set_page_size(1);
  uint64_t gops = 0;
  int64_t gap_ns = 0;
  int64_t covered_ns = 0;
  int pages = 0;
  do {
    grpc::ClientContext context;
    Deadline(&context);
    v1::TimelineResponse page;
    const grpc::Status status = playback_->Timeline(&context, request, &page);
    ASSERT_TRUE(status.ok()) << status.error_message();
    for (const v1::StreamTimeline& stream : page.streams()) {
      if (stream.name() != "gate") continue;
      for (const v1::Coverage& bucket : stream.buckets()) gops += bucket.gops();
      for (const v1::Gap& gap : stream.gaps()) gap_ns += gap.end_ns() - gap.begin_ns();
      for (const v1::Span& span : stream.spans()) covered_ns += span.end_ns() - span.begin_ns();
    }
    request.set_page_token(page.next_page_token());
    ASSERT_LT(++pages, 1000);
  } while (!request.page_token().empty());
  EXPECT_GT(pages, 2);
  EXPECT_EQ(gops, kUnits / kGop);
  EXPECT_GE(covered_ns, (TimeOf(kUnits - 1) - kBegin).count());
  EXPECT_EQ(covered_ns + gap_ns, request.range().end_ns() - request.range().begin_ns());
  request.set_page_token("7:12");
  grpc::ClientContext context;
  Deadline(&context);
  v1::TimelineResponse page;
  EXPECT_EQ(playback_->Timeline(&context, request, &page).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(RoundTripTest, ExportPlays) {
  v1::ExportRequest request;
  request.set_stream("gate");
  request.mutable_range()->set_begin_ns(kBegin.ns);
  request.mutable_range()->set_end_ns(TimeOf(kUnits).ns);
  const auto get = [&](uint64_t offset, v1::ExportInfo* info) {
    request.set_offset_bytes(offset);
    grpc::ClientContext context;
    Deadline(&context);
    const auto reader = playback_->Export(&context, request);
    v1::ExportResponse response;
    std::string file;
    while (reader->Read(&response)) {
      if (response.has_info()) *info = response.info();
      file += response.data();
    }
    const grpc::Status status = reader->Finish();
    EXPECT_TRUE(status.ok()) << status.error_message();
    return file;
  };
  v1::ExportInfo info;
  const std::string file = get(0, &info);
  EXPECT_EQ(file.size(), info.size_bytes());
  EXPECT_THAT(info.media_type(), HasSubstr("video/mp4"));
  EXPECT_EQ(get(1000, &info), file.substr(1000));
  const std::string path = PathOf("out.mp4");
  std::ofstream(path, std::ios::binary) << file;
  EXPECT_EQ(
      Output("ffprobe -v error -count_frames -show_entries stream=nb_read_frames -of csv=p=0 " +
             path),
      std::to_string(kUnits) + "\n");
}

}  // namespace
}  // namespace reel::server

// The parts that need no server: turns of clients, ClientHello, places of pages, denials.
#include <gmock/gmock.h>
#include <grpc/support/log.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <atomic>
#include <future>
#include <memory>

#include "engine/testing/sim_clock.h"
#include "server/rpc/client_hello.h"
#include "server/rpc/convert.h"
#include "server/rpc/denials.h"
#include "server/rpc/executor.h"
#include "server/rpc/grpc_log.h"
#include "server/rpc/seek_stream.h"
#include "server/rpc/timeline_page.h"

namespace reel::server {
namespace {

using testing::ElementsAre;

// ---- Executor ----

TEST(Executor, ClientsTakeTurns) {
  std::atomic<int64_t> waiting = 0;
  Executor executor(1, waiting);
  std::promise<void> go;
  std::promise<void> began;
  std::vector<std::string> order;
  ASSERT_TRUE(executor.Begin("a", [&] {
    began.set_value();
    go.get_future().wait();
  }));
  began.get_future().wait();
  std::promise<void> last;
  for (const char* task : {"a1", "a2", "a3", "b1", "c1"}) {
    ASSERT_TRUE(executor.Begin(std::string(1, task[0]), [&order, &last, task] {
      order.emplace_back(task);
      if (order.size() == 5) last.set_value();
    }));
  }
  go.set_value();
  last.get_future().wait();
  EXPECT_THAT(order, ElementsAre("b1", "c1", "a1", "a2", "a3"));
}

TEST(Executor, OneClientLeavesAThreadToOthers) {
  std::atomic<int64_t> waiting = 0;
  Executor executor(2, waiting);
  std::promise<void> go;
  const std::shared_future<void> gone = go.get_future().share();
  std::promise<void> greedy_began;
  ASSERT_TRUE(executor.Begin("greedy", [&greedy_began, gone] {
    greedy_began.set_value();
    gone.wait();
  }));
  std::promise<void> other_began;
  std::promise<void> other_go;
  ASSERT_TRUE(executor.Begin("other", [&] {
    other_began.set_value();
    other_go.get_future().wait();
  }));
  greedy_began.get_future().wait();
  other_began.get_future().wait();
  // Behind "other" it is the turn of "greedy", which has a thread already.
  ASSERT_TRUE(executor.Begin("greedy", [gone] { gone.wait(); }));
  other_go.set_value();
  std::promise<void> other_again;
  ASSERT_TRUE(executor.Begin("other", [&] { other_again.set_value(); }));
  other_again.get_future().wait();
  go.set_value();
}

TEST(Executor, WhatWaitsOfOneClientIsBounded) {
  std::atomic<int64_t> waiting = 0;
  Executor executor(1, waiting);
  std::promise<void> go;
  std::promise<void> began;
  ASSERT_TRUE(executor.Begin("a", [&] {
    began.set_value();
    go.get_future().wait();
  }));
  began.get_future().wait();
  for (size_t i = 0; i < Executor::kMaxWaiting; ++i) ASSERT_TRUE(executor.Begin("a", [] {}));
  EXPECT_FALSE(executor.Begin("a", [] {}));
  EXPECT_TRUE(executor.Begin("b", [] {}));
  EXPECT_EQ(waiting, static_cast<int64_t>(Executor::kMaxWaiting) + 1);
  go.set_value();
  executor.Stop();
  EXPECT_EQ(waiting, 0) << "what was dropped does not wait any more";
  EXPECT_FALSE(executor.Begin("a", [] {}));
}

// ---- ClientHello ----

// What OpenSSL says first.
Bytes HelloOf(int version) {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()),
                                                                  &SSL_CTX_free);
  SSL_CTX_set_max_proto_version(context.get(), version);
  const std::unique_ptr<SSL, decltype(&SSL_free)> tls(SSL_new(context.get()), &SSL_free);
  BIO* const in = BIO_new(BIO_s_mem());
  BIO* const out = BIO_new(BIO_s_mem());
  SSL_set_bio(tls.get(), in, out);
  (void)SSL_connect(tls.get());
  char* text = nullptr;
  const long size = BIO_get_mem_data(out, &text);
  const auto bytes = std::as_bytes(std::span(text, static_cast<size_t>(size)));
  return {bytes.begin(), bytes.end()};
}

TEST(ClientHello, OffersTls13OrIsRefused) {
  EXPECT_EQ(ReadClientHello(HelloOf(TLS1_3_VERSION)), Hello::kTls13);
  EXPECT_EQ(ReadClientHello(HelloOf(TLS1_2_VERSION)), Hello::kRefuse);
}

TEST(ClientHello, EveryBeginningWaitsForMore) {
  const Bytes hello = HelloOf(TLS1_3_VERSION);
  for (size_t size = 0; size < hello.size(); ++size) {
    EXPECT_EQ(ReadClientHello(ByteSpan(hello).first(size)), Hello::kMore) << size;
  }
}

// The same message in records of 10 bytes.
TEST(ClientHello, MayComeInSeveralRecords) {
  const Bytes hello = HelloOf(TLS1_3_VERSION);
  Bytes cut;
  for (size_t at = 5; at < hello.size(); at += 10) {
    const size_t size = std::min<size_t>(10, hello.size() - at);
    for (const int byte : {22, 3, 1, 0, static_cast<int>(size)}) {
      cut.push_back(static_cast<std::byte>(byte));
    }
    cut.insert(cut.end(), hello.begin() + static_cast<ptrdiff_t>(at),
               hello.begin() + static_cast<ptrdiff_t>(at + size));
  }
  EXPECT_EQ(ReadClientHello(cut), Hello::kTls13);
}

TEST(ClientHello, AnythingElseIsRefused) {
  const std::string http = "GET / HTTP/1.1\r\n";
  EXPECT_EQ(ReadClientHello(std::as_bytes(std::span(http.data(), http.size()))), Hello::kRefuse);
  Bytes hello = HelloOf(TLS1_3_VERSION);
  hello[5] = std::byte{2};  // a ServerHello
  EXPECT_EQ(ReadClientHello(hello), Hello::kRefuse);
  Bytes longer = HelloOf(TLS1_3_VERSION);
  longer[6] = std::byte{1};  // 65536 bytes more
  EXPECT_EQ(ReadClientHello(longer), Hello::kRefuse);
}

// ---- Others ----

TEST(TimelinePlace, ReadsBackAndRefusesWhatIsNotOurs) {
  const WallRange range{{-100}, {100}};
  const TimelinePlace place{3, {-7}};
  EXPECT_EQ(FormatPlace(place), "3:-7");
  EXPECT_EQ(*ParsePlace("3:-7", 4, range), place);
  for (const char* token :
       {"", "3", "3:", ":", "3:-7x", "4:0", "0:100", "-1:0", "3:999999999999999999999"}) {
    EXPECT_EQ(ParsePlace(token, 4, range).status().code(), Code::kInvalidArgument) << token;
  }
}

TEST(Denials, TheFirstOnesAreRecordedAndTheRestCounted) {
  Denials denials;
  MonoTime now{0};
  for (int i = 0; i < 60; ++i) EXPECT_EQ(denials.Count("a", now), uint64_t{0});
  for (int i = 0; i < 5; ++i) EXPECT_EQ(denials.Count("a", now), std::nullopt);
  EXPECT_EQ(denials.Count("b", now), uint64_t{0});
  now = now + std::chrono::seconds(1);
  EXPECT_EQ(denials.Count("a", now), uint64_t{5});
  EXPECT_EQ(denials.Count("a", now), std::nullopt);
}

// Numbers of enums are the engine's own: they are cast.
TEST(Convert, EnumsHaveTheNumbersOfTheEngine) {
  for (const auto cause : {GapCause::kUnknown, GapCause::kOverload, GapCause::kOffSchedule}) {
    EXPECT_TRUE(v1::GapCause_IsValid(static_cast<int>(cause)));
  }
  EXPECT_EQ(static_cast<int>(v1::GAP_CAUSE_OFF_SCHEDULE), static_cast<int>(GapCause::kOffSchedule));
  EXPECT_EQ(static_cast<int>(v1::GAP_CAUSE_DAMAGED), static_cast<int>(GapCause::kDamaged));
  EXPECT_EQ(static_cast<int>(v1::CODEC_H265), static_cast<int>(Codec::kH265));
  EXPECT_EQ(static_cast<int>(v1::CODEC_OPAQUE), static_cast<int>(Codec::kOpaque));
  EXPECT_EQ(static_cast<int>(v1::CameraSource::STATE_WAITING),
            static_cast<int>(SourceState::kWaiting));
}

TEST(Convert, TracksAreChecked) {
  const auto code_of = [](const std::function<void(v1::Track*)>& change) {
    google::protobuf::RepeatedPtrField<v1::Track> tracks;
    v1::Track* const track = tracks.Add();
    track->set_kind(v1::TRACK_KIND_VIDEO);
    track->set_codec(v1::CODEC_H264);
    track->set_timescale(90'000);
    change(track);
    return TracksOf(tracks).status().code();
  };
  EXPECT_EQ(code_of([](v1::Track*) {}), Code::kOk);
  EXPECT_EQ(code_of([](v1::Track* track) { track->set_id(256); }), Code::kInvalidArgument);
  EXPECT_EQ(code_of([](v1::Track* track) { track->set_timescale(0); }), Code::kInvalidArgument);
  EXPECT_EQ(code_of([](v1::Track* track) { track->set_codec(v1::CODEC_AAC); }),
            Code::kInvalidArgument);
  EXPECT_EQ(code_of([](v1::Track* track) { track->set_codec(static_cast<v1::Codec>(3)); }),
            Code::kInvalidArgument);
  EXPECT_EQ(code_of([](v1::Track* track) { track->set_config(std::string(20'000, 'x')); }),
            Code::kInvalidArgument);
}

// ---- A seek's units ----

TEST(SeekPlace, TheKeyPictureIsItselfOrGone) {
  SeekPoint point;
  point.run.bytes[0] = 1;
  point.unit = {20};
  point.begin = {1000};
  Item item;
  item.kind = ItemKind::kUnit;
  item.run = point.run;
  item.unit.number = {20};
  item.unit.wall = {1000};
  item.gop_begin = true;
  EXPECT_EQ(PlaceOf(point, item), SeekPlace::kKey);
  item.unit.number = {30};
  item.unit.wall = {2000};
  EXPECT_EQ(PlaceOf(point, item), SeekPlace::kGone) << "the next GOP of the run";
  item.run.bytes[0] = 2;
  item.unit.number = {20};
  EXPECT_EQ(PlaceOf(point, item), SeekPlace::kGone) << "a later GOP of another run";
  item.gop_begin = false;
  EXPECT_EQ(PlaceOf(point, item), SeekPlace::kBefore) << "of a GOP that began before it";
  item.gop_begin = true;
  item.unit.wall = {1000};
  EXPECT_EQ(PlaceOf(point, item), SeekPlace::kBefore) << "that began at the same time";
}

// ---- gRPC's log ----

std::string* g_said = nullptr;

TEST(GrpcLog, GoesWhereItIsSent) {
  std::string said;
  g_said = &said;
  SendGrpcLogTo([](LogLevel level, std::string_view line) {
    if (level == LogLevel::kWarning) *g_said += line;
  });
  gpr_set_log_verbosity(GPR_LOG_SEVERITY_ERROR);
  gpr_log(GPR_ERROR, "a handshake of %d ended", 7);
  gpr_set_log_function(nullptr);
  EXPECT_EQ(said, "grpc: a handshake of 7 ended");
}

}  // namespace
}  // namespace reel::server

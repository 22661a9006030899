// Role x RPC, made from the descriptors of the services: an RPC that somebody adds is in it by
// itself, and fails here until it has its rule. And what is refused for other reasons.
#include "server/rpc/rules.h"
#include "tests/rpc/rpc_fixture.h"

namespace reel::server {
namespace {

using google::protobuf::MethodDescriptor;
using testing::HasSubstr;

TEST(RpcRules, EveryRpcHasItsRule) {
  ASSERT_EQ(EveryMethod().size(), 20U);
  for (const MethodDescriptor* method : EveryMethod()) {
    EXPECT_TRUE(FindRpcRule(CallOf(*method)).has_value()) << CallOf(*method);
  }
}

class AccessTest : public RpcTest {
 protected:
  AccessTest() {
    for (const char* name : {"gate-1", "gate-2", "yard"}) {
      EXPECT_TRUE(store().CreateStream(name).ok());
    }
  }

  // A request that asks for stream `stream`, as far as the RPC asks for any.
  static std::string RequestOf(const MethodDescriptor& method, const std::string& stream) {
    const std::string& name = method.name();
    if (name == "Append") {
      v1::AppendRequest request;
      *request.mutable_begin() = BeginOf(stream);
      return request.SerializeAsString();
    }
    if (name == "Timeline") {
      v1::TimelineRequest request;
      request.add_streams(stream);
      request.mutable_range()->set_begin_ns(0);
      request.mutable_range()->set_end_ns(1);
      return request.SerializeAsString();
    }
    if (name == "RenameStream") {
      v1::RenameStreamRequest request;
      request.set_stream(stream);
      request.set_name(stream + "-other");
      return request.SerializeAsString();
    }
    if (name == "AddStream") {
      v1::AddStreamRequest request;
      request.set_name(stream + "-new");
      return request.SerializeAsString();
    }
    if (IsOfNode(RpcRuleOf(CallOf(method)).action) || name.starts_with("List")) return {};
    v1::ExportRequest request;  // `stream` is number 1 of the others too
    request.set_stream(stream);
    if (name == "Export") {
      request.mutable_range()->set_begin_ns(0);
      request.mutable_range()->set_end_ns(1);
      *request.mutable_purpose() = Why();
    }
    return request.SerializeAsString();
  }

  static v1::Purpose Why() {
    v1::Purpose why;
    why.set_purpose("theft");
    why.set_requester("police");
    why.set_performer("me");
    why.set_case_number("7");
    return why;
  }

  // Calls it and reads to the end. Append: whether its run was refused.
  grpc::Status Call(grpc::Channel& channel, const MethodDescriptor& method,
                    const std::string& request, bool deadline = true,
                    std::string* answer = nullptr) {
    if (method.name() == "Append") return CallAppend(channel, request);
    return CallRaw(channel, "/" + CallOf(method), request, deadline, answer);
  }

  static grpc::Status CallAppend(grpc::Channel& channel, const std::string& text) {
    const auto stub = v1::Ingest::NewStub(std::shared_ptr<grpc::Channel>(&channel, [](auto*) {}));
    grpc::ClientContext context;
    Deadline(&context);
    const auto session = stub->Append(&context);
    v1::AppendRequest request;
    EXPECT_TRUE(request.ParseFromString(text));
    session->Write(request);
    session->WritesDone();
    grpc::Status lane;
    v1::AppendResponse response;
    while (session->Read(&response)) {
      if (!response.has_run_error()) continue;
      lane = {static_cast<grpc::StatusCode>(response.run_error().code()),
              response.run_error().message()};
    }
    const grpc::Status status = session->Finish();
    return status.ok() ? lane : status;
  }
};

TEST_F(AccessTest, EveryRoleMayWhatItsRuleSaysAndNothingElse) {
  Start();
  const auto channel = Connect();
  for (const Role role : kRoles) {
    Grants({{Me(), role, {"gate-*"}, false}});
    for (const MethodDescriptor* method : EveryMethod()) {
      const RpcRule rule = RpcRuleOf(CallOf(*method));
      const std::string what = std::string(NameOf(role)) + " " + CallOf(*method);
      const grpc::Status own = Call(*channel, *method, RequestOf(*method, "gate-1"));
      EXPECT_EQ(own.error_code() != grpc::StatusCode::PERMISSION_DENIED, RoleMay(role, rule.action))
          << what << ": " << own.error_message();
      if (IsOfNode(rule.action) || RequestOf(*method, "yard").empty()) continue;
      for (const char* other : {"yard", "nowhere"}) {
        EXPECT_EQ(Call(*channel, *method, RequestOf(*method, other)).error_code(),
                  grpc::StatusCode::PERMISSION_DENIED)
            << what << " of " << other;
      }
      // What a call changed is changed back.
      for (const StreamInfo& stream : store().Streams()) {
        if (stream.name == "gate-1-other") {
          EXPECT_TRUE(store().RenameStream(stream.id, "gate-1").ok());
        }
      }
    }
  }
}

TEST_F(AccessTest, NothingIsGrantedToWhoHasNoGrant) {
  Start();
  const auto channel = Connect();
  Grants(EverythingTo("uid:4294967"));
  for (const MethodDescriptor* method : EveryMethod()) {
    EXPECT_EQ(Call(*channel, *method, RequestOf(*method, "yard")).error_code(),
              grpc::StatusCode::PERMISSION_DENIED)
        << CallOf(*method);
    EXPECT_GE(audit_->Count(CallOf(*method), "denied"), 1U) << CallOf(*method);
  }
}

// They tell nothing that is not in server/proto.
TEST_F(AccessTest, HealthAndReflectionAreThere) {
  Start();
  const auto channel = Connect();
  std::string answer;
  EXPECT_TRUE(CallRaw(*channel, "/grpc.health.v1.Health/Check", "", true, &answer).ok());
  EXPECT_EQ(answer, "\x08\x01");  // status: SERVING
  const auto reflect = [&](const std::string& request) {
    answer.clear();
    return CallRaw(*channel, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
                   request, true, &answer)
        .error_code();
  };
  EXPECT_EQ(reflect(std::string("\x3a\x00", 2)), grpc::StatusCode::OK);  // list_services
  EXPECT_THAT(answer, HasSubstr("reel.v1.Playback"));
  EXPECT_EQ(reflect("\x22\x10reel.v1.Playback"), grpc::StatusCode::OK);  // file_containing_symbol
  EXPECT_THAT(answer, HasSubstr("ThumbnailRequest"));
  EXPECT_THAT(answer, HasSubstr("reel/v1/common.proto")) << "what it imports comes with it";
  EXPECT_EQ(reflect("\x1a\x07nowhere"), grpc::StatusCode::OK);  // file_by_filename
  EXPECT_THAT(answer, HasSubstr("none of that name"));
  EXPECT_EQ(reflect(""), grpc::StatusCode::OK);
  EXPECT_THAT(answer, HasSubstr("nothing is asked"));
  EXPECT_EQ(reflect(std::string(5000, '\xff')), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(CallRaw(*channel, "/reel.v1.Admin/Nothing", "", true, nullptr).error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
}

TEST_F(AccessTest, WithoutADeadlineWhatNeedsOneIsRefused) {
  Grants(EverythingTo(Me()));
  Start();
  const auto channel = Connect();
  for (const MethodDescriptor* method : EveryMethod()) {
    if (!RpcRuleOf(CallOf(*method)).needs_deadline) continue;
    const grpc::Status status = Call(*channel, *method, RequestOf(*method, "yard"), false);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << CallOf(*method);
    EXPECT_THAT(status.error_message(), HasSubstr("deadline"));
  }
}

TEST_F(AccessTest, WithoutAnAuditNothingIsDone) {
  Grants(EverythingTo(Me()));
  Start();
  const auto channel = Connect();
  Append(*channel, "gate-1", 10);
  audit_->set_broken(true);
  const size_t before = store().Streams().size();
  for (const MethodDescriptor* method : EveryMethod()) {
    std::string answer;
    EXPECT_EQ(Call(*channel, *method, RequestOf(*method, "gate-1"), true, &answer).error_code(),
              grpc::StatusCode::UNAVAILABLE)
        << CallOf(*method);
    EXPECT_EQ(answer, "") << CallOf(*method) << " gave something without a record";
  }
  EXPECT_EQ(store().Streams().size(), before);
  audit_->set_broken(false);
}

// A run that goes on is recorded whatever becomes of the audit.
TEST_F(AccessTest, RecordingGoesOnWithoutAnAudit) {
  Grants(EverythingTo(Me()));
  Start();
  const auto stub = v1::Ingest::NewStub(Connect());
  grpc::ClientContext context;
  Deadline(&context);
  const auto session = stub->Append(&context);
  v1::AppendRequest request;
  *request.mutable_begin() = BeginOf("gate-1");
  session->Write(request);
  v1::AppendResponse response;
  ASSERT_TRUE(session->Read(&response));
  ASSERT_TRUE(response.has_begun());
  audit_->set_broken(true);
  for (uint64_t i = 0; i < 20; ++i) session->Write(UnitOf(0, i));
  uint64_t durable = 0;
  while (durable < 20 && session->Read(&response)) durable = response.ack().durable_end();
  EXPECT_EQ(durable, 20U);
  audit_->set_broken(false);
  session->WritesDone();
  while (session->Read(&response)) {
  }
  EXPECT_TRUE(session->Finish().ok());
}

TEST_F(AccessTest, TheRecordIsThereBeforeTheFirstByte) {
  Grants(EverythingTo(Me()));
  Start();
  const auto channel = Connect();
  Append(*channel, "gate-1", 20);
  EXPECT_TRUE(store().WaitIdle(seconds(20)).ok());
  const auto playback = v1::Playback::NewStub(channel);
  grpc::ClientContext context;
  Deadline(&context);
  v1::SeekRequest request;
  request.set_stream("gate-1");
  request.set_time_ns(kBegin.ns);
  *request.mutable_purpose() = Why();
  const auto reader = playback->Seek(&context, request);
  v1::SeekResponse response;
  ASSERT_TRUE(reader->Read(&response));
  ASSERT_EQ(audit_->Count("reel.v1.Playback/Seek", "allowed"), 1U);
  while (reader->Read(&response)) {
  }
  EXPECT_TRUE(reader->Finish().ok());
  const std::vector<AuditRecord> records = audit_->records();
  const AuditRecord& last = records.back();
  EXPECT_EQ(last.result, "ended: OK");
  EXPECT_EQ(last.who, Me());
  EXPECT_EQ(last.from, "unix");
  EXPECT_EQ(last.purpose.case_number, "7");
  EXPECT_EQ(last.units, kGop);
}

TEST_F(AccessTest, AStreamEndsWhenItsGrantIsWithdrawn) {
  Grants(EverythingTo(Me()));
  RpcOptions options = Options();
  options.reauthorize_every = milliseconds(1);
  Start(options);
  const auto channel = Connect();
  const auto playback = v1::Playback::NewStub(channel);
  grpc::ClientContext context;
  Deadline(&context);
  v1::ReadRequest request;
  request.set_stream("gate-1");
  request.set_follow(true);
  request.mutable_range()->set_begin_ns(kBegin.ns);
  const auto reader = playback->Read(&context, request);
  const auto ingest = v1::Ingest::NewStub(channel);
  grpc::ClientContext ingest_context;
  Deadline(&ingest_context);
  const auto session = ingest->Append(&ingest_context);
  v1::AppendRequest begin;
  *begin.mutable_begin() = BeginOf("gate-1");
  session->Write(begin);
  session->Write(UnitOf(0, 0));
  v1::ReadResponse item;
  while (reader->Read(&item) && !item.has_unit()) {
  }
  ASSERT_TRUE(item.has_unit());

  Grants({{Me(), Role::kAdmin, {"yard"}, false}});
  while (reader->Read(&item)) {
  }
  const grpc::Status status = reader->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_THAT(status.error_message(), HasSubstr("access has ended"));
  v1::AppendResponse response;
  while (session->Read(&response) && !response.has_run_error()) {
  }
  EXPECT_EQ(response.run_error().code(), static_cast<uint32_t>(Code::kPermissionDenied));
  session->WritesDone();
  while (session->Read(&response)) {
  }
  EXPECT_TRUE(session->Finish().ok());
}

TEST_F(AccessTest, ListsShowWhatMayBeSeenAndNamesAreNotGuessed) {
  Grants({{Me(), Role::kViewer, {"gate-*"}, false}});
  Start();
  const auto channel = Connect();
  const auto admin = v1::Admin::NewStub(channel);
  grpc::ClientContext context;
  Deadline(&context);
  v1::ListStreamsResponse list;
  ASSERT_TRUE(admin->ListStreams(&context, {}, &list).ok());
  ASSERT_EQ(list.streams_size(), 2);
  EXPECT_EQ(list.streams(0).name(), "gate-1");
  const auto message_of = [&](const std::string& stream) {
    const MethodDescriptor* const seek =
        v1::ReadRequest::descriptor()->file()->service(0)->method(0);
    return Call(*channel, *seek, RequestOf(*seek, stream)).error_message();
  };
  EXPECT_EQ(message_of("gate-9"), "no stream named \"gate-9\"");  // and none that is near
  const std::string id = ToString(store().FindStream("yard")->id);
  EXPECT_EQ(message_of(id), Me() + " may not view of " + id);
}

TEST_F(AccessTest, RefusalsBySomebodyWhoDoesNotStopAreCounted) {
  Start();
  const auto channel = Connect();
  const MethodDescriptor* const seek = v1::ReadRequest::descriptor()->file()->service(0)->method(0);
  for (int i = 0; i < 200; ++i) Call(*channel, *seek, RequestOf(*seek, "yard"));
  const size_t recorded = audit_->Count("reel.v1.Playback/Seek", "denied");
  EXPECT_GE(recorded, 60U);
  EXPECT_LT(recorded, 200U);
}

}  // namespace
}  // namespace reel::server

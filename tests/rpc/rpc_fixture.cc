#include "tests/rpc/rpc_fixture.h"

#include <grpcpp/generic/generic_stub.h>

#include <fstream>
#include <iterator>

#include "engine/media/au_splitter.h"
#include "engine/media/nal.h"

namespace reel::server {
namespace {

// Access units of a real encoder: an IDR with its parameter sets, then nine that follow it.
const std::vector<std::string>& Gop() {
  static const std::vector<std::string> units = [] {
    std::ifstream file(
        std::string(REEL_SOURCE_DIR) + "/tests/data/media/m26x-input-30-240p-vp-sps-pps.h264",
        std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), {});
    AuSplitter splitter(Codec::kH264);
    splitter.Feed(std::as_bytes(std::span(bytes.data(), bytes.size())));
    splitter.Finish();
    std::vector<std::string> gop;
    while (gop.size() < 10) {
      Result<std::optional<SplitUnit>> unit = splitter.Next();
      if (!unit.ok() || !*unit) break;
      gop.emplace_back(reinterpret_cast<const char*>((*unit)->bytes.data()), (*unit)->bytes.size());
    }
    return gop;
  }();
  return units;
}

}  // namespace

TestAudit::TestAudit(const std::string& directory) {
  auto files = OpenAuditDirectory(directory);
  EXPECT_TRUE(files.ok()) << files.status().ToString();
  auto log = AuditLog::Open(std::move(*files), {});
  EXPECT_TRUE(log.ok()) << log.status().ToString();
  log_ = std::move(*log);
}

Status TestAudit::Record(std::span<const AuditRecord> records) {
  if (broken_) return Unavailable("the audit cannot be written: no space");
  {
    std::unique_lock lock(mutex_);
    if (!records.empty() && !held_call_.empty() && records.front().call == held_call_) {
      ++held_;
      changed_.notify_all();
      changed_.wait(lock, [this] { return held_call_.empty(); });
      --held_;
    }
    records_.insert(records_.end(), records.begin(), records.end());
  }
  return log_->Record(records);
}

void TestAudit::Hold(const std::string& call) {
  const std::lock_guard lock(mutex_);
  held_call_ = call;
}

void TestAudit::Release() {
  const std::lock_guard lock(mutex_);
  held_call_.clear();
  changed_.notify_all();
}

void TestAudit::AwaitHeld() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return held_ > 0; });
}

std::vector<AuditRecord> TestAudit::records() {
  const std::lock_guard lock(mutex_);
  return records_;
}

size_t TestAudit::Count(const std::string& call, const std::string& result) {
  size_t count = 0;
  for (const AuditRecord& record : records()) {
    if (record.call == call && record.result == result) ++count;
  }
  return count;
}

std::vector<const google::protobuf::MethodDescriptor*> EveryMethod() {
  std::vector<const google::protobuf::MethodDescriptor*> methods;
  for (const auto* file :
       {v1::AppendRequest::descriptor()->file(), v1::ReadRequest::descriptor()->file(),
        v1::AddStreamRequest::descriptor()->file()}) {
    for (int s = 0; s < file->service_count(); ++s) {
      const auto* const service = file->service(s);
      for (int m = 0; m < service->method_count(); ++m) methods.push_back(service->method(m));
    }
  }
  return methods;
}

std::string CallOf(const google::protobuf::MethodDescriptor& method) {
  return method.service()->full_name() + "/" + method.name();
}

RpcTest::RpcTest() {
  std::string pattern = (std::filesystem::temp_directory_path() / "reel-rpc-XXXXXX").string();
  root_ = mkdtemp(pattern.data());
  std::filesystem::create_directory(root_ / "disk");
  Store::InitVolume volume;
  volume.path = PathOf("disk");
  volume.bytes = 256U << 20;
  volume.segment_bytes = 16U << 20;
  EXPECT_TRUE(Node::Init(PathOf("node"), {volume}).ok());
  NodeOptions options;
  options.buffer_bytes = 64U << 20;
  options.flush_interval = milliseconds(50);
  auto node = Node::Open(PathOf("node"), options);
  EXPECT_TRUE(node.ok()) << node.status().ToString();
  node_ = std::move(*node);
  audit_ = std::make_unique<TestAudit>(PathOf("audit"));
}

RpcTest::~RpcTest() {
  server_.reset();
  const Status closed = node_->Close();
  EXPECT_TRUE(closed.ok()) << closed.ToString();
  node_.reset();
  auto files = OpenAuditDirectory(PathOf("audit"));
  const Result<AuditVerdict> verdict = VerifyAudit(**files);
  EXPECT_TRUE(verdict.ok() && !verdict->broken);
  std::filesystem::remove_all(root_);
}

RpcOptions RpcTest::Options() {
  RpcOptions options;
  options.store = &store();
  options.authorizer = &authorizer_;
  options.audit = audit_.get();
  options.figures = &figures_;
  options.unix_path = SocketPath();
  options.log = [this](LogLevel, std::string_view line) {
    const std::lock_guard lock(log_mutex_);
    log_.emplace_back(line);
  };
  return options;
}

void RpcTest::Start(const RpcOptions& options) {
  auto server = RpcServer::Start(options);
  ASSERT_TRUE(server.ok()) << server.status().ToString();
  server_ = std::move(*server);
}

// A connection of its own each.
std::shared_ptr<grpc::Channel> RpcTest::Connect(grpc::ChannelArguments arguments) {
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel("unix:" + SocketPath(), grpc::InsecureChannelCredentials(),
                                   arguments);
}

grpc::Status RpcTest::CallRaw(grpc::Channel& channel, const std::string& path,
                              const std::string& request, bool deadline, std::string* answer) {
  grpc::GenericStub stub(std::shared_ptr<grpc::Channel>(&channel, [](auto*) {}));
  grpc::ClientContext context;
  if (deadline) Deadline(&context);
  grpc::CompletionQueue queue;
  const auto call = stub.PrepareCall(&context, path, &queue);
  const auto wait = [&] {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  call->StartCall(nullptr);
  wait();
  const grpc::Slice slice(request);
  call->WriteLast(grpc::ByteBuffer(&slice, 1), grpc::WriteOptions(), nullptr);
  wait();
  for (;;) {
    grpc::ByteBuffer message;
    call->Read(&message, nullptr);
    if (!wait()) break;
    if (answer == nullptr || !answer->empty()) continue;
    grpc::Slice whole;
    EXPECT_TRUE(message.DumpToSingleSlice(&whole).ok());
    answer->assign(reinterpret_cast<const char*>(whole.begin()), whole.size());
  }
  grpc::Status status;
  call->Finish(&status, nullptr);
  wait();
  return status;
}

void RpcTest::Deadline(grpc::ClientContext* context, Duration wait) {
  const auto ms = std::chrono::duration_cast<milliseconds>(wait).count();
  context->set_deadline(
      gpr_time_add(gpr_now(GPR_CLOCK_REALTIME), gpr_time_from_millis(ms, GPR_TIMESPAN)));
}

v1::BeginRun RpcTest::BeginOf(const std::string& stream) {
  v1::BeginRun begin;
  begin.set_stream(stream);
  v1::Track* const track = begin.add_tracks();
  track->set_kind(v1::TRACK_KIND_VIDEO);
  track->set_codec(v1::CODEC_H264);
  track->set_timescale(90'000);
  return begin;
}

v1::AppendRequest RpcTest::UnitOf(uint32_t lane, uint64_t number) {
  v1::AppendRequest request;
  request.set_lane(lane);
  v1::Unit* const unit = request.mutable_unit()->mutable_unit();
  unit->set_number(number);
  unit->set_pts(static_cast<int64_t>(number) * 3600);
  unit->set_dts(static_cast<int64_t>(number) * 3600);
  unit->set_wall_ns(TimeOf(number).ns);
  request.set_data(Gop().at(number % kGop));
  return request;
}

std::string RpcTest::Append(grpc::Channel& channel, const std::string& stream, uint64_t count,
                            Duration later) {
  const auto stub = v1::Ingest::NewStub(std::shared_ptr<grpc::Channel>(&channel, [](auto*) {}));
  grpc::ClientContext context;
  Deadline(&context, seconds(60));
  const auto session = stub->Append(&context);
  v1::AppendRequest request;
  *request.mutable_begin() = BeginOf(stream);
  request.mutable_begin()->set_bulk(true);
  session->Write(request);
  for (uint64_t i = 0; i < count; ++i) {
    v1::AppendRequest unit = UnitOf(0, i);
    v1::Unit* const of = unit.mutable_unit()->mutable_unit();
    of->set_wall_ns(of->wall_ns() + later.count());
    session->Write(unit);
  }
  request.Clear();
  request.mutable_end();
  session->Write(request);
  session->WritesDone();
  std::string run;
  uint64_t durable = 0;
  v1::AppendResponse response;
  while (session->Read(&response)) {
    EXPECT_FALSE(response.has_unit_error()) << response.unit_error().message();
    EXPECT_FALSE(response.has_run_error()) << response.run_error().message();
    if (response.has_begun()) run = response.begun().run();
    if (response.has_ack()) durable = response.ack().durable_end();
  }
  const grpc::Status status = session->Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(durable, count);
  return run;
}

}  // namespace reel::server

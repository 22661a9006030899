// Over TCP: certificates made here by openssl, TLS 1.3 alone, and what takes footage away needs a
// purpose.
#include <openssl/ssl.h>

#include <csignal>
#include <fstream>
#include <iterator>

#include "tests/rpc/rpc_fixture.h"
#include "tests/rpc/sockets.h"

namespace reel::server {
namespace {

using testing::HasSubstr;

class TlsTest : public RpcTest {
 protected:
  TlsTest() {
    EXPECT_TRUE(store().CreateStream("gate").ok());
    Authority("ca");
    Certificate("ca", "server", "/CN=localhost", "subjectAltName=IP:127.0.0.1,DNS:localhost");
    Certificate("ca", "alice", "/CN=alice", "subjectAltName=DNS:mallory");
    RpcOptions options = Options();
    options.unix_path.clear();
    options.tls_address = "127.0.0.1:0";
    options.certificate_file = PathOf("server.pem");
    options.key_file = PathOf("server.key");
    options.client_ca_file = PathOf("ca.pem");
    Start(options);
  }

  static void Run(const std::string& command) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe, cert-env33-c): one thread, words of the test's own
    ASSERT_EQ(std::system((command + " >/dev/null 2>&1").c_str()), 0) << command;
  }
  void Authority(const std::string& name) {
    Run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=" +
        name + " -keyout " + PathOf(name + ".key") + " -out " + PathOf(name + ".pem"));
  }
  void Certificate(const std::string& ca, const std::string& name, const std::string& subject,
                   const std::string& extension) {
    const std::string extensions = PathOf(name + ".ext");
    std::ofstream(extensions) << extension << '\n';
    Run("openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj " + subject +
        " -keyout " + PathOf(name + ".key") + " -out " + PathOf(name + ".csr"));
    Run("openssl x509 -req -days 2 -CAcreateserial -in " + PathOf(name + ".csr") + " -CA " +
        PathOf(ca + ".pem") + " -CAkey " + PathOf(ca + ".key") + " -extfile " + extensions +
        " -out " + PathOf(name + ".pem"));
  }
  std::string Text(const std::string& name) const {
    std::ifstream file(PathOf(name));
    return {(std::istreambuf_iterator<char>(file)), {}};
  }
  // As the owner of certificate `name`; of none if empty.
  std::shared_ptr<grpc::Channel> ConnectAs(const std::string& name) {
    grpc::SslCredentialsOptions tls;
    tls.pem_root_certs = Text("ca.pem");
    if (!name.empty()) {
      tls.pem_cert_chain = Text(name + ".pem");
      tls.pem_private_key = Text(name + ".key");
    }
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(server_->tcp_port()),
                                     grpc::SslCredentials(tls), arguments);
  }
  static grpc::Status ListStreams(const std::shared_ptr<grpc::Channel>& channel,
                                  v1::ListStreamsResponse* list) {
    grpc::ClientContext context;
    Deadline(&context);
    return v1::Admin::NewStub(channel)->ListStreams(&context, {}, list);
  }
};

TEST_F(TlsTest, WhoHasACertificateIsKnownByItsName) {
  Grants(EverythingTo("cn:alice"));
  v1::ListStreamsResponse list;
  const grpc::Status status = ListStreams(ConnectAs("alice"), &list);
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(list.streams_size(), 1);
  const AuditRecord record = audit_->records().back();
  EXPECT_EQ(record.who, "cn:alice");
  EXPECT_THAT(record.from, HasSubstr("127.0.0.1"));
}

// The common name counts, and no other name that stands in the certificate.
TEST_F(TlsTest, AnAlternativeNameDoesNotStandInForTheName) {
  Grants(EverythingTo("cn:mallory"));
  v1::ListStreamsResponse list;
  EXPECT_EQ(ListStreams(ConnectAs("alice"), &list).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(TlsTest, ACertificateOfSomebodyElsesAuthorityIsNone) {
  Grants(EverythingTo("cn:alice"));
  Authority("other");
  Certificate("other", "forged", "/CN=alice", "subjectAltName=DNS:alice");
  v1::ListStreamsResponse list;
  EXPECT_EQ(ListStreams(ConnectAs("forged"), &list).error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(ListStreams(ConnectAs(""), &list).error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(TlsTest, OlderVersionsOfTlsAreTurnedAway) {
  signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to a connection that was closed
  Grants(EverythingTo("cn:alice"));
  const auto shakes_hands = [&](int version) {
    const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(
        SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
    SSL_CTX_set_max_proto_version(context.get(), version);
    SSL_CTX_use_certificate_chain_file(context.get(), PathOf("alice.pem").c_str());
    SSL_CTX_use_PrivateKey_file(context.get(), PathOf("alice.key").c_str(), SSL_FILETYPE_PEM);
    constexpr unsigned char kH2[] = {2, 'h', '2'};
    SSL_CTX_set_alpn_protos(context.get(), kH2, sizeof kH2);
    const std::unique_ptr<SSL, decltype(&SSL_free)> tls(SSL_new(context.get()), &SSL_free);
    const SocketFd fd = ConnectTcp(server_->tcp_port());
    SSL_set_fd(tls.get(), fd.get());
    return SSL_connect(tls.get()) == 1;
  };
  EXPECT_FALSE(shakes_hands(TLS1_2_VERSION));
  EXPECT_TRUE(shakes_hands(TLS1_3_VERSION));
}

TEST_F(TlsTest, WhatTakesFootageAwayNeedsAPurpose) {
  Grants(EverythingTo("cn:alice"));
  const auto channel = ConnectAs("alice");
  Append(*channel, "gate", 50);
  EXPECT_TRUE(store().WaitIdle(seconds(20)).ok());
  const auto playback = v1::Playback::NewStub(channel);
  const auto export_with = [&](const v1::Purpose& purpose) {
    v1::ExportRequest request;
    request.set_stream("gate");
    request.mutable_range()->set_begin_ns(kBegin.ns);
    request.mutable_range()->set_end_ns(TimeOf(50).ns);
    *request.mutable_purpose() = purpose;
    grpc::ClientContext context;
    Deadline(&context);
    const auto reader = playback->Export(&context, request);
    v1::ExportResponse response;
    while (reader->Read(&response)) {
    }
    return reader->Finish();
  };
  const auto read = [&](Duration length) {
    v1::ReadRequest request;
    request.set_stream("gate");
    request.mutable_range()->set_begin_ns(kBegin.ns);
    request.mutable_range()->set_end_ns((kBegin + length).ns);
    grpc::ClientContext context;
    Deadline(&context);
    const auto reader = playback->Read(&context, request);
    v1::ReadResponse response;
    while (reader->Read(&response)) {
    }
    return reader->Finish();
  };
  EXPECT_THAT(export_with({}).error_message(), HasSubstr("purpose, requester, performer"));
  v1::Purpose purpose;
  purpose.set_purpose("theft");
  purpose.set_requester("police");
  purpose.set_performer("alice");
  EXPECT_EQ(export_with(purpose).error_code(), grpc::StatusCode::PERMISSION_DENIED);
  purpose.set_case_number("7");
  EXPECT_TRUE(export_with(purpose).ok());
  EXPECT_TRUE(read(seconds(60)).ok());
  EXPECT_EQ(read(seconds(61)).error_code(), grpc::StatusCode::PERMISSION_DENIED);
  v1::ThumbnailRequest thumbnail;
  thumbnail.set_stream("gate");
  thumbnail.set_time_ns(TimeOf(5).ns);
  v1::ThumbnailResponse picture;
  grpc::ClientContext context;
  Deadline(&context);
  EXPECT_EQ(playback->Thumbnail(&context, thumbnail, &picture).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
}

class PlainTest : public RpcTest {};

TEST_F(PlainTest, WithoutTlsOnlyLoopbackAndLoudly) {
  RpcOptions options = Options();
  options.unix_path.clear();
  options.plain_address = "0.0.0.0:0";
  EXPECT_EQ(RpcServer::Start(options).status().code(), Code::kInvalidArgument);
  options.plain_address = "127.0.0.1:0";
  Start(options);
  EXPECT_THAT(log_, testing::Contains(HasSubstr("WITHOUT TLS")));
  Grants(EverythingTo("loopback"));
  const auto channel = grpc::CreateChannel("127.0.0.1:" + std::to_string(server_->tcp_port()),
                                           grpc::InsecureChannelCredentials());
  grpc::ClientContext context;
  Deadline(&context);
  v1::ListStreamsResponse list;
  EXPECT_TRUE(v1::Admin::NewStub(channel)->ListStreams(&context, {}, &list).ok());
}

TEST_F(PlainTest, MistakesInTheOptionsAreNamed) {
  RpcOptions options = Options();
  options.unix_path.clear();
  EXPECT_EQ(RpcServer::Start(options).status().code(), Code::kInvalidArgument);
  options.tls_address = "localhost:1";
  EXPECT_THAT(RpcServer::Start(options).status().message(), HasSubstr("localhost:1"));
  options.tls_address = "127.0.0.1:0";
  options.certificate_file = PathOf("nothing.pem");
  EXPECT_THAT(RpcServer::Start(options).status().message(), HasSubstr("nothing.pem"));
}

}  // namespace
}  // namespace reel::server

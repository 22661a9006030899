// The Unix socket itself: whose it is, and what was left of another one.
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "tests/rpc/rpc_fixture.h"
#include "tests/rpc/sockets.h"

namespace reel::server {
namespace {

using testing::HasSubstr;

class SocketTest : public RpcTest {};

TEST_F(SocketTest, TheSocketBelongsToOneProcessAndItsGroup) {
  Start();
  struct stat info {};
  ASSERT_EQ(stat(SocketPath().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0660U);
  RpcOptions options = Options();
  EXPECT_THAT(RpcServer::Start(options).status().message(), HasSubstr("another process listens"));
  server_.reset();
  EXPECT_NE(stat(SocketPath().c_str(), &info), 0);
}

TEST_F(SocketTest, WhatADeadProcessLeftIsRemoved) {
  {
    const SocketFd dead(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = SocketPath();
    std::memcpy(address.sun_path, path.data(), path.size());
    ASSERT_EQ(bind(dead.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    // One that listens without our lock is somebody's all the same.
    ASSERT_EQ(listen(dead.get(), 1), 0);
    EXPECT_EQ(RpcServer::Start(Options()).status().code(), Code::kFailedPrecondition);
  }
  Start();
  EXPECT_TRUE(ConnectPath(SocketPath()).valid());
}

TEST_F(SocketTest, AFileThatIsNoSocketStays) {
  std::ofstream(SocketPath()) << "mine";
  EXPECT_EQ(RpcServer::Start(Options()).status().code(), Code::kFailedPrecondition);
  EXPECT_TRUE(std::filesystem::exists(SocketPath()));
}

// The end of one connection is not taken for the end of the next, which has its number.
TEST_F(SocketTest, ConnectionsThatFollowEachOtherAreToldApart) {
  Start();
  for (int i = 0; i < 200; ++i) {
    grpc::ClientContext context;
    Deadline(&context);
    v1::ListStreamsResponse response;
    const grpc::Status status = v1::Admin::NewStub(Connect())->ListStreams(&context, {}, &response);
    // Its own word, and no connection that broke.
    ASSERT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED)
        << i << ": " << status.error_message();
  }
}

// Each has a gRPC server, and they share what bounds gRPC.
TEST_F(SocketTest, ManyUsersAreServed) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can be many users";
  constexpr uint32_t kFirst = 60'000;
  constexpr uint32_t kUsers = 64;
  Start();
  std::filesystem::permissions(root_, std::filesystem::perms::all);
  std::filesystem::permissions(SocketPath(), std::filesystem::perms::all);
  for (uint32_t uid = kFirst; uid < kFirst + kUsers; ++uid) {
    SocketFd fd;
    // Of this thread alone: the kernel notes who it was when it connected.
    std::thread([&] {
      ASSERT_EQ(syscall(SYS_setresuid, -1, uid, -1), 0);
      fd = ConnectPath(SocketPath());
    }).join();
    ASSERT_TRUE(fd.valid()) << uid;
    const std::string settings("\0\0\0\x04\0\0\0\0\0", 9);
    ASSERT_TRUE(SendAll(fd, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + settings));
    char answer = 0;
    EXPECT_EQ(recv(fd.get(), &answer, 1, 0), 1) << uid << " is not served";
  }
}

}  // namespace
}  // namespace reel::server

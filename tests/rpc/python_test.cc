// The example in Python (client.py), run as it stands: what is written for users works.
#include "tests/rpc/rpc_fixture.h"

namespace reel::server {
namespace {

class PythonTest : public RpcTest {};

TEST_F(PythonTest, TheExampleAppendsSeeksAndExports) {
  Grants(EverythingTo(Me()));
  Start();
  const std::string source = REEL_SOURCE_DIR;
  // Debian's own: the packages of grpcio are there.
  const std::string command =
      "TMPDIR=" + root_.string() + " PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 " + source +
      "/tests/rpc/client.py " + source + "/server/proto unix:" + SocketPath() + " " + source +
      "/tests/data/media/m26x-input-30-240p-vp-sps-pps.h264 " + PathOf("out.mp4");
  // NOLINTNEXTLINE(concurrency-mt-unsafe, cert-env33-c): words of the test's own
  EXPECT_EQ(std::system(command.c_str()), 0);
  EXPECT_EQ(audit_->Count("reel.v1.Playback/Export", "ended: OK"), 1U);
}

}  // namespace
}  // namespace reel::server

// UDP and TLS, against a camera played by the test.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <filesystem>

#include "server/rtsp/text.h"
#include "tests/ingest/ingest_fixture.h"
#include "tests/ingest/scripted_camera.h"
#include "tests/ingest/tls_front.h"

namespace reel::server {
namespace {

class UdpTest : public IngestTest {
 protected:
  void SendTo(uint16_t port, ByteSpan bytes) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(port);
    sendto(socket_.get(), bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(&to),
           sizeof to);
  }

  ScriptedCamera camera_;
  UniqueFd socket_{socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  PictureMaker pictures_;
};

TEST_F(UdpTest, DatagramsArePutInOrderAndGarbageIsPassedOver) {
  StartCameras();
  CameraConfig config = CameraAt("door", camera_.url());
  config.transport = Transport::kUdp;
  Apply({config});
  auto visitor = camera_.Accept();
  ASSERT_TRUE(visitor);
  visitor->Next();
  visitor->Answer(200);
  visitor->Next();
  visitor->Answer(200, "", kOnePicture);
  const Request setup = visitor->Next();
  std::string_view ports =
      FindParameter(setup.headers.Find("Transport").value_or(""), "client_port");
  const uint16_t port = ParseNumber<uint16_t>(TakeUntil(&ports, '-')).value_or(0);
  ASSERT_NE(port, 0);
  EXPECT_EQ(port % 2, 0);
  // Before SETUP is answered, when no track is there to take it.
  SendTo(port, pictures_.Next());
  SendTo(static_cast<uint16_t>(port + 1), AsBytes("no report"));
  visitor->Answer(200,
                  "Session: 1\r\nTransport: RTP/AVP;unicast;client_port=1-2;server_port=3-4\r\n");
  visitor->Next();
  visitor->Answer(200);
  EXPECT_TRUE(AwaitState("door", SourceState::kConnecting));

  // Until the first one is there: UDP promises nothing, and the one sent too early counts for none.
  std::vector<Bytes> sent;
  EXPECT_TRUE(Await([&] {
    SendTo(port, pictures_.Next());
    sent.push_back(pictures_.last_unit());
    return !Read("door").units.empty();
  }));
  const size_t known = sent.size();
  std::vector<Bytes> packets;
  for (int i = 0; i < 30; ++i) {
    packets.push_back(pictures_.Next());
    sent.push_back(pictures_.last_unit());
  }
  for (size_t i = 0; i + 2 < packets.size(); i += 3) std::swap(packets[i], packets[i + 2]);
  for (const Bytes& packet : packets) {
    SendTo(port, packet);
    SendTo(port, packet);
    SendTo(port, AsBytes("garbage"));
    SendTo(port, {});
  }
  const Recorded recorded = ReadWhen("door", 30 + 1);
  EXPECT_TRUE(Await([&] { return Read("door").Contents().back() == sent.back(); }));
  const std::vector<Bytes> got = Read("door").Contents();
  ASSERT_GE(got.size(), size_t{30});
  EXPECT_TRUE(std::equal(got.rbegin(), got.rbegin() + 30, sent.rbegin()));
  EXPECT_GT(sent.size(), known);
}

class TlsTest : public IngestTest {
 protected:
  void Record(const CameraConfig& config) {
    Apply({config});
    auto visitor = camera_.Accept();
    ASSERT_TRUE(visitor);
    visitor->Play(kOnePicture);
    std::vector<Bytes> sent;
    for (int i = 0; i < 200; ++i) {
      visitor->Frame(0, pictures_.Next());
      sent.push_back(pictures_.last_unit());
    }
    EXPECT_EQ(ReadWhen(config.name, sent.size()).Contents(), sent);
  }

  ScriptedCamera camera_;
  PictureMaker pictures_;
};

TEST_F(TlsTest, RecordsACameraItsCertificateNames) {
  const TlsFront front(camera_.port(), "127.0.0.1", folder_ / "ca.pem");
  StartCameras();
  CameraConfig config = CameraAt("door", front.url());
  config.ca_file = folder_ / "ca.pem";
  Record(config);
  cameras_.reset();
}

TEST_F(TlsTest, RefusesOneItDoesNotTrust) {
  const TlsFront front(camera_.port(), "127.0.0.1", folder_ / "ca.pem");
  StartCameras();
  Apply({CameraAt("door", front.url())});
  EXPECT_TRUE(AwaitTrouble("door", "the camera's certificate"));
  EXPECT_FALSE(camera_.Accept(0)) << "not a byte of RTSP was said";
  cameras_.reset();
}

TEST_F(TlsTest, RefusesOneOfAnotherName) {
  const TlsFront front(camera_.port(), "127.0.0.2", folder_ / "ca.pem");
  StartCameras();
  CameraConfig config = CameraAt("door", front.url());
  config.ca_file = folder_ / "ca.pem";
  Apply({config});
  EXPECT_TRUE(AwaitTrouble("door", "the camera's certificate"));
  EXPECT_FALSE(camera_.Accept(0));
  cameras_.reset();
}

// The file lies on a disk that hangs, say: cameras of the same loop are recorded all the same.
TEST_F(TlsTest, AFileOfCertificatesThatBlocksHoldsUpItsCameraAlone) {
  const std::string fifo = folder_ / "ca.pem";
  ASSERT_EQ(mkfifo(fifo.c_str(), S_IRUSR | S_IWUSR), 0);
  StartCameras();
  CameraConfig stuck = CameraAt("stuck", camera_.url());
  stuck.sources[0].url.replace(0, 4, "rtsps");
  stuck.ca_file = fifo;
  Apply({stuck});
  {
    // Opens when the other end is being opened, which waits for something to read from then on.
    const UniqueFd writer(open(fifo.c_str(), O_WRONLY | O_CLOEXEC));
    ASSERT_TRUE(writer.valid());
    std::filesystem::remove(fifo);  // it is asked for again
    const CameraConfig door = CameraAt("door", camera_.url());
    Apply({stuck, door});
    auto visitor = camera_.Accept();
    ASSERT_TRUE(visitor);
    visitor->Play(kOnePicture);
    for (int i = 0; i < 3; ++i) visitor->Frame(0, pictures_.Next());
    EXPECT_TRUE(AwaitState("door", SourceState::kRecording));
  }
  EXPECT_TRUE(AwaitTrouble("stuck", "no certificates can be read"));
  cameras_.reset();
}

TEST_F(TlsTest, ACameraWithoutTlsIsNoTlsCamera) {
  StartCameras();
  CameraConfig config = CameraAt("door", camera_.url());
  config.sources[0].url.replace(0, 4, "rtsps");
  Apply({config});
  auto visitor = camera_.Accept();
  ASSERT_TRUE(visitor);
  visitor->Send("RTSP/1.0 200 OK\r\n\r\n");
  EXPECT_TRUE(AwaitTrouble("door", "TLS"));
}

}  // namespace
}  // namespace reel::server

#include "tests/ingest/peer_camera.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <utility>

#include "engine/media/nal.h"
#include "engine/media/nal_types.h"
#include "server/rtsp/text.h"

namespace reel::server {

PeerCamera::PeerCamera(const std::vector<std::string>& arguments, uint16_t port,
                       const std::string& address)
    : address_(address) {
  int in[2];
  int out[2];
  EXPECT_EQ(pipe2(in, O_CLOEXEC), 0);
  EXPECT_EQ(pipe2(out, O_CLOEXEC), 0);
  std::vector<std::string> words{REEL_TEST_CAMERA, std::to_string(port)};
  words.insert(words.end(), arguments.begin(), arguments.end());
  words.insert(words.end(), {"--address", address});
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_ = fork();
  if (pid_ == 0) {
    dup2(in[0], STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    execv(argv[0], argv.data());
    _exit(127);
  }
  close(in[0]);
  close(out[1]);
  input_ = UniqueFd(in[1]);
  const UniqueFd output(out[0]);
  std::string line;
  char c = 0;
  while (read(output.get(), &c, 1) == 1 && c != '\n') line += c;
  const std::string_view said = line;
  const auto number = ParseNumber<uint16_t>(said.substr(std::min<size_t>(5, said.size())));
  EXPECT_TRUE(number) << "it said: " << line;
  port_ = number.value_or(0);
}

void PeerCamera::Kill() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(std::exchange(pid_, -1), nullptr, 0);
}

std::string FilePath(const std::string& name) {
  return std::string(REEL_SOURCE_DIR) + "/tests/data/media/" + name;
}

bool IsSlice(Codec codec, ByteSpan nal) {
  if (codec == Codec::kH265) return H265NalType(nal) <= H265Nal::kLastVcl;
  return H264NalType(nal) == H264Nal::kSlice || H264NalType(nal) == H264Nal::kIdrSlice;
}

std::vector<Bytes> Slices(Codec codec, const std::vector<Bytes>& units) {
  std::vector<Bytes> slices;
  for (const Bytes& unit : units) {
    const NalList nals = SplitNals(unit, NalFraming::kLength4).value();
    for (const ByteSpan nal : nals) {
      if (IsSlice(codec, nal)) slices.emplace_back(nal.begin(), nal.end());
    }
  }
  return slices;
}

bool StandsIn(const std::vector<Bytes>& got, const std::vector<Bytes>& sent) {
  // Files repeat slices, so every place that looks like the beginning is tried.
  bool found = false;
  for (size_t begin = 0; begin < sent.size() && !found; ++begin) {
    found = true;
    for (size_t i = 0; i < got.size() && found; ++i) {
      found = got[i] == sent[(begin + i) % sent.size()];
    }
  }
  return found;
}

}  // namespace reel::server

#include "engine/av/picture_decoder.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <utility>

namespace reel {
namespace {

using MonoClock = std::chrono::steady_clock;

constexpr size_t kMaxAnswerBytes =
    sizeof(AnswerHead) + size_t{kMaxImageSide} * kMaxImageSide * 3 / 2;

// A child and the one socket to its standard input and output. The destructor leaves no process and
// no zombie.
class ChildProcess {
 public:
  ChildProcess() = default;
  ~ChildProcess() {
    if (pid_ > 0) (void)Reap();
    CloseSocket();
  }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  Status Start(const std::vector<std::string>& command) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
      return Status::FromErrno(errno, "talk to a decoder");
    }
    socket_ = ends[0];
    const int failed = Spawn(command, ends[1]);
    close(ends[1]);
    if (failed != 0) return Status(Code::kUnavailable, "no decoder could be started", failed);
    return OkStatus();
  }

  int socket() const { return socket_; }

  // Ends it, if it has not ended. The wait status.
  int Reap() {
    kill(pid_, SIGKILL);
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return status;
  }

 private:
  int Spawn(const std::vector<std::string>& command, int theirs) {
    std::vector<char*> arguments;
    arguments.reserve(command.size() + 1);
    for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    char* no_environment[] = {nullptr};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, theirs, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, theirs, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    const int failed =
        posix_spawn(&pid_, arguments[0], &actions, nullptr, arguments.data(), no_environment);
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) pid_ = -1;
    return failed;
  }

  void CloseSocket() {
    if (socket_ >= 0) close(socket_);
    socket_ = -1;
  }

  pid_t pid_ = -1;
  int socket_ = -1;
};

// Sends the job and takes the answer, both bounded, until `deadline`.
class Exchange {
 public:
  Exchange(int socket, ByteSpan job, MonoClock::time_point deadline)
      : socket_(socket), job_(job), deadline_(deadline) {}

  // False: the time is over.
  Result<bool> Run() {
    while (!answered_) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - MonoClock::now());
      if (left.count() <= 0) return false;
      pollfd ready{socket_,
                   static_cast<decltype(pollfd::events)>(POLLIN | (sending_ ? POLLOUT : 0)), 0};
      const int count = poll(&ready, 1, static_cast<int>(std::min<int64_t>(left.count(), 1000)));
      if (count < 0 && errno != EINTR) return Status::FromErrno(errno, "talk to a decoder");
      if (count <= 0) continue;
      if ((ready.revents & POLLOUT) != 0) Send();
      if ((ready.revents & (POLLIN | POLLHUP | POLLERR)) != 0) Receive();
    }
    return true;
  }

  const Bytes& answer() const { return answer_; }

 private:
  void Send() {
    const ssize_t put = send(socket_, job_.data(), job_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (put > 0) job_ = job_.subspan(static_cast<size_t>(put));
    const bool gone = put < 0 && errno != EINTR && errno != EAGAIN;
    if (!gone && !job_.empty()) return;
    sending_ = false;
    shutdown(socket_, SHUT_WR);
  }

  void Receive() {
    constexpr size_t kPieceBytes = 256U << 10;
    const size_t had = answer_.size();
    answer_.resize(had + kPieceBytes);
    const ssize_t got = recv(socket_, answer_.data() + had, kPieceBytes, MSG_DONTWAIT);
    answer_.resize(had + (got > 0 ? static_cast<size_t>(got) : 0));
    const bool waits = got < 0 && (errno == EINTR || errno == EAGAIN);
    // One that says more than it may is not listened to.
    answered_ = (got <= 0 && !waits) || answer_.size() > kMaxAnswerBytes;
  }

  const int socket_;
  ByteSpan job_;
  const MonoClock::time_point deadline_;
  Bytes answer_;
  bool sending_ = true;
  bool answered_ = false;
};

Status HowItEnded(int wait_status, Duration wall_time) {
  const std::string seconds =
      std::to_string(std::chrono::duration_cast<std::chrono::seconds>(wall_time).count()) + " s";
  if (WIFEXITED(wait_status)) {
    return DataLoss("the decoder ended without an answer, with exit code " +
                    std::to_string(WEXITSTATUS(wait_status)));
  }
  switch (WTERMSIG(wait_status)) {
    case SIGXCPU:
      return Status(Code::kDeadlineExceeded, "the picture takes more than " + seconds +
                                                 " of the processor to decode; it was given up");
    case SIGSYS:
      return DataLoss("the units made the decoder do what it may not, and it was stopped");
    case SIGABRT:
    case SIGKILL:
      return ResourceExhausted("the decoder ran out of the memory one picture is given");
    default:
      return DataLoss("the units broke the decoder (signal " +
                      std::to_string(WTERMSIG(wait_status)) + "), which was confined");
  }
}

}  // namespace

Result<PictureAnswer> PictureDecoder::Decode(const PictureJob& job) const {
  REEL_ASSIGN_OR_RETURN(const Bytes bytes, EncodeJob(job));
  ChildProcess child;
  REEL_RETURN_IF_ERROR(child.Start(options_.command));
  Exchange exchange(child.socket(), bytes, MonoClock::now() + options_.wall_time);
  REEL_ASSIGN_OR_RETURN(const bool in_time, exchange.Run());
  const int wait_status = child.Reap();
  if (!in_time) {
    return Status(Code::kDeadlineExceeded, "the picture was not decoded in time; it was given up");
  }
  if (exchange.answer().empty()) return HowItEnded(wait_status, options_.wall_time);
  return DecodeAnswer(exchange.answer(), job.units.size());
}

}  // namespace reel

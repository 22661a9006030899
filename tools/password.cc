#include "tools/password.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "engine/io/unique_fd.h"
#include "server/config/config_file.h"

namespace reel {
namespace {

// Up to the end, or with `line` to the end of one.
Result<std::string> ReadSecret(int fd, const std::string& name, bool line) {
  std::string text;
  char c = 0;
  while (text.size() <= server::kMaxSecretBytes) {
    const ssize_t got = read(fd, &c, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Status::FromErrno(errno, name);
    if (got == 0 || (line && c == '\n')) break;
    text += c;
  }
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  if (text.empty()) return InvalidArgument(name + " holds no password");
  if (text.size() > server::kMaxSecretBytes) {
    return InvalidArgument(name + " is longer than " + std::to_string(server::kMaxSecretBytes) +
                           " bytes");
  }
  return text;
}

Result<std::string> FromFile(const std::string& path) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return Status::FromErrno(errno, path);
  struct stat about {};
  if (fstat(fd.get(), &about) != 0) return Status::FromErrno(errno, path);
  if (S_ISREG(about.st_mode) && (about.st_mode & S_IRWXO) != 0) {
    return InvalidArgument(path + " can be read by everybody: 'chmod o= " + path + "'");
  }
  return ReadSecret(fd.get(), path, false);
}

// The terminal does not show what is typed while this lives.
class Unseen {
 public:
  explicit Unseen(int fd) : fd_(fd) {
    if (tcgetattr(fd_, &before_) != 0) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    set_ = tcsetattr(fd_, TCSAFLUSH, &quiet) == 0;
  }
  ~Unseen() {
    if (set_) tcsetattr(fd_, TCSAFLUSH, &before_);
  }
  Unseen(const Unseen&) = delete;
  Unseen& operator=(const Unseen&) = delete;
  bool set() const { return set_; }

 private:
  int fd_;
  termios before_{};
  bool set_ = false;
};

Result<std::string> Typed(const std::string& user) {
  const UniqueFd terminal(open("/dev/tty", O_RDWR | O_CLOEXEC));
  const Unseen unseen(terminal.get());
  if (!terminal.valid() || !unseen.set()) {
    return InvalidArgument("there is no terminal to ask for the password of '" + user +
                           "': give --password-file FILE");
  }
  const std::string question = "Password of " + user + " at the camera: ";
  if (write(terminal.get(), question.data(), question.size()) < 0) {
    return Status::FromErrno(errno, "the terminal");
  }
  Result<std::string> text = ReadSecret(terminal.get(), "what was typed", true);
  if (write(terminal.get(), "\n", 1) < 0) return Status::FromErrno(errno, "the terminal");
  return text;
}

}  // namespace

Result<server::Secret> AskPassword(const std::string& user, const std::string& file) {
  if (user.empty()) {
    if (!file.empty()) return InvalidArgument("--password-file needs --user");
    return server::Secret();
  }
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody sets variables here
  const char* named = std::getenv("REEL_CAMERA_PASSWORD_FILE");
  const std::string path = !file.empty() || named == nullptr ? file : named;
  REEL_ASSIGN_OR_RETURN(std::string text, path.empty() ? Typed(user) : FromFile(path));
  return server::Secret(std::move(text));
}

}  // namespace reel

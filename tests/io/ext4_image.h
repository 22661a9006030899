// Ext4Image: an ext4 file system in a file, on a loop device, that can lose its power: the file
// system is shut down without flushing its journal (EXT4_IOC_SHUTDOWN), so that what was not synced
// is gone when it is mounted again. The mount is gone with its owner: unmounted by the destructor,
// and seen by this process and its children alone, so that the kernel lets it go when they die.
// Needs root, a loop device and mkfs.ext4.
// Thread rule: one thread.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "engine/io/unique_fd.h"
#include "tests/io/temp_directory.h"

namespace reel {

class Ext4Image {
 public:
  explicit Ext4Image(off_t image_bytes) : lacks_(Make(image_bytes)) {}
  ~Ext4Image() { Unmount(MNT_DETACH); }
  Ext4Image(const Ext4Image&) = delete;
  Ext4Image& operator=(const Ext4Image&) = delete;

  // What this machine has not got; "" when the file system is there.
  const std::string& lacks() const { return lacks_; }
  const std::string& path() const { return mount_point_.path(); }

  bool Mount() {
    mounted_ = Run({"mount", "-o", "loop,commit=600", image_, path()});
    return mounted_;
  }
  // False while something is open in it.
  bool Unmount(int flags = 0) {
    if (!mounted_ || umount2(path().c_str(), flags) != 0) return !mounted_;
    mounted_ = false;
    return true;
  }
  bool CutPower() const {
    constexpr uint64_t kShutdownRequest = _IOR('X', 125, uint32_t);  // EXT4_IOC_SHUTDOWN
    uint32_t flags = 2;                                              // without flushing the journal
    const UniqueFd root(open(path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return ioctl(root.get(), kShutdownRequest, &flags) == 0;
  }

 private:
  std::string Make(off_t image_bytes) {
    if (geteuid() != 0) return "this needs root";
    // Once: threads that outlive an image (those of libraries) must see the next one.
    static const bool private_mounts =
        unshare(CLONE_NEWNS) == 0 &&
        mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
    if (!private_mounts) return "this needs a mount namespace of its own (CAP_SYS_ADMIN)";
    const UniqueFd image(open(image_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    EXPECT_EQ(ftruncate(image.get(), image_bytes), 0);
    if (!Run({"mkfs.ext4", "-q", "-F", "-m", "0", image_})) return "this needs mkfs.ext4";
    return Mount() ? "" : "this needs a loop device to mount";
  }
  static bool Run(std::vector<std::string> words) {
    std::vector<char*> arguments;
    arguments.reserve(words.size() + 1);
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_t child = 0;
    if (posix_spawnp(&child, arguments[0], nullptr, nullptr, arguments.data(), environ) != 0) {
      return false;
    }
    int status = 0;
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }

  TempDirectory directory_;
  TempDirectory mount_point_;
  const std::string image_ = directory_.PathOf("image");
  bool mounted_ = false;
  const std::string lacks_;  // the last member: made with the others
};

}  // namespace reel

#include "model/child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>

extern char** environ;  // NOLINT: POSIX gives it so

namespace cityloom::model {
namespace {

using base::Code;
using base::fail;
using Steady = std::chrono::steady_clock;

constexpr size_t line_bytes_max = 64u << 10;
constexpr int look_every_ms = 100;
constexpr int end_look_ms = 5;

/// A process that has been started, and the end of its output that we read.
struct Child {
  pid_t process = -1;
  int output = -1;
};

base::Result<Child> start(const std::vector<std::string>& words, const std::string& complaints_path) {
  int ends[2] = {-1, -1};
  if (pipe2(ends, O_CLOEXEC) != 0) return fail(Code::unavailable, std::string("no pipe: ") + std::strerror(errno));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
  posix_spawn_file_actions_addopen(&actions, 2, complaints_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);  // sockets of the hub are no business of its
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  // Signals that we hold back are no business of the child's.
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  Child child;
  const int problem = posix_spawnp(&child.process, arguments[0], &actions, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  if (problem != 0) {
    close(ends[0]);
    return fail(Code::unavailable, std::string("cannot be started: ") + std::strerror(problem), words[0]);
  }
  child.output = ends[0];
  return child;
}

/// Cuts what comes into lines.
class Lines {
 public:
  explicit Lines(const std::function<void(std::string_view)>& heard) : heard_(heard) {}

  void take(std::string_view bytes) {
    for (const char byte : bytes) {
      if (byte == '\n') {
        heard_(line_);
        line_.clear();
      } else if (line_.size() < line_bytes_max) {
        line_.push_back(byte);
      }
    }
  }

 private:
  const std::function<void(std::string_view)>& heard_;
  std::string line_;
};

/// Reads some of the output, waiting a moment for it; false: it is closed.
bool read_some(int output, Lines& lines) {
  pollfd look{output, POLLIN, 0};
  if (poll(&look, 1, look_every_ms) <= 0) return true;
  char bytes[4096];
  const ssize_t count = read(output, bytes, sizeof bytes);
  if (count > 0) lines.take({bytes, static_cast<size_t>(count)});
  return count > 0 || (count < 0 && (errno == EINTR || errno == EAGAIN));
}

base::Status status_of(int status) {
  if (WIFSIGNALED(status))
    return fail(Code::internal, std::string("the model's process ended by signal ") + strsignal(WTERMSIG(status)), "",
                "see the log in the run's folder; nothing else was touched");
  if (const int code = WEXITSTATUS(status); code != 0)
    return fail(Code::internal, "the model's process ended with code " + std::to_string(code), "",
                "see the log in the run's folder; nothing else was touched");
  return {};
}

}  // namespace

base::Status run_child(const std::vector<std::string>& words, const std::string& complaints_path,
                       const ChildLimits& limits, const std::function<void(std::string_view)>& heard,
                       const std::function<bool()>& wanted) {
  const auto child = start(words, complaints_path);
  if (!child) return child.error();
  const auto deadline = Steady::now() + std::chrono::seconds(limits.seconds_max);
  std::optional<Steady::time_point> killed_at;
  base::Status ended_by;
  Lines lines(heard);
  const auto end = [&](base::Error why) {
    ended_by = std::move(why);
    kill(-child->process, SIGTERM);
    killed_at = Steady::now() + std::chrono::milliseconds(limits.grace_ms);
  };
  int status = 0;
  bool is_open = true;
  while (true) {
    if (is_open) is_open = read_some(child->output, lines);
    const pid_t ended = waitpid(child->process, &status, WNOHANG);
    if (ended == child->process) break;
    if (ended < 0 && errno == ECHILD) {  // somebody else took it: what came of it lies in its folder
      status = 0;
      break;
    }
    if (!is_open) poll(nullptr, 0, end_look_ms);  // it is about to end
    const auto now = Steady::now();
    if (killed_at) {
      if (now > *killed_at) kill(-child->process, SIGKILL);
    } else if (!wanted()) {
      end(fail(Code::cancelled, "it was dismissed"));
    } else if (now > deadline) {
      end(fail(Code::timeout, "the run took longer than " + std::to_string(limits.seconds_max) + " s", "",
               "ask for a smaller area, coarser cells or a shorter time"));
    }
  }
  while (is_open && read_some(child->output, lines)) {
    pollfd look{child->output, POLLIN, 0};
    if (poll(&look, 1, 0) <= 0) break;  // a grandchild may hold it open
  }
  close(child->output);
  kill(-child->process, SIGKILL);  // what it may have started
  return ended_by.ok() ? status_of(status) : ended_by;
}

}  // namespace cityloom::model

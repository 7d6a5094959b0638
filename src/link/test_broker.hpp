// A Mosquitto of our own for tests and benchmarks: own port, own folder, ended by its process id.
#pragma once

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <string>

namespace cityloom::link::testing {

/// Where the broker's program is; "" if it is not installed.
inline std::string broker_program() {
  for (const char* path : {"/usr/sbin/mosquitto", "/usr/bin/mosquitto", "/usr/local/sbin/mosquitto"}) {
    if (access(path, X_OK) == 0) return path;
  }
  return {};
}

/// A port that nobody listens on.
inline int free_port() {
  const int handle = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* any = reinterpret_cast<sockaddr*>(&address);
  const bool is_bound = bind(handle, any, size) == 0 && getsockname(handle, any, &size) == 0;
  close(handle);
  return is_bound ? ntohs(address.sin_port) : 0;
}

/// A broker that keeps its sessions in `folder`; `more` is added to its configuration.
class Broker {
 public:
  Broker(std::string folder, std::string more) : folder_(std::move(folder)), port(free_port()) {
    std::ofstream(folder_ + "/broker.conf")
        << "listener " << port << " 127.0.0.1\npersistence true\n"
        << "persistence_location " << folder_
        << "/\nlog_dest stderr\nlog_type information\nconnection_messages false\nuser root\n"

        << more;
    start();
  }
  ~Broker() { stop(SIGTERM); }

  /// Starts it, and waits until it says that it listens.
  void start() {
    int said[2] = {-1, -1};
    if (pipe2(said, O_CLOEXEC) != 0) return;
    const std::string program = broker_program();
    const std::string file = folder_ + "/broker.conf";
    process_ = fork();
    if (process_ == 0) {
      const int nowhere = open("/dev/null", O_WRONLY);
      dup2(nowhere, STDOUT_FILENO);
      dup2(said[1], STDERR_FILENO);
      execl(program.c_str(), program.c_str(), "-c", file.c_str(), nullptr);
      _exit(127);
    }
    close(said[1]);
    std::string text;
    char piece[256];
    for (ssize_t got = 1; got > 0 && text.find(" running") == std::string::npos;) {
      got = read(said[0], piece, sizeof(piece));
      if (got > 0) text.append(piece, static_cast<size_t>(got));
    }
    close(said[0]);  // what it says later is of no interest, and does not stop it
  }
  void stop(int signal) {
    if (process_ <= 0) return;
    // It says that it runs a moment before its loop begins, and forgets a signal that comes in between.
    pollfd ended{static_cast<int>(syscall(SYS_pidfd_open, process_, 0)), POLLIN, 0};
    do kill(process_, signal);
    while (poll(&ended, 1, 1'000) == 0);
    close(ended.fd);
    waitpid(process_, nullptr, 0);
    process_ = 0;
  }

 private:
  std::string folder_;
  pid_t process_ = 0;

 public:
  const int port;
};

}  // namespace cityloom::link::testing

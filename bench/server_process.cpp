// fork, exec, and the line that says the port.
#include "bench/server_process.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <fstream>

namespace cityloom::bench {

using base::Code;
using base::fail;

ServerProcess::~ServerProcess() {
  if (process_ > 0) {
    ::kill(process_, SIGTERM);
    ::waitpid(process_, nullptr, 0);
  }
  if (output_ >= 0) ::close(output_);
}

base::Result<uint16_t> ServerProcess::start(const std::string& program, const std::vector<std::string>& arguments,
                                            int timeout_ms) {
  std::array<int, 2> pipe{};
  if (::pipe(pipe.data()) != 0) return fail(Code::unavailable, "no pipe to the server");
  std::vector<std::string> words{"cityloom", "serve", "--no-rehearsal", "--port", "0"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  process_ = ::fork();
  if (process_ == 0) {
    ::dup2(pipe[1], STDOUT_FILENO);
    ::close(pipe[0]);
    ::execv(program.c_str(), pointers.data());
    ::_exit(127);
  }
  ::close(pipe[1]);
  output_ = pipe[0];
  return wait_for_port(timeout_ms);
}

// From the line "Cityloom is ready at http://127.0.0.1:PORT/".
base::Result<uint16_t> ServerProcess::wait_for_port(int timeout_ms) const {
  std::string text;
  pollfd wait{output_, POLLIN, 0};
  while (::poll(&wait, 1, timeout_ms) > 0) {
    std::array<char, 256> piece;
    const ssize_t got = ::read(output_, piece.data(), piece.size());
    if (got <= 0) break;
    text.append(piece.data(), static_cast<size_t>(got));
    const size_t colon = text.rfind(':');
    if (text.find('\n') == std::string::npos || colon == std::string::npos) continue;
    uint16_t port = 0;
    std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
    if (port != 0) return port;
  }
  return fail(Code::unavailable, "the server did not start");
}

uint64_t ServerProcess::peak_resident_bytes() const {
  return bytes_of("VmHWM:");
}

uint64_t ServerProcess::resident_bytes() const {
  return bytes_of("VmRSS:");
}

uint64_t ServerProcess::bytes_of(const char* field) const {
  std::ifstream status("/proc/" + std::to_string(process_) + "/status");
  for (std::string word; status >> word;) {
    uint64_t kilobytes = 0;
    if (word == field && status >> kilobytes) return kilobytes * 1024;
  }
  return 0;
}

}  // namespace cityloom::bench

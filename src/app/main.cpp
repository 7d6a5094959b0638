// The cityloom program.
#include <string>
#include <vector>

#include "app/command.hpp"

// Read by jemalloc, where the program is linked with it. What a checkpoint writes is more than 8 MB at once; given back
// to the system each time, as it is by default, its pages had to be cleared again and again: a seventh of all time
// while batches were written.
extern "C" const char* const malloc_conf = "oversize_threshold:0";

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  return static_cast<int>(cityloom::app::run_program(words));
}

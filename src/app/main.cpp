// The cityloom program.
#include <string>
#include <vector>

#include "app/command.hpp"

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  return static_cast<int>(cityloom::app::run_program(words));
}

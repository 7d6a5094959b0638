#include "base/chance.hpp"

#include <random>

namespace cityloom::base {

uint64_t system_chance() {
  std::random_device device;
  return uint64_t{device()} << 32 | device();
}

}  // namespace cityloom::base

#include "rehearsal/chance.hpp"

#include <cmath>

namespace cityloom::rehearsal {
namespace {

double at_lattice(uint64_t key, int64_t x, int64_t y) {
  const uint64_t hash = mixed(key ^ mixed(static_cast<uint64_t>(x) ^ mixed(static_cast<uint64_t>(y) + 0x51ed)));
  return static_cast<double>(hash >> 11) * 0x1p-52 - 1;
}

}  // namespace

double smooth_noise(uint64_t key, double x, double y) {
  const double left = std::floor(x), low = std::floor(y);
  const auto i = static_cast<int64_t>(left), j = static_cast<int64_t>(low);
  const double u = eased(x - left), v = eased(y - low);
  const double bottom = at_lattice(key, i, j) * (1 - u) + at_lattice(key, i + 1, j) * u;
  const double top = at_lattice(key, i, j + 1) * (1 - u) + at_lattice(key, i + 1, j + 1) * u;
  return bottom * (1 - v) + top * v;
}

double smooth_noise(uint64_t key, double x) {
  const double left = std::floor(x);
  const auto i = static_cast<int64_t>(left);
  const double u = eased(x - left);
  return at_lattice(key, i, 0) * (1 - u) + at_lattice(key, i + 1, 0) * u;
}

}  // namespace cityloom::rehearsal

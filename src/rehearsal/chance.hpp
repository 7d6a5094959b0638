// Chance of a rehearsal: numbers that are functions of a seed and of what they are for, equal on every machine.
#pragma once

#include <cstdint>
#include <initializer_list>

namespace cityloom::rehearsal {

/// Mixes 64 bits so that every bit of the input changes half of the output's (the finaliser of SplitMix64). A
/// bijection.
constexpr uint64_t mixed(uint64_t bits) {
  bits += 0x9e3779b97f4a7c15u;
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9u;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebu;
  return bits ^ (bits >> 31);
}

/// What a sequence of numbers is for. A value never changes its meaning, so that a seed keeps its city.
enum class Purpose : uint64_t {
  city = 1,
  terrain,
  river,
  warp,
  layout,
  block,
  building,
  names,
  pipes,
  people,
  habits,
  trips,
  traffic,
  weather,
  sensor,
  noise,
  delivery,
  incidents,
  devices,
  signals,
};

/// A sequence of numbers by counting: the n-th number is a hash of (seed, purpose, keys, n), so that any sequence can
/// be begun anywhere without the ones before it. Only integer arithmetic and sums of doubles: the same bits everywhere,
/// which the distributions of the standard library do not promise. A value; one worker at a time.
class Chance {
 public:
  Chance(uint64_t seed, Purpose purpose, std::initializer_list<int64_t> keys = {})
      : state_(mixed(seed ^ mixed(static_cast<uint64_t>(purpose)))) {
    for (const int64_t key : keys) state_ = mixed(state_ ^ static_cast<uint64_t>(key));
  }

  /// 64 even bits.
  uint64_t bits() { return mixed(state_ + 0x9e3779b97f4a7c15u * ++count_); }
  /// Even in [0, 1), in steps of 2^-53.
  double unit() { return static_cast<double>(bits() >> 11) * 0x1p-53; }
  /// Even in [low, high).
  double between(double low, double high) { return low + (high - low) * unit(); }
  /// Even in 0..count-1; count must not be 0. Bias below count / 2^32.
  uint32_t below(uint32_t count) { return static_cast<uint32_t>(((bits() >> 32) * count) >> 32); }
  /// Whether something of this probability happens.
  bool happens(double probability) { return unit() < probability; }
  /// About normal, mean 0, variance 1: a sum of twelve, so never past 6.
  double normal() {
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += unit();
    return sum;
  }

 private:
  uint64_t state_;
  uint64_t count_ = 0;
};

/// 0..1 to 0..1, level at both ends.
constexpr double eased(double t) {
  return t * t * (3 - 2 * t);
}

/// A smooth field over the plane: value noise on a lattice with spacing 1, continuous with its first derivatives, in
/// [-1, 1], mean 0. A pure function; some 10 ns.
double smooth_noise(uint64_t key, double x, double y);

/// The same along a line.
double smooth_noise(uint64_t key, double x);

/// The greatest slope of `smooth_noise`, per lattice step: 1.5 for a step from -1 to 1.
inline constexpr double noise_slope_max = 3.0;

}  // namespace cityloom::rehearsal

// Each value is predicted from those before it; what is packed is the difference.
#include "space/points/laz_points.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace cityloom::space {
namespace {

constexpr size_t place_bytes = 20, time_bytes = 8, colour_bytes = 6;
constexpr int time_multiples = 500, time_multiple_least = -10;
constexpr int time_unchanged = time_multiples - time_multiple_least + 1, time_whole = time_unchanged + 1;

// How alike points are by number of returns and number of return; part of the format.
constexpr uint8_t return_map[8][8] = {{15, 14, 13, 12, 11, 10, 9, 8},  {14, 0, 1, 3, 6, 10, 10, 9},
                                      {13, 1, 2, 4, 7, 11, 11, 10},    {12, 3, 4, 5, 8, 12, 12, 11},
                                      {11, 6, 7, 8, 9, 13, 13, 12},    {10, 10, 11, 12, 13, 14, 14, 13},
                                      {9, 10, 11, 12, 13, 14, 15, 14}, {8, 9, 10, 11, 12, 13, 14, 15}};

// A running median of five.
class Median {
 public:
  int32_t get() const { return values_[2]; }
  void add(int32_t value) {
    auto& v = values_;
    if (is_high_) {
      if (value < v[2]) {
        v[4] = v[3];
        v[3] = v[2];
        if (value < v[0]) {
          v[2] = v[1];
          v[1] = v[0];
          v[0] = value;
        } else if (value < v[1]) {
          v[2] = v[1];
          v[1] = value;
        } else {
          v[2] = value;
        }
        return;
      }
      if (value < v[3]) {
        v[4] = v[3];
        v[3] = value;
      } else {
        v[4] = value;
      }
      is_high_ = false;
      return;
    }
    if (v[2] < value) {
      v[0] = v[1];
      v[1] = v[2];
      if (v[4] < value) {
        v[2] = v[3];
        v[3] = v[4];
        v[4] = value;
      } else if (v[3] < value) {
        v[2] = v[3];
        v[3] = value;
      } else {
        v[2] = value;
      }
      return;
    }
    if (v[1] < value) {
      v[0] = v[1];
      v[1] = value;
    } else {
      v[0] = value;
    }
    is_high_ = true;
  }

 private:
  std::array<int32_t, 5> values_{};
  bool is_high_ = true;
};

template <class Number>
Number load(const uint8_t* from) {
  Number number;
  std::memcpy(&number, from, sizeof number);
  return number;
}
template <class Number>
void store(uint8_t* to, Number number) {
  std::memcpy(to, &number, sizeof number);
}

int clamped(int value) {
  return std::clamp(value, 0, 255);
}

// 256 models that are made when first used.
struct ByteModels {
  std::array<std::unique_ptr<SymbolModel>, 256> models;
  SymbolModel& of(uint8_t byte) {
    auto& model = models[byte];
    if (!model) model = std::make_unique<SymbolModel>(256);
    return *model;
  }
};

}  // namespace

struct LazPoints::Models {
  explicit Models(size_t extra) : extra_bytes(extra, SymbolModel(256)), extra_last(extra) {}

  SymbolModel changed{64};
  std::array<SymbolModel, 2> scan_angle{SymbolModel(256), SymbolModel(256)};
  ByteModels bits, classification, user_data;
  NumberDecoder dx{32, 2}, dy{32, 22}, z{32, 20}, intensity{16, 4}, source{16, 1};
  std::array<Median, 16> dx_median, dy_median;
  std::array<uint16_t, 16> last_intensity{};
  std::array<int32_t, 8> last_z{};

  SymbolModel time_multiple{516}, time_zero{6};
  NumberDecoder time_difference{32, 9};
  uint32_t time_at = 0, time_next = 0;
  std::array<uint64_t, 4> times{};
  std::array<int32_t, 4> time_differences{}, time_extremes{};

  SymbolModel colour_used{128};
  std::array<SymbolModel, 6> colour{SymbolModel(256), SymbolModel(256), SymbolModel(256),
                                    SymbolModel(256), SymbolModel(256), SymbolModel(256)};
  std::vector<SymbolModel> extra_bytes;
  std::vector<uint8_t> extra_last;
};

LazPoints::LazPoints(bool has_time, bool has_colour, size_t extra_bytes)
    : has_time_(has_time), has_colour_(has_colour), extra_bytes_(extra_bytes) {}
LazPoints::~LazPoints() = default;

bool LazPoints::start_chunk(std::string_view bytes, size_t at, std::vector<uint8_t>& point) {
  const size_t size = place_bytes + (has_time_ ? time_bytes : 0) + (has_colour_ ? colour_bytes : 0) + extra_bytes_;
  point.resize(size);
  if (at > bytes.size() || size > bytes.size() - at) return false;
  std::memcpy(point.data(), bytes.data() + at, size);
  models_ = std::make_unique<Models>(extra_bytes_);
  if (has_time_) models_->times[0] = load<uint64_t>(point.data() + place_bytes);
  decoder_.start(bytes, at + size);
  return true;
}

bool LazPoints::next(std::vector<uint8_t>& point) {
  next_place(point.data());
  uint8_t* at = point.data() + place_bytes;
  if (has_time_) {
    next_time();
    store(at, models_->times[models_->time_at]);
    at += time_bytes;
  }
  if (has_colour_) {
    next_colour(at);
    at += colour_bytes;
  }
  for (size_t i = 0; i < extra_bytes_; ++i) {
    at[i] = static_cast<uint8_t>(at[i] + decoder_.symbol(models_->extra_bytes[i]));
  }
  return !decoder_.ended();
}

void LazPoints::next_place(uint8_t* p) {
  Models& m = *models_;
  const uint32_t changed = decoder_.symbol(m.changed);
  if ((changed & 32) != 0) p[14] = static_cast<uint8_t>(decoder_.symbol(m.bits.of(p[14])));
  const uint32_t number = p[14] & 7u, count = p[14] >> 3 & 7u;
  const uint32_t alike = return_map[count][number];
  const uint32_t level = count > number ? count - number : number - count;
  if (changed != 0) {
    if ((changed & 16) != 0) {
      m.last_intensity[alike] =
          static_cast<uint16_t>(m.intensity.number(decoder_, m.last_intensity[alike], std::min(alike, 3u)));
    }
    store(p + 12, m.last_intensity[alike]);
    if ((changed & 8) != 0) p[15] = static_cast<uint8_t>(decoder_.symbol(m.classification.of(p[15])));
    if ((changed & 4) != 0) p[16] = static_cast<uint8_t>(p[16] + decoder_.symbol(m.scan_angle[p[14] >> 6 & 1u]));
    if ((changed & 2) != 0) p[17] = static_cast<uint8_t>(decoder_.symbol(m.user_data.of(p[17])));
    if ((changed & 1) != 0) store(p + 18, static_cast<uint16_t>(m.source.number(decoder_, load<uint16_t>(p + 18))));
  }
  const uint32_t single = count == 1 ? 1 : 0;
  const auto add = [](int32_t a, int32_t b) {
    return static_cast<int32_t>(static_cast<uint32_t>(a) + static_cast<uint32_t>(b));
  };
  const int32_t dx = m.dx.number(decoder_, m.dx_median[alike].get(), single);
  store(p, add(load<int32_t>(p), dx));
  m.dx_median[alike].add(dx);
  const uint32_t x_bits = m.dx.difference_bits();
  const int32_t dy = m.dy.number(decoder_, m.dy_median[alike].get(), single + (x_bits < 20 ? x_bits & ~1u : 20));
  store(p + 4, add(load<int32_t>(p + 4), dy));
  m.dy_median[alike].add(dy);
  const uint32_t plane_bits = (x_bits + m.dy.difference_bits()) / 2;
  m.last_z[level] = m.z.number(decoder_, m.last_z[level], single + (plane_bits < 18 ? plane_bits & ~1u : 18));
  store(p + 8, m.last_z[level]);
}

void LazPoints::next_time() {
  Models& m = *models_;
  // Each turn without a return changes to another of four sequences of times; a damaged file could do so for ever.
  for (int turn = 0; turn < 8; ++turn) {
    const uint32_t at = m.time_at;
    const int32_t last = m.time_differences[at];
    const auto whole = [&] {
      m.time_next = (m.time_next + 1) & 3;
      const auto high =
          static_cast<uint32_t>(m.time_difference.number(decoder_, static_cast<int32_t>(m.times[at] >> 32), 8));
      m.times[m.time_next] = static_cast<uint64_t>(high) << 32 | decoder_.whole();
      m.time_at = m.time_next;
      m.time_differences[m.time_at] = 0;
      m.time_extremes[m.time_at] = 0;
    };
    const auto advance = [&](int32_t by) { m.times[at] += static_cast<uint64_t>(static_cast<int64_t>(by)); };
    if (last == 0) {
      const uint32_t how = decoder_.symbol(m.time_zero);
      if (how == 1) {
        m.time_differences[at] = m.time_difference.number(decoder_, 0, 0);
        advance(m.time_differences[at]);
        m.time_extremes[at] = 0;
      } else if (how == 2) {
        whole();
      } else if (how > 2) {
        m.time_at = (at + how - 2) & 3;
        continue;
      }
      return;
    }
    int multiple = static_cast<int>(decoder_.symbol(m.time_multiple));
    const auto times_last = [&](int factor) {
      return static_cast<int32_t>(static_cast<uint32_t>(factor) * static_cast<uint32_t>(last));
    };
    const auto extreme = [&](int32_t difference) {
      if (++m.time_extremes[at] <= 3) return;
      m.time_differences[at] = difference;
      m.time_extremes[at] = 0;
    };
    if (multiple == 1) {
      advance(m.time_difference.number(decoder_, last, 1));
      m.time_extremes[at] = 0;
    } else if (multiple < time_unchanged) {
      int32_t difference = 0;
      if (multiple == 0) {
        difference = m.time_difference.number(decoder_, 0, 7);
        extreme(difference);
      } else if (multiple < time_multiples) {
        difference = m.time_difference.number(decoder_, times_last(multiple), multiple < 10 ? 2 : 3);
      } else if (multiple == time_multiples) {
        difference = m.time_difference.number(decoder_, times_last(time_multiples), 4);
        extreme(difference);
      } else {
        multiple = time_multiples - multiple;
        const bool is_least = multiple <= time_multiple_least;
        difference =
            m.time_difference.number(decoder_, times_last(is_least ? time_multiple_least : multiple), is_least ? 6 : 5);
        if (is_least) extreme(difference);
      }
      advance(difference);
    } else if (multiple == time_whole) {
      whole();
    } else if (multiple > time_whole) {
      m.time_at = (at + static_cast<uint32_t>(multiple - time_whole)) & 3;
      continue;
    }
    return;
  }
}

void LazPoints::next_colour(uint8_t* p) {
  Models& m = *models_;
  std::array<uint16_t, 3> last{load<uint16_t>(p), load<uint16_t>(p + 2), load<uint16_t>(p + 4)};
  std::array<uint16_t, 3> now{};
  const uint32_t used = decoder_.symbol(m.colour_used);
  const auto read = [&](size_t model, int prediction) {
    return static_cast<uint8_t>(decoder_.symbol(m.colour[model]) + static_cast<uint32_t>(prediction));
  };
  const auto low = [](uint16_t value) { return value & 0xFF; };
  const auto high = [](uint16_t value) { return value >> 8; };
  const int red_low = (used & 1) != 0 ? read(0, low(last[0])) : low(last[0]);
  const int red_high = (used & 2) != 0 ? read(1, high(last[0])) : high(last[0]);
  now[0] = static_cast<uint16_t>(red_high << 8 | red_low);
  if ((used & 64) == 0) {
    now[1] = now[2] = now[0];
  } else {
    int difference = red_low - low(last[0]);
    const int green_low = (used & 4) != 0 ? read(2, clamped(difference + low(last[1]))) : low(last[1]);
    difference = (difference + green_low - low(last[1])) / 2;
    const int blue_low = (used & 16) != 0 ? read(4, clamped(difference + low(last[2]))) : low(last[2]);
    difference = red_high - high(last[0]);
    const int green_high = (used & 8) != 0 ? read(3, clamped(difference + high(last[1]))) : high(last[1]);
    difference = (difference + green_high - high(last[1])) / 2;
    const int blue_high = (used & 32) != 0 ? read(5, clamped(difference + high(last[2]))) : high(last[2]);
    now[1] = static_cast<uint16_t>(green_high << 8 | green_low);
    now[2] = static_cast<uint16_t>(blue_high << 8 | blue_low);
  }
  for (size_t i = 0; i < 3; ++i) store(p + 2 * i, now[i]);
}

}  // namespace cityloom::space

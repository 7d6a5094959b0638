// Each value is predicted from those before it; what is packed is the difference.
#include "space/points/laz_points.hpp"

#include <algorithm>
#include <cstring>

#include "space/points/laz_models.hpp"

namespace cityloom::space {
namespace {

constexpr int time_multiples = 500, time_multiple_least = -10;
constexpr int time_unchanged = time_multiples - time_multiple_least + 1, time_whole = time_unchanged + 1;

// How alike points are by number of returns and number of return; part of the format.
constexpr uint8_t return_map[8][8] = {{15, 14, 13, 12, 11, 10, 9, 8},  {14, 0, 1, 3, 6, 10, 10, 9},
                                      {13, 1, 2, 4, 7, 11, 11, 10},    {12, 3, 4, 5, 8, 12, 12, 11},
                                      {11, 6, 7, 8, 9, 13, 13, 12},    {10, 10, 11, 12, 13, 14, 14, 13},
                                      {9, 10, 11, 12, 13, 14, 15, 14}, {8, 9, 10, 11, 12, 13, 14, 15}};

}  // namespace

struct LazPoints::Models {
  SymbolModel changed{64};
  std::array<SymbolModel, 2> scan_angle{SymbolModel(256), SymbolModel(256)};
  SymbolModels bits{256, 256}, classification{256, 256}, user_data{256, 256};
  NumberDecoder dx{32, 2}, dy{32, 22}, z{32, 20}, intensity{16, 4}, source{16, 1};
  std::array<RunningMedian, 16> dx_median, dy_median;
  std::array<uint16_t, 16> last_intensity{};
  std::array<int32_t, 8> last_z{};

  SymbolModel time_multiple{516}, time_zero{6};
  NumberDecoder time_difference{32, 9};
  uint32_t time_at = 0, time_next = 0;
  std::array<uint64_t, 4> times{};
  std::array<int32_t, 4> time_differences{}, time_extremes{};

  ColourModels colour;
  std::vector<SymbolModel> bytes;
};

LazPoints::LazPoints(const std::vector<LazItem>& items) : items_(items) {
  for (const LazItem& item : items_) point_bytes_ += item.bytes;
}
LazPoints::~LazPoints() = default;

std::optional<uint32_t> LazPoints::start_chunk(std::string_view bytes, size_t at, std::vector<uint8_t>& point) {
  if (at > bytes.size() || point_bytes_ > bytes.size() - at) return {};
  point.resize(point_bytes_);
  std::memcpy(point.data(), bytes.data() + at, point_bytes_);
  models_ = std::make_unique<Models>();
  size_t part_at = 0;
  for (const LazItem& item : items_) {
    if (item.part == LazPart::time) models_->times[0] = load_number<uint64_t>(point.data() + part_at);
    part_at += item.bytes;
  }
  decoder_.start(bytes, at + point_bytes_);
  return 0;
}

bool LazPoints::next(std::vector<uint8_t>& point) {
  uint8_t* at = point.data();
  for (const LazItem& item : items_) {
    if (item.part == LazPart::place) next_place(at);
    if (item.part == LazPart::time) next_time(at);
    if (item.part == LazPart::colour) next_colour(at);
    if (item.part == LazPart::bytes) next_bytes(at, item.bytes);
    at += item.bytes;
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
    store_number(p + 12, m.last_intensity[alike]);
    if ((changed & 8) != 0) p[15] = static_cast<uint8_t>(decoder_.symbol(m.classification.of(p[15])));
    if ((changed & 4) != 0) p[16] = static_cast<uint8_t>(p[16] + decoder_.symbol(m.scan_angle[p[14] >> 6 & 1u]));
    if ((changed & 2) != 0) p[17] = static_cast<uint8_t>(decoder_.symbol(m.user_data.of(p[17])));
    if ((changed & 1) != 0)
      store_number(p + 18, static_cast<uint16_t>(m.source.number(decoder_, load_number<uint16_t>(p + 18))));
  }
  const uint32_t single = count == 1 ? 1 : 0;
  const auto add = [](int32_t a, int32_t b) {
    return static_cast<int32_t>(static_cast<uint32_t>(a) + static_cast<uint32_t>(b));
  };
  const int32_t dx = m.dx.number(decoder_, m.dx_median[alike].get(), single);
  store_number(p, add(load_number<int32_t>(p), dx));
  m.dx_median[alike].add(dx);
  const uint32_t x_bits = m.dx.difference_bits();
  const int32_t dy = m.dy.number(decoder_, m.dy_median[alike].get(), single + (x_bits < 20 ? x_bits & ~1u : 20));
  store_number(p + 4, add(load_number<int32_t>(p + 4), dy));
  m.dy_median[alike].add(dy);
  const uint32_t plane_bits = (x_bits + m.dy.difference_bits()) / 2;
  m.last_z[level] = m.z.number(decoder_, m.last_z[level], single + (plane_bits < 18 ? plane_bits & ~1u : 18));
  store_number(p + 8, m.last_z[level]);
}

void LazPoints::next_time(uint8_t* p) {
  advance_time();
  store_number(p, models_->times[models_->time_at]);
}

void LazPoints::next_bytes(uint8_t* p, size_t count) {
  models_->bytes.resize(count, SymbolModel(256));
  for (size_t i = 0; i < count; ++i) p[i] = static_cast<uint8_t>(p[i] + decoder_.symbol(models_->bytes[i]));
}

void LazPoints::advance_time() {
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
  const ColourModels::Colour last{load_number<uint16_t>(p), load_number<uint16_t>(p + 2), load_number<uint16_t>(p + 4)};
  const auto now = models_->colour.next(decoder_, last);
  for (size_t i = 0; i < now.size(); ++i) store_number(p + 2 * i, now[i]);
}

}  // namespace cityloom::space

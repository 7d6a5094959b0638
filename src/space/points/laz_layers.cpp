// Every layer is a stream of its own; what predicts a value is kept for each of the scanner's four channels.
#include "space/points/laz_layers.hpp"

#include <algorithm>
#include <cstdlib>

namespace cityloom::space {
namespace {

// How alike points are by number of returns and number of return; part of the format.
constexpr uint8_t return_map[16][16] = {
    {0, 1, 2, 3, 4, 5, 3, 4, 4, 5, 5, 5, 5, 5, 5, 5}, {1, 0, 1, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3},
    {2, 1, 2, 4, 4, 4, 4, 4, 4, 4, 4, 3, 3, 3, 3, 3}, {3, 3, 4, 5, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4},
    {4, 3, 4, 4, 5, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4}, {5, 3, 4, 4, 4, 5, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4},
    {3, 3, 4, 4, 4, 4, 5, 4, 4, 4, 4, 4, 4, 4, 4, 4}, {4, 3, 4, 4, 4, 4, 4, 5, 4, 4, 4, 4, 4, 4, 4, 4},
    {4, 3, 4, 4, 4, 4, 4, 4, 5, 4, 4, 4, 4, 4, 4, 4}, {5, 3, 4, 4, 4, 4, 4, 4, 4, 5, 4, 4, 4, 4, 4, 4},
    {5, 3, 4, 4, 4, 4, 4, 4, 4, 4, 5, 4, 4, 4, 4, 4}, {5, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 5, 5, 4, 4, 4},
    {5, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 5, 5, 5, 4, 4}, {5, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 4, 5, 5, 5, 4},
    {5, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 5, 5, 5}, {5, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 5, 5}};

int32_t sum(int32_t a, int32_t b) {
  return static_cast<int32_t>(static_cast<uint32_t>(a) + static_cast<uint32_t>(b));
}

// The context of a number whose neighbours differed by so many bits: pairs of them, up to a most.
uint32_t bits_context(uint32_t bits, uint32_t most) {
  return bits < most ? bits & ~1u : most;
}

// 1: the first return, 2: the last, 3: the only one.
uint32_t return_kind(uint32_t number, uint32_t count) {
  return (number == 1 ? 1u : 0u) + (number >= count ? 2u : 0u);
}

}  // namespace

struct LazLayers::Channel {
  explicit Channel(const Values& from) : last(from) {
    last.has_new_time = false;
    last_z.fill(from.z);
    last_intensity.fill(from.intensity);
  }

  Values last;
  SymbolModels changed{8, 128}, return_count{16, 16}, return_number{16, 16}, classification{64, 256};
  SymbolModel other_channel{3}, return_step{13};
  NumberDecoder dx{32, 2}, dy{32, 22}, z{32, 20}, intensity{16, 4};
  std::array<RunningMedian, 12> dx_median, dy_median;
  std::array<int32_t, 8> last_z{};
  std::array<uint16_t, 8> last_intensity{};
};

struct LazLayers::ColourChannel {
  ColourModels models;
  ColourModels::Colour last{};
};

LazLayers::LazLayers(const std::vector<LazItem>& items) {
  const auto add = [this](std::initializer_list<Role> roles) { roles_.insert(roles_.end(), roles); };
  for (const LazItem& item : items) {
    if (item.part == LazPart::layered_place) {
      add({Role::plane, Role::height, Role::classification, Role::none, Role::intensity, Role::none, Role::none,
           Role::none, Role::none});
    } else if (item.part == LazPart::layered_colour || item.part == LazPart::layered_colour_infrared) {
      add({Role::colour});
      if (item.part == LazPart::layered_colour_infrared) add({Role::none});
      colour_at_ = point_bytes_;
      is_colour_by_channel_ = item.version >= 4;
    } else if (item.part == LazPart::layered_wave) {
      add({Role::none});
    } else {
      roles_.insert(roles_.end(), item.bytes, Role::none);
    }
    point_bytes_ += item.bytes;
  }
}
LazLayers::~LazLayers() = default;

std::optional<uint32_t> LazLayers::start_chunk(std::string_view bytes, size_t at, std::vector<uint8_t>& point) {
  const size_t head_bytes = point_bytes_ + 4 + 4 * roles_.size();
  if (at > bytes.size() || head_bytes > bytes.size() - at) return {};
  point.resize(point_bytes_);
  std::memcpy(point.data(), bytes.data() + at, point_bytes_);
  const size_t sizes_at = at + point_bytes_ + 4;
  at_ = at + head_bytes;
  for (Layer& each : layers_) each.is_there = false;
  for (size_t i = 0; i < roles_.size(); ++i) {
    const auto size = load_number<uint32_t>(bytes, sizes_at + 4 * i);
    if (size > bytes.size() - at_) return {};
    if (roles_[i] != Role::none && size > 0) {
      layer(roles_[i]).is_there = true;
      layer(roles_[i]).decoder.start(bytes.substr(at_, size), 0);
    }
    at_ += size;
  }
  const uint8_t* p = point.data();
  Values first;
  first.x = load_number<int32_t>(p);
  first.y = load_number<int32_t>(p + 4);
  first.z = load_number<int32_t>(p + 8);
  first.intensity = load_number<uint16_t>(p + 12);
  first.return_number = p[14] & 15;
  first.return_count = p[14] >> 4;
  first.classification = p[16];
  channel_ = colour_channel_ = p[15] >> 4 & 3;
  for (size_t i = 0; i < channels_.size(); ++i) {
    channels_[i].reset();
    colours_[i].reset();
  }
  channels_[channel_] = std::make_unique<Channel>(first);
  if (layer(Role::colour).is_there) {
    colours_[channel_] = std::make_unique<ColourChannel>();
    for (size_t i = 0; i < 3; ++i) {
      colours_[channel_]->last[i] = load_number<uint16_t>(p + colour_at_ + 2 * i);
    }
  }
  return load_number<uint32_t>(bytes, at + point_bytes_);
}

bool LazLayers::next(std::vector<uint8_t>& point) {
  if (!layer(Role::plane).is_there) return false;
  const bool has_new_channel = next_place(point.data());
  // Version 3 forgets the channel: its colours are of the first one wherever it does not change.
  const size_t channel = is_colour_by_channel_ || has_new_channel ? channel_ : 0;
  if (layer(Role::colour).is_there) next_colour(point.data() + colour_at_, channel);
  return std::ranges::none_of(layers_, [](const Layer& each) { return each.is_there && each.decoder.ended(); });
}

void LazLayers::next_returns(Channel& channel, uint32_t changed) {
  ArithmeticDecoder& decoder = layer(Role::plane).decoder;
  Values& last = channel.last;
  if ((changed & 4) != 0) {
    last.return_count = static_cast<uint8_t>(decoder.symbol(channel.return_count.of(last.return_count)));
  }
  uint32_t number = last.return_number;
  const uint32_t how = changed & 3;
  if (how == 1) number += 1;
  if (how == 2) number += 15;
  if (how == 3) {
    number = last.has_new_time ? decoder.symbol(channel.return_number.of(number))
                               : number + decoder.symbol(channel.return_step) + 2;
  }
  last.return_number = number & 15;
}

bool LazLayers::next_place(uint8_t* p) {
  ArithmeticDecoder& decoder = layer(Role::plane).decoder;
  const Values& before = channels_[channel_]->last;
  const uint32_t kind_before = return_kind(before.return_number, before.return_count) + (before.has_new_time ? 4u : 0u);
  const uint32_t changed = decoder.symbol(channels_[channel_]->changed.of(kind_before));
  if ((changed & 64) != 0) {
    const size_t other = (channel_ + decoder.symbol(channels_[channel_]->other_channel) + 1) & 3;
    if (!channels_[other]) channels_[other] = std::make_unique<Channel>(before);
    channel_ = other;
  }
  Channel& channel = *channels_[channel_];
  Values& last = channel.last;
  last.has_new_time = (changed & 16) != 0;
  next_returns(channel, changed);

  const uint32_t alike = return_map[last.return_count][last.return_number];
  const auto level = static_cast<size_t>(std::min(std::abs(last.return_count - last.return_number), 7));
  const uint32_t kind = return_kind(last.return_number, last.return_count);
  const uint32_t time = last.has_new_time ? 1 : 0, single = last.return_count == 1 ? 1 : 0;
  RunningMedian& dx_median = channel.dx_median[alike << 1 | time];
  const int32_t dx = channel.dx.number(decoder, dx_median.get(), single);
  last.x = sum(last.x, dx);
  dx_median.add(dx);
  const uint32_t x_bits = channel.dx.difference_bits();
  RunningMedian& dy_median = channel.dy_median[alike << 1 | time];
  const int32_t dy = channel.dy.number(decoder, dy_median.get(), single + bits_context(x_bits, 20));
  last.y = sum(last.y, dy);
  dy_median.add(dy);
  if (Layer& height = layer(Role::height); height.is_there) {
    const uint32_t plane_bits = (x_bits + channel.dy.difference_bits()) / 2;
    last.z = channel.last_z[level] =
        channel.z.number(height.decoder, channel.last_z[level], single + bits_context(plane_bits, 18));
  }
  if (Layer& classes = layer(Role::classification); classes.is_there) {
    const size_t context = (last.classification & 31u) << 1 | (kind == 3 ? 1u : 0u);
    last.classification = static_cast<uint8_t>(classes.decoder.symbol(channel.classification.of(context)));
  }
  if (Layer& intensity = layer(Role::intensity); intensity.is_there) {
    uint16_t& known = channel.last_intensity[kind << 1 | time];
    last.intensity = known = static_cast<uint16_t>(channel.intensity.number(intensity.decoder, known, kind));
  }
  store_number(p, last.x);
  store_number(p + 4, last.y);
  store_number(p + 8, last.z);
  store_number(p + 12, last.intensity);
  p[14] = static_cast<uint8_t>(last.return_count << 4 | last.return_number);
  p[15] = static_cast<uint8_t>((p[15] & ~0x30) | channel_ << 4);
  p[16] = last.classification;
  return (changed & 64) != 0;
}

void LazLayers::next_colour(uint8_t* p, size_t channel) {
  // Whose last colour predicts: version 3 takes that of the point before, too, where it comes back to a channel.
  size_t source = colour_channel_;
  if (channel != colour_channel_) {
    const bool is_new = colours_[channel] == nullptr;
    if (is_new) {
      colours_[channel] = std::make_unique<ColourChannel>();
      colours_[channel]->last = colours_[source]->last;
    }
    if (is_new || is_colour_by_channel_) source = channel;
    colour_channel_ = channel;
  }
  auto& last = colours_[source]->last;
  last = colours_[channel]->models.next(layer(Role::colour).decoder, last);
  for (size_t i = 0; i < last.size(); ++i) store_number(p + 2 * i, last[i]);
}

}  // namespace cityloom::space

// Points of LAZ files of LAS 1.4, whose values are packed apart, layer by layer (room-internal; the door is
// las_file.hpp).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "space/points/laz_models.hpp"
#include "space/points/laz_packing.hpp"

namespace cityloom::space {

/// Unpacks points of formats 6 to 10. Of each point it sets the place, intensity, returns, classification and colour;
/// the layers of other values are passed over, and their bytes stay those of the chunk's first point.
class LazLayers final : public LazUnpacker {
 public:
  explicit LazLayers(const std::vector<LazItem>& items);
  ~LazLayers() override;

  std::optional<uint32_t> start_chunk(std::string_view bytes, size_t at, std::vector<uint8_t>& point) override;
  bool next(std::vector<uint8_t>& point) override;
  size_t at() const override { return at_; }

 private:
  enum class Role : uint8_t { plane, height, classification, intensity, colour, none };
  struct Layer {
    ArithmeticDecoder decoder;
    bool is_there = false;
  };
  struct Values {
    int32_t x = 0, y = 0, z = 0;
    uint16_t intensity = 0;
    uint8_t return_number = 0, return_count = 0, classification = 0;
    bool has_new_time = false;
  };
  struct Channel;
  struct ColourChannel;

  Layer& layer(Role role) { return layers_[static_cast<size_t>(role)]; }
  bool next_place(uint8_t* point);  // whether the scanner's channel changed
  void next_returns(Channel& channel, uint32_t changed);
  void next_colour(uint8_t* colour, size_t channel);

  size_t point_bytes_ = 0;
  size_t colour_at_ = 0;  // 0: none
  bool is_colour_by_channel_ = true;
  std::vector<Role> roles_;  // of the layers, in their order
  std::array<Layer, static_cast<size_t>(Role::none)> layers_;
  std::array<std::unique_ptr<Channel>, 4> channels_;
  std::array<std::unique_ptr<ColourChannel>, 4> colours_;
  size_t channel_ = 0, colour_channel_ = 0;
  size_t at_ = 0;
};

}  // namespace cityloom::space

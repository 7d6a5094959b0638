// Points of LAZ files, as the second version of the format packs them (room-internal; the door is las_file.hpp).
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "space/points/arithmetic_decoder.hpp"
#include "space/points/laz_packing.hpp"

namespace cityloom::space {

/// Unpacks points of formats 0 to 3 one after another: 20 bytes, then time, colour and extra bytes.
class LazPoints final : public LazUnpacker {
 public:
  explicit LazPoints(const std::vector<LazItem>& items);
  ~LazPoints() override;

  std::optional<uint32_t> start_chunk(std::string_view bytes, size_t at, std::vector<uint8_t>& point) override;
  bool next(std::vector<uint8_t>& point) override;
  size_t at() const override { return decoder_.at(); }

 private:
  struct Models;
  void next_place(uint8_t* point);
  void next_time(uint8_t* time);
  void advance_time();
  void next_colour(uint8_t* colour);
  void next_bytes(uint8_t* bytes, size_t count);

  std::vector<LazItem> items_;
  size_t point_bytes_ = 0;
  ArithmeticDecoder decoder_;
  std::unique_ptr<Models> models_;
};

}  // namespace cityloom::space

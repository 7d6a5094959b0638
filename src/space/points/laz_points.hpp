// Points of LAZ files, as the second version of the format packs them (room-internal; the door is las_file.hpp).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "space/points/arithmetic_decoder.hpp"

namespace cityloom::space {

/// Unpacks points of formats 0 to 3 one after another: 20 bytes, then time, colour and extra bytes. One worker.
class LazPoints {
 public:
  LazPoints(bool has_time, bool has_colour, size_t extra_bytes);
  ~LazPoints();

  /// Begins a chunk, whose first point lies there unpacked: `point` becomes it. False: the bytes end before.
  bool start_chunk(std::string_view bytes, size_t at, std::vector<uint8_t>& point);
  /// The next point. False: the bytes ended.
  bool next(std::vector<uint8_t>& point);
  /// Where the chunk's bytes end, after its last point.
  size_t at() const { return decoder_.at(); }

 private:
  struct Models;
  void next_place(uint8_t* point);
  void next_time();
  void next_colour(uint8_t* colour);

  bool has_time_, has_colour_;
  size_t extra_bytes_;
  ArithmeticDecoder decoder_;
  std::unique_ptr<Models> models_;
};

}  // namespace cityloom::space
